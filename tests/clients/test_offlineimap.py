"""offlineimap: a Maildir of this machine and the account kept the same, by UIDPLUS and flags."""

import hashlib
import os
import ssl
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import run

pytestmark = pytest.mark.external("offlineimap")

CONFIG = """\
[general]
accounts = roost
metadata = {folder}/metadata
ui = basic

[Account roost]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {folder}/mail

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
{tls}
usecompression = {compressed}
"""

# imaplib2, which offlineimap speaks IMAP by, reads and writes one TLS connection in two threads: behind
# STARTTLS it now and then hangs when session tickets are all there is to read, hence TLS from the start.
# It also waits for the network while it holds octets that it has not inflated, so that a message which
# deflates to next to nothing never arrives.
DEFLATED_TO_NOTHING = "large"
TLS = {
    "certificate checked, compressed": (
        "ssl = yes\nsslcacertfile = {certificate}",
        "yes",
    ),
    "fingerprint": ("ssl = yes\ncert_fingerprint = {fingerprint}", "no"),
}


class Mirror:
    """A Maildir for each mailbox, kept like the account by offlineimap."""

    def __init__(self, folder: Path, account: MailAccount, tls: str = "fingerprint") -> None:
        lines, compressed = TLS[tls]
        self.folder = folder / "mail"
        der = ssl.PEM_cert_to_DER_cert(account.certificate.read_text())
        self._config = folder / "offlineimaprc"
        self._config.write_text(
            CONFIG.format(
                folder=folder,
                port=account.server.ports["imaps"],
                user=account.address,
                password=account.password,
                compressed=compressed,
                tls=lines.format(
                    certificate=account.certificate, fingerprint=hashlib.sha256(der).hexdigest()
                ),
            )
        )
        self._env = {**os.environ, "HOME": str(folder)}
        self._env.pop("PYTHONPATH", None)

    def sync(self) -> None:
        run("offlineimap", "-o", "-c", str(self._config), env=self._env)

    def paths(self, mailbox: str = "INBOX") -> dict[str, Path]:
        """The files of a mailbox by subject, each there once."""
        found = [*(self.folder / mailbox).glob("cur/*"), *(self.folder / mailbox).glob("new/*")]
        named = {
            path.read_bytes().partition(b"\nSubject: ")[2].splitlines()[0]: path for path in found
        }
        assert len(named) == len(found)
        return {subject.decode(): path for subject, path in named.items()}

    def flag(self, subject: str, flags: str) -> None:
        path = self.paths()[subject]
        unflagged = path.name.partition(":2,")[0]
        path.rename(path.parent.parent / "cur" / f"{unflagged}:2,{flags}")

    def names(self) -> set[str]:
        return {str(path) for path in self.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("tls", TLS)
def test_every_message_comes_once_and_as_it_is(
    account: MailAccount, tmp_path: Path, tls: str
) -> None:
    compressed = TLS[tls][1] == "yes"
    messages = {
        s: o for s, o in ODD_MESSAGES.items() if not (compressed and s == DEFLATED_TO_NOTHING)
    }
    for octets in messages.values():
        account.append(octets, flags="\\Flagged")
    mirror = Mirror(tmp_path, account, tls)
    mirror.sync()
    paths = mirror.paths()
    assert {subject: path.read_bytes() for subject, path in paths.items()} == {
        subject: octets.replace(b"\r\n", b"\n") for subject, octets in messages.items()
    }
    assert {path.name.partition(":2,")[2] for path in paths.values()} == {"F"}
    before, kept = mirror.names(), account.kept()
    mirror.sync()
    assert mirror.names() == before
    assert account.kept() == kept


def test_changes_go_both_ways(account: MailAccount, tmp_path: Path) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    mirror = Mirror(tmp_path, account)
    mirror.sync()
    mirror.flag("large", "FRS")
    mirror.paths()["no end"].unlink()
    put = mirror.folder / "Drafts" / "cur" / "1700000000.1.here:2,DS"
    put.write_bytes(
        b"From: a@b.test\nSubject: a draft\nDate: Sun, 22 Nov 2026 12:00:00 +0000\n\n.\nlast\n"
    )
    uids = {one.subject: one.uid for one in account.kept()}
    account.flag(uids["two parts"], "+FLAGS (\\Flagged)")
    account.expunge(uids["long line"])
    account.deliver(b"From: a@b.test\r\nSubject: delivered\r\n\r\nnew\r\n")
    mirror.sync()
    kept = {one.subject: one for one in account.kept()}
    assert set(kept) == set(mirror.paths()) == {*uids, "delivered"} - {"no end", "long line"}
    assert kept["large"].flags == {"\\Flagged", "\\Answered", "\\Seen"}
    assert mirror.paths()["two parts"].name.endswith(":2,F")
    [draft] = account.kept("Drafts")
    assert draft.flags == {"\\Draft", "\\Seen"}
    assert draft.octets.endswith(b"\r\n\r\n.\r\nlast\r\n")
    before = [account.kept(name) for name in ("INBOX", "Drafts")], mirror.names()
    mirror.sync()
    assert ([account.kept(name) for name in ("INBOX", "Drafts")], mirror.names()) == before
