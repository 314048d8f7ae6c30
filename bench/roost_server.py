"""A roost of this tree as a process of its own, for measuring from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from roost.cli.control import Control, path_of

PASSWORD = "benchbench"

CONFIG = """\
hostname = "mx.bench.test"
data = "{data}"

[listeners.bench]
ips = ["127.0.0.1"]
smtp = {smtp}
imap = {imap}
imaps = {imaps}

[imap]
max_append_size = "100m"

[limits]
exempt_loopback = true
min_free_space = "1m"

[log]
level = "warning"
"""


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
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.smtp, self.imap, self.imaps = free_ports(3)
        self.control = Control(folder / "data" / "control" / "roost.sock", as_json=True)
        text = CONFIG.format(data=folder / "data", smtp=self.smtp, imap=self.imap, imaps=self.imaps)
        (folder / "roost.toml").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None
        self.seconds_to_start = 0.0

    def start(self) -> None:
        began = time.perf_counter()
        with (self.folder / "log").open("ab") as log:
            command = [
                sys.executable,
                "-m",
                "roost",
                "--config",
                str(self.folder / "roost.toml"),
                "serve",
            ]
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.imaps), timeout=1).close()
                break
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.005)
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
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kib(self) -> int:
        """Proportional set size."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
        return 0

    def largest_stall_ms(self) -> float:
        """The longest the loop was held up since the start, from the metrics."""
        for line in self.control.octets("GET", path_of("metrics")).decode().splitlines():
            if line.startswith("roost_loop_stall_seconds_max"):
                return float(line.split()[-1]) * 1000
        return float("nan")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
