"""roost imap: the real command against the real server, as a mail program runs it."""

import hashlib
import imaplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, LocalServe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServe]:
    with LocalServe(tmp_path_factory.mktemp("localserve") / "data") as serving:
        yield serving


def command(served: LocalServe, address: str = ACCOUNT) -> list[str]:
    return [sys.executable, "-m", "roost", "--socket", str(served.socket_path), "imap", address]


def say(served: LocalServe, octets: bytes) -> list[bytes]:
    """What the command says to these octets and the end of them, without the greeting."""
    done = subprocess.run(
        command(served), input=octets, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    greeting, *lines = done.stdout.split(b"\r\n")
    assert greeting.startswith(b"* PREAUTH [CAPABILITY ")
    return lines


def test_the_end_of_input_ends_it_after_all_answers(served: LocalServe) -> None:
    assert say(served, b"") == [b""]
    lines = say(served, b"a STATUS INBOX (MESSAGES)\r\nb NAMESPACE\r\n")
    assert lines[0].startswith(b"* STATUS INBOX (MESSAGES ")
    assert lines[-2:] == [b"b OK NAMESPACE done", b""]


def test_logout_ends_it_though_input_goes_on(served: LocalServe) -> None:
    with subprocess.Popen(
        command(served), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"* PREAUTH ")
        running.stdin.write(b"a LOGOUT\r\n")
        running.stdin.flush()
        assert running.stdout.read() == b"* BYE until next time\r\na OK bye\r\n"
        assert running.wait(10) == 0


def test_a_client_library_works_through_it(served: LocalServe) -> None:
    """Each answer comes at once, and all octets pass as they are, many at a time."""
    tunnel = imaplib.IMAP4_stream(" ".join(command(served)))
    assert tunnel.state == "AUTH"
    assert tunnel.create("through")[0] == "OK"
    octets = (
        b"Subject: x\r\n\r\n" + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") * 8_000
    )
    assert tunnel.append("through", "", "", octets)[0] == "OK"
    tunnel.select("through")
    before = time.monotonic()
    for _ in range(50):
        tunnel.noop()
    assert time.monotonic() - before < 5  # nothing waits for a buffer to fill
    data = tunnel.fetch("1", "(BODY.PEEK[])")[1]
    assert isinstance(data[0], tuple)
    assert hashlib.sha256(data[0][1]).digest() == hashlib.sha256(octets).digest()
    tunnel.logout()


def test_who_does_not_read_is_waited_for(served: LocalServe) -> None:
    """Much more than any buffer holds, asked for at once and read late."""
    message = b"Subject: y\r\n\r\n" + b"0123456789abcde\n" * 65_536
    head = b"a APPEND INBOX {%d+}\r\n" % len(message)
    asked = head + message + b"\r\nb SELECT INBOX\r\n" + b"c FETCH * BODY.PEEK[]\r\n" * 30
    with subprocess.Popen(
        command(served), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(asked)
        running.stdin.close()
        time.sleep(0.2)
        assert running.poll() is None
        said = running.stdout.read()
        assert said.count(b"c OK FETCH done\r\n") == 30
        assert len(said) > 30 * len(message)
        assert running.wait(10) == 0


def test_it_is_counted_and_logged(served: LocalServe) -> None:
    with subprocess.Popen(
        command(served), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        status = [*command(served)[:-2], "status"]
        assert b"1 control.imap" in subprocess.run(status, capture_output=True, check=True).stdout
        running.kill()
    assert "event=login_done service=imap account=1 tls=false by=admin:" in served.log()


def test_a_server_that_stops_takes_leave(tmp_path: Path) -> None:
    with (
        LocalServe(tmp_path / "data") as own,
        subprocess.Popen(command(own), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running,
    ):
        assert running.stdout is not None
        running.stdout.readline()
        own.stop()
        assert running.stdout.read().startswith(b"* BYE [UNAVAILABLE] the server is stopping")
        assert running.wait(10) == 0


def test_nobody_reads_what_it_says(served: LocalServe) -> None:
    with subprocess.Popen(
        command(served), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        running.stdin.write(b"a NOOP\r\n")
        running.stdin.flush()
        assert running.wait(10) == 0
        assert running.stderr.read() == b""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nobody@localhost", "nobody has the address nobody@localhost: list the addresses"),
        ("roost", "not a mail address: it has no @"),
        ("roost@else.test", "nobody has the address roost@else.test"),
    ],
)
def test_says_no_in_a_line(served: LocalServe, address: str, said: str) -> None:
    done = subprocess.run(
        command(served, address), input="a NOOP\r\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
