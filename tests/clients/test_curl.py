"""curl: single commands of SMTP and IMAP, as scripts give them."""

from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import run

pytestmark = pytest.mark.external("curl")


class Curl:
    """Speaks IMAP over TLS, its answers in full."""

    def __init__(self, account: MailAccount) -> None:
        self._login = f"{account.address}:{account.password}"
        self._url = f"imaps://localhost:{account.server.ports['imaps']}/"
        self._certificate = str(account.certificate)

    def __call__(self, path: str, *options: str, status: tuple[int, ...] = (0,)) -> bytes:
        return run("curl", "-s", "--cacert", self._certificate, "--user", self._login,
                   self._url + path, *options, status=status).stdout  # fmt: skip

    def say(self, command: str, mailbox: str = "") -> bytes:
        """What a command answers without its tagged line."""
        return self(mailbox, "-X", command)


@pytest.fixture
def curl(account: MailAccount) -> Curl:
    return Curl(account)


@pytest.mark.parametrize("octets", ODD_MESSAGES.values(), ids=ODD_MESSAGES)
def test_a_message_put_in_comes_out_as_it_was(
    account: MailAccount, curl: Curl, tmp_path: Path, octets: bytes
) -> None:
    (tmp_path / "mail").write_bytes(octets)
    curl("Drafts", "-T", str(tmp_path / "mail"))
    assert [one.octets for one in account.kept("Drafts")] == [octets]
    assert curl("Drafts;MAILINDEX=1") == octets
    assert curl(f"Drafts;UID={account.kept('Drafts')[0].uid}") == octets


def test_a_message_sent_comes_out_as_it_was(
    account: MailAccount, curl: Curl, tmp_path: Path
) -> None:
    body = b"".join(b"%d: \xc3\xa9 .\r\n..\r\n" % n for n in range(3000))
    octets = b"From: <a@b.test>\r\nSubject: sent\r\n\r\n" + body
    (tmp_path / "mail").write_bytes(octets)
    run("curl", "-s", f"smtp://127.0.0.1:{account.server.ports['smtp']}", "--mail-from", "a@b.test",
        "--mail-rcpt", account.address, "-T", str(tmp_path / "mail"))  # fmt: skip
    got = curl("INBOX;MAILINDEX=1")
    assert got.endswith(octets)
    assert got.startswith(b"Return-Path: <a@b.test>\r\nDelivered-To: ")
    assert [one.octets for one in account.kept()] == [got]


def test_pieces(account: MailAccount, curl: Curl) -> None:
    whole = ODD_MESSAGES["two parts"]
    account.append(whole)
    assert (
        curl("INBOX;MAILINDEX=1;SECTION=HEADER") + curl("INBOX;MAILINDEX=1;SECTION=TEXT") == whole
    )
    assert curl("INBOX;MAILINDEX=1;SECTION=2") == b"AAECAwQ="
    assert curl("INBOX;MAILINDEX=2", status=(78,)) == b""  # "file not found"


def test_search_flag_move_and_delete(account: MailAccount, curl: Curl) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    uids = {one.subject: one.uid for one in account.kept()}
    assert curl("INBOX?SUBJECT%20folded") == b"* SEARCH 3\r\n"
    assert curl.say("UID SEARCH LARGER 100000", "INBOX").split()[2:] == [b"%d" % uids["large"]]
    curl.say(f"UID STORE {uids['large']} +FLAGS.SILENT (\\Flagged)", "INBOX")
    curl.say(f"UID MOVE {uids['large']} Archive", "INBOX")
    curl.say(f"UID STORE {uids['no end']}:{uids['empty body']} +FLAGS (\\Deleted)", "INBOX")
    curl.say("EXPUNGE", "INBOX")
    left = {s: o for s, o in ODD_MESSAGES.items() if s not in ("large", "no end", "empty body")}
    assert {one.subject: one.octets for one in account.kept()} == left
    [archived] = account.kept("Archive")
    assert (archived.octets, archived.flags) == (ODD_MESSAGES["large"], {"\\Flagged"})


def test_mailboxes(account: MailAccount, curl: Curl) -> None:
    curl.say("CREATE Sub/Mine")
    assert b'* LIST (\\HasNoChildren) "/" Sub/Mine\r\n' in curl("")
    curl.say('RENAME Sub/Mine "With space"')
    assert "With space" in account.mailboxes()
    assert curl.say('STATUS "With space" (MESSAGES)') == b'* STATUS "With space" (MESSAGES 0)\r\n'
    curl.say('DELETE "With space"')
    assert "With space" not in account.mailboxes()
