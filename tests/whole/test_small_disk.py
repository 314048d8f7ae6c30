"""A real server on a small disk that fills up: mail waits, deleting works, and all mends itself."""

import contextlib
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from imaplib import IMAP4
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe

pytestmark = pytest.mark.slow

MIB = 1 << 20
RESERVE = 64 * MIB
SMALL = b"Subject: small\r\n\r\nText.\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"Many lines of text.\r\n" * 50_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(place)]
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


class Ballast:
    """A file that leaves so much room on the disk and no more."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._path = disk / "ballast"

    def leave(self, octets: int) -> None:
        self.remove()
        with self._path.open("wb", buffering=0) as file:
            at = max(self.free() - octets - 8 * MIB, 0)  # the server may take some meanwhile
            os.posix_fallocate(file.fileno(), 0, at)
            file.seek(at)
            with contextlib.suppress(OSError):
                while self.free() > octets:
                    file.write(bytes(4096))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def free(self) -> int:
        found = os.statvfs(self._disk)
        return found.f_bavail * found.f_frsize


def send(server: LocalServe, octets: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("a@b.test", ["x@y.test"], octets)


def code_of(server: LocalServe, octets: bytes) -> tuple[int, str]:
    """The code and enhanced code with which the server takes or refuses a message."""
    try:
        send(server, octets)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        text = error.smtp_error
        return error.smtp_code, (text.decode() if isinstance(text, bytes) else text).split()[0]
    return 250, ""


def until_taken(server: LocalServe) -> None:
    """Send until it is accepted: how much room there is, is looked up once a second."""
    deadline = time.monotonic() + 20
    while code_of(server, SMALL)[0] != 250:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_disk_that_fills_up_and_is_cleared(disk: Path) -> None:
    ballast, reserve = Ballast(disk), disk / "data" / "reserve"
    # Its log lies on the same disk: what cannot be logged is lost, and nothing else.
    with LocalServe(disk / "data") as server:
        reader = IMAP4("127.0.0.1", server.ports["imap"], timeout=30)
        reader.login(ACCOUNT, PASSWORD)
        for octets in (SMALL, LARGE, SMALL, LARGE):
            send(server, octets)
        reader.select("INBOX")
        assert reserve.stat().st_size == RESERVE

        # Little room: no mail is taken, though there would be room for it.
        ballast.leave(32 * MIB)
        time.sleep(1.1)
        assert code_of(server, SMALL) == (452, "4.3.1")
        status, _ = reader.append("INBOX", "", "", SMALL)
        assert status == "NO"

        # No room at all: deleting runs on the reserve.
        ballast.leave(0)
        assert reader.store("1:3", "+FLAGS", r"(\Deleted)")[0] == "OK"
        for number in range(200):  # whatever room the WAL had is used up
            assert reader.store("4", "+FLAGS", f"(word{number})")[0] == "OK"
        assert reader.expunge()[0] == "OK"
        assert not reserve.exists()
        assert code_of(server, SMALL) == (452, "4.3.1")

        # Room again: the reserve comes back, and mail is taken.
        ballast.remove()
        until_taken(server)
        send(server, LARGE)
        deadline = time.monotonic() + 30
        while not reserve.exists():
            assert time.monotonic() < deadline, "the reserve is not made again"
            time.sleep(0.2)
        assert reader.noop()[0] == "OK"
        status, found = reader.search(None, "ALL")
        assert (status, found) == ("OK", [b"1 2 3"])
        reader.logout()

        command = [sys.executable, "-m", "roost", "--socket", str(server.socket_path), "check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == "no differences\n", done.stdout + done.stderr
        assert "Traceback" not in server.log()
        assert server.stop() == 0


def test_a_start_on_a_full_disk_is_one_line(disk: Path) -> None:
    Ballast(disk).leave(0)
    server = LocalServe(disk / "data")
    command = [sys.executable, "-m", "roost", *server.command()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("time=")]
    assert done.returncode == 1
    assert len(lines) == 1, done.stderr
    assert str(disk / "data") in lines[0]
