"""getmail: mail taken from the server into a program of this machine, once."""

import os
import re
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import run

pytestmark = pytest.mark.external("getmail")

CONFIG = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = {port}
username = {user}
password = {password}
mailboxes = {mailboxes}
ca_certs = {certificate}
{retriever}

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > $(mktemp {folder}/XXXXXXXX)")
allow_root_commands = true
unixfrom = false

[options]
delivered_to = false
received = false
{options}
"""


ADDED = re.compile(rb"(?m)^(?:Return-Path: <unknown>|X-getmail-retrieved-from-mailbox: .*)\n")


class Getmail:
    """getmail with a folder of its own. retriever, options: more lines of these sections."""

    def __init__(self, folder: Path, account: MailAccount, *, mailboxes: str = "('INBOX',)",
                 retriever: str = "", options: str = "") -> None:  # fmt: skip
        self.folder = folder / "mail"
        self.folder.mkdir()
        self._place = folder
        (folder / "getmailrc").write_text(
            CONFIG.format(
                port=account.server.ports["imaps"],
                user=account.address,
                password=account.password,
                mailboxes=mailboxes,
                certificate=account.certificate,
                folder=self.folder,
                retriever=retriever,
                options=options,
            )
        )

    def __call__(self) -> bytes:
        return run("getmail", "--getmaildir", str(self._place), "--rcfile", "getmailrc",
                   env={**os.environ, "HOME": str(self._place)}).stdout  # fmt: skip

    def got(self) -> list[bytes]:
        """What it handed over, without the fields it added."""
        return sorted(ADDED.sub(b"", path.read_bytes()) for path in self.folder.iterdir())


def as_handed_over(*subjects: str) -> list[bytes]:
    return sorted(ODD_MESSAGES[subject].replace(b"\r\n", b"\n") for subject in subjects)


def test_each_message_is_taken_once_and_as_it_is(account: MailAccount, tmp_path: Path) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    getmail = Getmail(tmp_path, account, options="delete = false\nread_all = false")
    getmail()
    assert getmail.got() == as_handed_over(*ODD_MESSAGES)
    kept = account.kept()
    assert [one.octets for one in kept] == list(ODD_MESSAGES.values())
    getmail()
    account.append(ODD_MESSAGES["large"])
    getmail()
    assert getmail.got() == as_handed_over(*ODD_MESSAGES, "large")
    assert account.kept()[:-1] == kept


def test_what_was_taken_is_deleted_from_each_mailbox(account: MailAccount, tmp_path: Path) -> None:
    account.append(ODD_MESSAGES["eight bits"])
    account.append(ODD_MESSAGES["no end"], "Archive")
    getmail = Getmail(tmp_path, account, mailboxes="('INBOX', 'Archive')", options="delete = true")
    getmail()
    assert getmail.got() == as_handed_over("eight bits", "no end")
    assert account.kept() == account.kept("Archive") == []
    getmail()
    assert len(getmail.got()) == 2


def test_what_was_taken_is_moved_on_delete(account: MailAccount, tmp_path: Path) -> None:
    account.append(ODD_MESSAGES["from lines"])
    getmail = Getmail(
        tmp_path, account, retriever="move_on_delete = Archive", options="delete = true"
    )
    getmail()
    assert account.kept() == []
    assert [one.octets for one in account.kept("Archive")] == [ODD_MESSAGES["from lines"]]
