"""`roost imap` as the tunnel of mail programs: no password, no port."""

import shlex
import sys
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.programs import Terminal, run

MBSYNC = """\
IMAPAccount roost
Tunnel "{tunnel}"

IMAPStore far
Account roost

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Create Both
SyncState *
"""
LARGE = b"From: <me@here.test>\nSubject: through the tunnel\n\n" + b"many a line\n" * 100_000


def tunnel(account: MailAccount) -> str:
    return f"{sys.executable} -m roost --socket {account.server.socket_path} imap {account.address}"


@pytest.mark.external("mbsync")
def test_mbsync(account: MailAccount, tmp_path: Path) -> None:
    inbox = tmp_path / "INBOX"
    for below in ("new", "cur", "tmp"):
        (inbox / below).mkdir(parents=True)
    (inbox / "cur" / "1700000000.1.here:2,S").write_bytes(LARGE)
    config = tmp_path / "mbsyncrc"
    config.write_text(MBSYNC.format(tunnel=tunnel(account), folder=tmp_path))
    run("mbsync", "-c", str(config), "all")
    (kept,) = account.kept()
    assert kept.octets.count(b"many a line\r\n") == 100_000


@pytest.mark.external("mutt", "tmux")
def test_mutt(account: MailAccount, tmp_path: Path) -> None:
    account.append(b"From: a@b.test\r\nSubject: seen by mutt\r\n\r\nhello\r\n")
    (tmp_path / "muttrc").write_text(
        f'set folder="imap://localhost/"\nset tunnel="{tunnel(account)}"\nset spoolfile="+INBOX"\n'
    )
    with Terminal(tmp_path, shlex.join(("mutt", "-n", "-F", str(tmp_path / "muttrc")))) as mutt:
        mutt.wait_for("seen by mutt", "INBOX")
        mutt.keys("q")
        mutt.wait_for_end()
