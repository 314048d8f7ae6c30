"""A localserve of one's own: the real server as a process, on ports that are free."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ACCOUNT = "roost@localhost"
PASSWORD = "roostroost"  # noqa: S105 - it is meant to be known

_BASE = {
    "smtp": 1025,
    "submission": 1587,
    "submissions": 1465,
    "imap": 1143,
    "imaps": 1993,
    "http": 1080,
    "https": 1443,
}


class LocalServe:
    """`roost localserve` with its data in `folder`; a context manager.

    ports: by service (smtp, submission, submissions, imap, imaps, http, https).
    """

    def __init__(self, folder: Path, *, options: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._options = options
        self._offset = free_offset()
        self.ports = {name: port + self._offset for name, port in _BASE.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 30.0) -> Self:
        """Start it and wait until its ports answer; RuntimeError with the log when it ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "roost", *self.command()], stdout=log, stderr=log
            )
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"localserve did not start:\n{self.log()[-4000:]}")
            time.sleep(0.02)
        return self

    def command(self) -> list[str]:
        """The arguments behind `roost`."""
        place = ["--dir", str(self.folder), "--port-offset", str(self._offset)]
        return ["localserve", *place, *self._options]

    @property
    def pid(self) -> int:
        assert self._process is not None, "it has been started"
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return self.folder.with_suffix(".log")

    @property
    def socket_path(self) -> Path:
        """Its control socket."""
        return self.folder / "control" / "roost.sock"

    def log(self) -> str:
        """What it has put out so far."""
        return self.log_path.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float = 30.0) -> int:
        """Stop it gracefully; returns its exit status."""
        assert self._process is not None, "it has been started"
        self._process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 30.0) -> int:
        """Wait for its end, which somebody else has asked for; returns its exit status."""
        assert self._process is not None, "it has been started"
        return self._process.wait(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _answers(self) -> bool:
        """Whether it serves: ports are open before that, so a greeting is what counts."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports["imap"]), timeout=1) as imap:
                return imap.recv(5) == b"* OK " and self.socket_path.exists()
        except OSError:
            return False


def free_offset() -> int:
    """A port offset at which every port of localserve is free at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        first: int = probe.getsockname()[1]
    for step in range(200):
        offset = 10_000 + (first * 7 + step * 97) % 40_000
        if all(_is_free(port + offset) for port in _BASE.values()):
            return offset
    raise RuntimeError("no free ports for localserve")


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
