"""Programs people use, against a real server."""

import subprocess
import sys
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


@pytest.mark.external("curl")
def test_curl_sends_and_fetches_byte_exact(server: LocalServe, tmp_path: Path) -> None:
    body = b"".join(b"%d: \xc3\xa9 .\r\n..\r\n" % n for n in range(3000))
    mail = (
        b"From: <a@b.test>\r\nSubject: curl byte exact\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + body
    )
    (tmp_path / "mail").write_bytes(mail)
    run("curl", "-s", f"smtp://127.0.0.1:{server.ports['smtp']}", "--mail-from", "a@b.test",
        "--mail-rcpt", "x@y.test", "-T", str(tmp_path / "mail"))  # fmt: skip
    assert wait_for(server, "curl byte exact").endswith(mail)


MBSYNC = """\
IMAPAccount roost
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account roost

MaildirStore near
SubFolders Verbatim
Path {folder}/mail/
Inbox {folder}/mail/INBOX

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""


@pytest.mark.external("mbsync", "swaks")
def test_mbsync_syncs_both_ways(tmp_path: Path) -> None:
    with LocalServe(tmp_path / "data") as server:
        (tmp_path / "mail").mkdir()
        config = tmp_path / "mbsyncrc"
        config.write_text(
            MBSYNC.format(
                port=server.ports["imap"], user=ACCOUNT, password=PASSWORD, folder=tmp_path
            )
        )
        for number in range(3):
            run("swaks", "--server", f"127.0.0.1:{server.ports['smtp']}", "--to", "x@y.test",
                "--from", "a@b.test", "--header", f"Subject: number {number}", "--silent")  # fmt: skip
        command = ("mbsync", "-c", str(config), "all")
        run(*command)
        inbox = tmp_path / "mail" / "INBOX"
        got = [*(inbox / "new").iterdir(), *(inbox / "cur").iterdir()]
        assert sum(b"Subject: number" in path.read_bytes() for path in got) == 3

        near = inbox / "cur" / "1700000000.1.here:2,FS"
        near.write_bytes(b"From: <me@here.test>\nSubject: put in from here\n\nbody\n")
        run(*command)
        assert b"put in from here" in wait_for(server, "put in from here")

        before = sorted(path.name for path in (tmp_path / "mail").rglob("*"))
        again = run(*command)
        assert sorted(path.name for path in (tmp_path / "mail").rglob("*")) == before
        assert b"error" not in (again.stdout + again.stderr).lower()


@pytest.mark.external("mbsync")
def test_mbsync_syncs_through_a_tunnel(server: LocalServe, tmp_path: Path) -> None:
    (tmp_path / "mail" / "INBOX").mkdir(parents=True)
    for below in ("new", "cur", "tmp"):
        (tmp_path / "mail" / "INBOX" / below).mkdir()
    mail = b"From: <me@here.test>\nSubject: through the tunnel\n\n" + b"many a line\n" * 100_000
    (tmp_path / "mail" / "INBOX" / "cur" / "1700000000.1.here:2,S").write_bytes(mail)
    tunnel = f"{sys.executable} -m roost --socket {server.socket_path} imap {ACCOUNT}"
    account = MBSYNC[MBSYNC.index("IMAPStore") :].format(folder=tmp_path)
    config = tmp_path / "mbsyncrc"
    config.write_text(f'IMAPAccount roost\nTunnel "{tunnel}"\n\n{account}')
    run("mbsync", "-c", str(config), "all")
    assert wait_for(server, "through the tunnel").count(b"many a line\r\n") == 100_000


@pytest.mark.external("mutt", "tmux", "swaks")
@pytest.mark.parametrize("way", ["imaps", "tunnel"])
def test_mutt_opens_the_inbox(server: LocalServe, tmp_path: Path, way: str) -> None:
    subject = f"seen by mutt over {way}"
    run("swaks", "--server", f"127.0.0.1:{server.ports['smtp']}", "--to", "x@y.test", "--from", "a@b.test",
        "--header", f"Subject: {subject}", "--silent")  # fmt: skip
    tunnel = f"{sys.executable} -m roost --socket {server.socket_path} imap {ACCOUNT}"
    account = (
        f'set folder="imap://localhost/"\nset tunnel="{tunnel}"\n'
        if way == "tunnel"
        else f'set folder="imaps://127.0.0.1:{server.ports["imaps"]}/"\nset imap_user="{ACCOUNT}"\n'
        f'set imap_pass="{PASSWORD}"\nset ssl_verify_host=no\nset ssl_verify_dates=no\n'
        f"set certificate_file={tmp_path}/certs\n"
    )
    (tmp_path / "muttrc").write_text(
        f'{account}set spoolfile="+INBOX"\nset sort=reverse-date-received\n'
    )
    tmux = ("tmux", "-S", str(tmp_path / "tmux"))
    run(*tmux, "new-session", "-d", "-x", "120", "-y", "30", f"mutt -n -F {tmp_path}/muttrc")
    try:
        for _ in range(100):
            screen = run(*tmux, "capture-pane", "-p").stdout.decode()
            if subject in screen:
                break
            if "(o)nce" in screen:
                run(*tmux, "send-keys", "o")
            time.sleep(0.1)
        assert subject in screen
        assert "INBOX" in screen
    finally:
        subprocess.run((*tmux, "kill-server"), check=False)
