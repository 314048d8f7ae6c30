"""mbsync: a folder of this machine and a mailbox of the server kept the same, both ways."""

import re
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import run

pytestmark = pytest.mark.external("mbsync")

CONFIG = """\
IMAPAccount roost
Host localhost
Port {port}
User {user}
Pass "{password}"
{tls}

IMAPStore far
Account roost

MaildirStore near
SubFolders Verbatim
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
"""
LISTENERS = {
    "in clear": ("imap", "SSLType None\nAuthMechs LOGIN"),
    "STARTTLS": ("imap", "SSLType STARTTLS\nCertificateFile {certificate}"),
    "TLS": ("imaps", "SSLType IMAPS\nCertificateFile {certificate}"),
}


def unmarked(octets: bytes) -> bytes:
    """A copy that mbsync made without the field that it finds its copies by."""
    return re.sub(rb"X-TUID: [^\n]*\n", b"", octets)


class Mirror:
    """A Maildir++ of this machine, kept like the account by mbsync."""

    def __init__(self, folder: Path, account: MailAccount, listener: str = "TLS") -> None:
        port, tls = LISTENERS[listener]
        self.folder = folder / "mail"
        self.folder.mkdir()
        self._config = folder / "mbsyncrc"
        self._config.write_text(
            CONFIG.format(
                port=account.server.ports[port],
                user=account.address,
                password=account.password,
                folder=self.folder,
                tls=tls.format(certificate=account.certificate),
            )
        )

    def sync(self) -> None:
        done = run("mbsync", "-c", str(self._config), "all")
        assert b"rror" not in done.stdout + done.stderr

    def paths(self, mailbox: str = "INBOX") -> dict[str, Path]:
        """The files of a mailbox by subject, each there once."""
        found = [*(self.folder / mailbox).glob("cur/*"), *(self.folder / mailbox).glob("new/*")]
        named = {
            path.read_bytes().partition(b"\nSubject: ")[2].splitlines()[0]: path for path in found
        }
        assert len(named) == len(found)
        return {subject.decode(): path for subject, path in named.items()}

    def put(self, octets: bytes, mailbox: str, name: str, flags: str = "") -> None:
        (self.folder / mailbox / "cur" / f"{name}:2,{flags}").write_bytes(octets)

    def flag(self, subject: str, flags: str, mailbox: str = "INBOX") -> None:
        path = self.paths(mailbox)[subject]
        unflagged = path.name.partition(":2,")[0]
        path.rename(path.parent.parent / "cur" / f"{unflagged}:2,{flags}")

    def names(self) -> set[str]:
        return {str(path) for path in self.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("listener", LISTENERS)
def test_every_message_comes_once_and_as_it_is(
    account: MailAccount, tmp_path: Path, listener: str
) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets, flags="\\Flagged")
    mirror = Mirror(tmp_path, account, listener)
    mirror.sync()
    paths = mirror.paths()
    assert {subject: unmarked(path.read_bytes()) for subject, path in paths.items()} == {
        subject: octets.replace(b"\r\n", b"\n") for subject, octets in ODD_MESSAGES.items()
    }
    assert {path.name.partition(":2,")[2] for path in paths.values()} == {"F"}
    before, kept = mirror.names(), account.kept()
    mirror.sync()
    assert mirror.names() == before
    assert account.kept() == kept


def test_what_is_done_here_is_done_there(account: MailAccount, tmp_path: Path) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    mirror = Mirror(tmp_path, account)
    mirror.sync()
    mirror.flag("large", "FRS")
    mirror.flag("no end", "T")
    moved = unmarked(mirror.paths()["from lines"].read_bytes())
    mirror.paths()["from lines"].unlink()
    mirror.put(moved, "Archive", "1700000000.1.here", "S")
    mirror.put(b"Subject: a draft\n\n.\n\xe9\n", "Drafts", "1700000000.2.here", "DS")
    for name in ("cur", "new", "tmp"):
        (mirror.folder / "made here" / name).mkdir(parents=True)
    mirror.sync()
    by_subject = {one.subject: one for one in account.kept()}
    assert {s: one.octets for s, one in by_subject.items()} == {
        subject: octets
        for subject, octets in ODD_MESSAGES.items()
        if subject not in ("no end", "from lines")
    }
    assert by_subject["large"].flags == {"\\Flagged", "\\Answered", "\\Seen"}
    assert by_subject["two parts"].flags == frozenset()
    [archived] = account.kept("Archive")
    assert (unmarked(archived.octets), archived.flags) == (ODD_MESSAGES["from lines"], {"\\Seen"})
    [draft] = account.kept("Drafts")
    assert unmarked(draft.octets) == b"Subject: a draft\r\n\r\n.\r\n\xe9\r\n"
    assert draft.flags == {"\\Draft", "\\Seen"}
    assert "made here" in account.mailboxes()
    before = [account.kept(name) for name in ("INBOX", "Archive", "Drafts")]
    mirror.sync()
    assert [account.kept(name) for name in ("INBOX", "Archive", "Drafts")] == before


def test_what_is_done_there_is_done_here(account: MailAccount, tmp_path: Path) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    mirror = Mirror(tmp_path, account)
    mirror.sync()
    uids = {one.subject: one.uid for one in account.kept()}
    account.flag(uids["large"], "+FLAGS (\\Flagged \\Seen)")
    account.expunge(uids["no end"])
    with account.imap("INBOX") as client:
        client.uid("MOVE", str(uids["long line"]), "Archive")
        client.create("Made/there")
        client.create("Brief")
        client.rename("Brief", "Briefe")
    account.deliver(b"Subject: delivered\r\n\r\nnew\r\n")
    mirror.sync()
    assert set(mirror.paths()) == {*uids, "delivered"} - {"no end", "long line"}
    assert mirror.paths()["large"].name.endswith(":2,FS")
    archived = mirror.paths("Archive")["long line"].read_bytes()
    assert unmarked(archived) == ODD_MESSAGES["long line"].replace(b"\r\n", b"\n")
    assert {"Briefe", "Made"} <= {path.name for path in mirror.folder.iterdir()}
    with account.imap() as client:
        client.delete("Briefe")
    mirror.sync()
    assert not (mirror.folder / "Briefe").exists()
