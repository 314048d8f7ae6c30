"""Programs people use, against a real server."""

import subprocess
import time
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe


def run(
    *command: str, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        command, input=stdin, capture_output=True, timeout=60, check=False, cwd=cwd
    )
    assert done.returncode == 0, (command, done.stdout[-3000:], done.stderr[-3000:])
    return done


def wait_for(server: LocalServe, subject: str, mailbox: str = "INBOX") -> bytes:
    """The message with that subject, read with curl; submissions take a moment to be delivered."""
    base = f"imaps://127.0.0.1:{server.ports['imaps']}/{mailbox}"
    login = ["curl", "-sk", "--user", f"{ACCOUNT}:{PASSWORD}"]
    for _ in range(100):
        found = run(*login, f"{base}?SUBJECT%20%22{subject.replace(' ', '%20')}%22").stdout.split()
        if len(found) > 2:
            return run(*login, f"{base};MAILINDEX={found[2].decode()}").stdout
        time.sleep(0.05)
    raise AssertionError(f"no message {subject!r}: {server.log()[-2000:]}")


@pytest.mark.external("swaks", "curl")
@pytest.mark.parametrize("options", [(), ("--tls",)], ids=["in clear", "STARTTLS"])
def test_swaks(server: LocalServe, options: tuple[str, ...]) -> None:
    subject = " ".join(("sent with swaks", *options))
    run("swaks", "--server", f"127.0.0.1:{server.ports['smtp']}", "--to", "x@y.test", "--from", "a@b.test",
        "--header", f"Subject: {subject}", "--body", "a body\n.with a dot\n", "--silent", *options)  # fmt: skip
    assert b"a body\r\n.with a dot\r\n" in wait_for(server, subject)


@pytest.mark.external("swaks", "curl")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_signs_in(server: LocalServe, mechanism: str) -> None:
    subject = f"swaks with {mechanism}"
    run("swaks", "--server", f"127.0.0.1:{server.ports['submission']}", "--to", "x@y.test", "--from", ACCOUNT,
        "--auth", mechanism, "--auth-user", ACCOUNT, "--auth-password", PASSWORD, "--tls",
        "--header", f"Subject: {subject}", "--silent")  # fmt: skip
    assert wait_for(server, subject)


@pytest.mark.external("msmtp", "curl")
@pytest.mark.parametrize(("port", "starttls"), [("submission", "on"), ("submissions", "off")])
def test_msmtp(server: LocalServe, tmp_path: Path, port: str, starttls: str) -> None:
    config = tmp_path / "msmtprc"
    config.write_text(
        f"account default\nhost 127.0.0.1\nport {server.ports[port]}\nauth plain\nuser {ACCOUNT}\n"
        f"password {PASSWORD}\ntls on\ntls_starttls {starttls}\ntls_certcheck off\nfrom {ACCOUNT}\n"
    )
    config.chmod(0o600)
    mail = f"From: <{ACCOUNT}>\nTo: <x@y.test>\nSubject: msmtp over {port}\n\nhello\n".encode()
    run("msmtp", "-C", str(config), "x@y.test", stdin=mail)
    assert b"\r\n\r\nhello\r\n" in wait_for(server, f"msmtp over {port}")
