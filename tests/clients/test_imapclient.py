"""The imapclient library, over STARTTLS: what a script does with a mailbox."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES

imapclient = pytest.importorskip("imapclient")

Client = Any
ODD = list(ODD_MESSAGES.values())


@pytest.fixture
def client(account: MailAccount) -> Iterator[Client]:
    context = ssl.create_default_context(cafile=str(account.certificate))
    with imapclient.IMAPClient(
        "localhost", account.server.ports["imap"], ssl=False, timeout=20
    ) as made:
        made.starttls(context)
        made.login(account.address, account.password)
        yield made


def filled(account: MailAccount, client: Client) -> list[int]:
    """The uids of the odd messages in INBOX, selected."""
    for octets in ODD:
        account.append(octets)
    client.select_folder("INBOX")
    uids: list[int] = client.search()
    assert len(uids) == len(ODD)
    return uids


def test_append_and_fetch_are_byte_exact(account: MailAccount, client: Client) -> None:
    when = datetime(2020, 2, 29, 12, 30, tzinfo=UTC)
    for octets in ODD:
        client.append("INBOX", octets, (rb"\Seen", b"$Forwarded"), when)
    client.normalise_times = False
    client.select_folder("INBOX", readonly=True)
    fetched = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE", "RFC822.SIZE"])
    assert [row[b"BODY[]"] for row in fetched.values()] == ODD
    assert [row[b"RFC822.SIZE"] for row in fetched.values()] == list(map(len, ODD))
    assert {row[b"INTERNALDATE"] for row in fetched.values()} == {when}
    assert [(one.octets, one.flags) for one in account.kept()] == [
        (octets, {"\\Seen", "$Forwarded"}) for octets in ODD
    ]


def test_multiappend(account: MailAccount, client: Client) -> None:
    client.multiappend("INBOX", [{"msg": octets, "flags": [b"x"]} for octets in ODD])
    assert [one.octets for one in account.kept()] == ODD


def test_pieces_of_a_message_are_pieces_of_its_octets(account: MailAccount, client: Client) -> None:
    whole = ODD_MESSAGES["two parts"]
    account.append(whole)
    client.select_folder("INBOX")
    items = ["BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "BODY.PEEK[2]", "BODY.PEEK[]<5.7>", "ENVELOPE"]
    row = client.fetch(client.search(), [*items, "BODYSTRUCTURE"]).popitem()[1]
    assert row[b"BODY[HEADER]"] + row[b"BODY[TEXT]"] == whole
    assert row[b"BODY[2]"] == b"AAECAwQ="
    assert row[b"BODY[]<5>"] == whole[5:12]
    assert row[b"ENVELOPE"].subject == b"two parts"
    assert row[b"BODYSTRUCTURE"].is_multipart
    assert [part[1].lower() for part in row[b"BODYSTRUCTURE"][0]] == [b"plain", b"octet-stream"]


def test_flags(account: MailAccount, client: Client) -> None:
    first, second, *others = filled(account, client)
    client.add_flags([first, second], [imapclient.FLAGGED, b"$work"])
    client.remove_flags(second, [imapclient.FLAGGED])
    client.set_flags(others, [imapclient.SEEN], silent=True)
    wanted = [{"\\Flagged", "$work"}, {"$work"}, *[{"\\Seen"}] * len(others)]
    assert [one.flags for one in account.kept()] == wanted
    assert [
        set(map(bytes.decode, flags)) - {"\\Recent"}
        for flags in client.get_flags(client.search()).values()
    ] == wanted


def test_search_sort_and_thread(account: MailAccount, client: Client) -> None:
    by_subject = dict(zip(ODD_MESSAGES, filled(account, client), strict=True))
    assert client.search(["SUBJECT", "folded"]) == [by_subject["folded fields"]]
    assert client.search(["TEXT", "Grüße"], "UTF-8") == [by_subject["eight bits"]]
    assert client.search(["LARGER", 100_000]) == [by_subject["large"]]
    assert client.search(["OR", "LARGER", 100_000, "SUBJECT", "line"]) == [
        by_subject[subject] for subject in ("from lines", "long line", "large")
    ]
    assert client.search(["NOT", "SMALLER", 9000]) == [by_subject["long line"], by_subject["large"]]
    assert client.search(["UID", f"{by_subject['no end']}:{by_subject['empty body']}"]) == [
        by_subject["no end"], by_subject["empty body"]
    ]  # fmt: skip
    assert client.sort("SUBJECT") == [uid for _, uid in sorted(by_subject.items())]
    assert client.sort(["REVERSE SIZE"])[0] == by_subject["large"]
    assert sorted(uid for thread in client.thread() for uid in thread) == list(by_subject.values())


def test_move_copy_delete_and_expunge_these_only(account: MailAccount, client: Client) -> None:
    uids = filled(account, client)
    client.create_folder("Ablage/Größe & mehr")
    client.move(uids[:2], "Ablage/Größe & mehr")
    client.copy(uids[2:4], "Trash")
    client.delete_messages(uids[2:5])
    client.uid_expunge(uids[2:4])
    assert [one.octets for one in account.kept()] == ODD[4:]
    assert "\\Deleted" in account.kept()[0].flags
    assert [one.octets for one in account.kept("Ablage/Gr&APYA3w-e &- mehr")] == ODD[:2]
    assert [one.octets for one in account.kept("Trash")] == ODD[2:4]
    client.close_folder()
    assert [one.octets for one in account.kept()] == ODD[5:]


def test_mailboxes(account: MailAccount, client: Client) -> None:
    client.create_folder("Größe")
    client.rename_folder("Größe", "Ablage/новое")
    client.subscribe_folder("Ablage/новое")
    assert "Ablage/новое" in [name for _, _, name in client.list_sub_folders()]
    assert client.folder_exists("Ablage/новое")
    client.append("Ablage/новое", ODD[0])
    assert client.folder_status("Ablage/новое", ["MESSAGES", "UNSEEN"]) == {
        b"MESSAGES": 1,
        b"UNSEEN": 1,
    }
    client.delete_folder("Ablage/новое")
    assert not client.folder_exists("Ablage/новое")
    assert client.find_special_folder(rb"\Sent") == "Sent"
    assert client.namespace().personal == (("", "/"),)
    assert client.get_quota_root("INBOX")[0].mailbox == "INBOX"


def test_idle_tells_of_what_others_do(account: MailAccount, client: Client) -> None:
    account.append(ODD[0])
    client.select_folder("INBOX")
    client.idle()

    def told(wanted: Callable[[tuple[Any, ...]], bool]) -> Any:
        """The first of what is told that is wanted."""
        while news := client.idle_check(timeout=20):
            if found := [one for one in news if wanted(one)]:
                return found[0]
        raise AssertionError("nothing is told")

    account.append(ODD[1])
    assert told(lambda news: news[1] == b"EXISTS") == (2, b"EXISTS")
    uid = account.kept()[0].uid
    account.flag(uid, "+FLAGS (\\Flagged)")
    number, _, items = told(lambda news: news[1] == b"FETCH")
    assert number == 1
    assert imapclient.FLAGGED in items[items.index(b"FLAGS") + 1]
    account.expunge(uid)
    assert told(lambda news: news[1] == b"EXPUNGE") == (1, b"EXPUNGE")
    assert client.idle_done()[0] == b"IDLE ended"
    assert client.search() == [one.uid for one in account.kept()]
