"""A roost of this tree as a process of its own, for measuring from outside.

localserve is the same server with an account that takes what no other account has.
"""

import os
import socket
import time
from pathlib import Path

from roost.cli.control import Control, path_of
from roost.testing.process import LocalServe

PASSWORD = "fast-horse-9"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at the moment."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class RoostServer:
    """Started by `start`; `stop` ends it. seconds_to_start: until its ports answered."""

    def __init__(self, folder: Path) -> None:
        self._server = LocalServe(folder / "data", options=("--log-level", "warning"))
        ports = self._server.ports
        self.smtp, self.imap, self.imaps = ports["smtp"], ports["imap"], ports["imaps"]
        self.control = Control(lambda: self._server.socket_path, as_json=True)
        self.seconds_to_start = 0.0

    @property
    def folder(self) -> Path:
        """Where its data are; for a server that does not run."""
        return self._server.folder

    def start(self) -> None:
        began = time.perf_counter()
        self._server.start()
        self.seconds_to_start = time.perf_counter() - began

    def add_accounts(self, count: int) -> None:
        """Accounts user0@bench.test ...; the first has a password."""
        self.control.call("POST", path_of("domains"), {"name": "bench.test"})
        for number in range(count):
            body = {"name": f"user{number}", "address": f"user{number}@bench.test"}
            self.control.call("POST", path_of("accounts"), body)
        self.control.call("PUT", path_of("accounts", "user0", "password"), {"password": PASSWORD})

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self._server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kib(self) -> int:
        """Proportional set size."""
        for line in Path(f"/proc/{self._server.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
        return 0

    def largest_stall_ms(self) -> float:
        """The longest the loop was held up since the last call, from the metrics."""
        for line in self.control.octets("GET", path_of("metrics")).decode().splitlines():
            if line.startswith("roost_loop_delay_max_seconds"):
                return float(line.split()[-1]) * 1000
        return float("nan")

    def stop(self) -> None:
        self._server.stop()
