"""OBJECTID: the same id for the same thing, wherever it goes. RFC 8474."""

import re

from roost.testing.imap import ImapClient, new_house

IDS = re.compile(rb"\* \d+ FETCH \(EMAILID \((.+)\) THREADID \((.+)\)\)")
MAILBOX = re.compile(rb".*MAILBOXID \(([A-Za-z0-9_-]{1,255})\).*")


def message(number: int, answers: int | None = None) -> bytes:
    refers = b"" if answers is None else b"In-Reply-To: <%d@a.example>\r\n" % answers
    return b"Message-ID: <%d@a.example>\r\nSubject: Trip\r\n%b\r\nx\r\n" % (number, refers)


async def ids(client: ImapClient) -> list[tuple[bytes, bytes]]:
    lines = await client.ok("FETCH 1:* (EMAILID THREADID)")
    return [(found[1], found[2]) for line in lines if (found := IDS.fullmatch(line))]


async def mailbox_of(client: ImapClient, command: str) -> bytes:
    return next(found[1] for line in await client.ask(command) if (found := MAILBOX.match(line)))


async def test_answers_share_a_thread_and_copies_share_an_email() -> None:
    house = await new_house()
    client = await house.client()
    for octets in (message(1), message(2, answers=1), message(3)):
        await client.append(octets)
    await client.ok("SELECT INBOX")
    (first, thread), (second, same), (_, other) = before = await ids(client)
    assert thread == same != other
    assert len({email for email, _ in before}) == 3
    await client.ok("COPY 1:3 INBOX")
    await client.ok("NOOP")
    assert await ids(client) == before * 2
    assert await client.ok(b"SEARCH EMAILID " + first) == [b"* SEARCH 1 4"]
    assert await client.ok(b"SEARCH THREADID " + same) == [b"* SEARCH 1 2 4 5"]
    assert await client.ok(b"SEARCH THREADID " + thread + b" EMAILID " + second) == [
        b"* SEARCH 2 5"
    ]


async def test_a_mailbox_keeps_its_id_and_no_other_ever_has_it() -> None:
    house = await new_house()
    client = await house.client()
    made = await mailbox_of(client, "CREATE one")
    assert await mailbox_of(client, "SELECT one") == made
    await client.ok("RENAME one two")
    assert await mailbox_of(client, "STATUS two (MAILBOXID)") == made
    await client.ok("DELETE two")
    again = await mailbox_of(client, "CREATE one")
    inbox = await mailbox_of(client, "EXAMINE INBOX")
    assert len({made, again, inbox}) == 3
