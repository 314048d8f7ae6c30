"""FETCH: every section of a message, what becomes seen, large octets, damage, many messages."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.spelling import date_time
from roost.session.imap.column_item import spell_date_time
from roost.store import placements
from roost.store.cleanup import clean_up
from roost.store.engine import Store, StoreFull, WriteTx
from roost.store.filing import file_messages
from roost.store.flags import NO_FLAGS, SEEN, Flags
from roost.store.times import micros
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house

T = TypeVar("T")

PLAIN = (
    b"From: Ann <ann@a.example>\r\n"
    b"Subject: one\r\n  folded\r\n"
    b"X-Other: x\r\n"
    b"subject: two\r\n"
    b"\r\n"
    b"Hello, B\xc3\xb6b.\r\n"
)
EMBEDDED = b"From: Eve <eve@e.example>\r\nSubject: inner\r\n\r\ninner text\r\n"
MULTIPART = (
    b"From: Ann <ann@a.example>\r\n"
    b"Subject: parts\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n"
    b"\r\n"
    b"preamble\r\n"
    b"--b\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"first\r\n"
    b"--b\r\n"
    b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"AAEC/w==\r\n"
    b"--b\r\n"
    b"Content-Type: message/rfc822\r\n"
    b"\r\n" + EMBEDDED + b"\r\n"
    b"--b\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: x-unknown\r\n"
    b"\r\n"
    b"???\r\n"
    b"--b\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
    b"caf=C3=A9\r\n"
    b"--b--\r\n"
)


async def selected(house: ImapHouse, *, verb: str = "SELECT") -> ImapClient:
    client = await house.client()
    await client.ok(f"{verb} INBOX")
    return client


async def house_with(*messages: bytes) -> ImapHouse:
    """A house whose INBOX holds these messages."""
    house = await new_house()
    await file(house, *messages)
    return house


async def file(house: ImapHouse, *messages: bytes, flags: Flags = NO_FLAGS) -> None:
    ref = await house.ref()
    filings = [new_filing(ref, octets, START, flags=flags) for octets in messages]
    await house.store.write(lambda tx: file_messages(tx, filings))


async def octets_of(client: ImapClient, command: str) -> bytes:
    """All that is said to a command that does well, but for its tagged line."""
    return b"".join(line + b"\r\n" for line in await client.ok(command))


async def fetched(client: ImapClient, item: str) -> bytes:
    """What is said of message 1, without the frame of the response."""
    said = await octets_of(client, f"FETCH 1 {item}")
    assert said.startswith(b"* 1 FETCH (")
    assert said.endswith(b")\r\n")
    return said[len(b"* 1 FETCH (") : -len(b")\r\n")]


def literal(label: bytes, octets: bytes, mark: bytes = b"") -> bytes:
    return b"%b %b{%d}\r\n%b" % (label, mark, len(octets), octets)


PLAIN_HEADER = PLAIN[: PLAIN.index(b"\r\n\r\n") + 4]
PLAIN_TEXT = PLAIN[len(PLAIN_HEADER) :]


@pytest.mark.parametrize(
    ("item", "label", "octets"),
    [
        ("BODY.PEEK[]", b"BODY[]", PLAIN),
        ("RFC822", b"RFC822", PLAIN),
        ("BODY.PEEK[HEADER]", b"BODY[HEADER]", PLAIN_HEADER),
        ("RFC822.HEADER", b"RFC822.HEADER", PLAIN_HEADER),
        ("BODY.PEEK[TEXT]", b"BODY[TEXT]", PLAIN_TEXT),
        ("RFC822.TEXT", b"RFC822.TEXT", PLAIN_TEXT),
        ("BODY.PEEK[1]", b"BODY[1]", PLAIN_TEXT),
        ("BODY.PEEK[1.MIME]", b"BODY[1.MIME]", PLAIN_HEADER),
        (
            "BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
            b"BODY[HEADER.FIELDS (SUBJECT)]",
            b"Subject: one\r\n  folded\r\nsubject: two\r\n\r\n",
        ),
        (
            "BODY.PEEK[HEADER.FIELDS (x-other From)]",
            b"BODY[HEADER.FIELDS (x-other From)]",
            b"From: Ann <ann@a.example>\r\nX-Other: x\r\n\r\n",
        ),
        ("BODY.PEEK[HEADER.FIELDS (Sub)]", b"BODY[HEADER.FIELDS (Sub)]", b"\r\n"),
        (
            "BODY.PEEK[HEADER.FIELDS.NOT (Subject From)]",
            b"BODY[HEADER.FIELDS.NOT (Subject From)]",
            b"X-Other: x\r\n\r\n",
        ),
        ("BODY.PEEK[]<0.5>", b"BODY[]<0>", b"From:"),
        ("BODY.PEEK[TEXT]<7.3>", b"BODY[TEXT]<7>", b"B\xc3\xb6"),
        (
            "BODY.PEEK[HEADER.FIELDS (Subject)]<9.5>",
            b"BODY[HEADER.FIELDS (Subject)]<9>",
            b"one\r\n",
        ),
        ("BINARY.PEEK[1]<0.5>", b"BINARY[1]<0>", b"Hello"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_sections_of_a_plain_message(item: str, label: bytes, octets: bytes) -> None:
    client = await selected(await house_with(PLAIN), verb="EXAMINE")
    assert await fetched(client, item) == literal(label, octets)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("BODY.PEEK[1]", literal(b"BODY[1]", b"first")),
        ("BODY.PEEK[1.MIME]", literal(b"BODY[1.MIME]", b"Content-Type: text/plain\r\n\r\n")),
        ("BODY.PEEK[2]", literal(b"BODY[2]", b"AAEC/w==")),
        ("BINARY.PEEK[2]", literal(b"BINARY[2]", b"\0\1\2\xff", b"~")),
        ("BINARY.PEEK[2]<1.2>", literal(b"BINARY[2]<1>", b"\1\2")),
        ("BINARY.SIZE[2]", b"BINARY.SIZE[2] 4"),
        ("BINARY.SIZE[1]", b"BINARY.SIZE[1] 5"),
        ("BINARY.PEEK[5]", literal(b"BINARY[5]", "café".encode())),
        ("BODY.PEEK[3]", literal(b"BODY[3]", EMBEDDED)),
        (
            "BODY.PEEK[3.HEADER]",
            literal(b"BODY[3.HEADER]", EMBEDDED[: EMBEDDED.index(b"inner text")]),
        ),
        ("BODY.PEEK[3.TEXT]", literal(b"BODY[3.TEXT]", b"inner text\r\n")),
        ("BODY.PEEK[3.1]", literal(b"BODY[3.1]", b"inner text\r\n")),
        (
            "BODY.PEEK[3.HEADER.FIELDS (Subject)]",
            literal(b"BODY[3.HEADER.FIELDS (Subject)]", b"Subject: inner\r\n\r\n"),
        ),
        ("BODY.PEEK[9]", b'BODY[9] ""'),
        ("BODY.PEEK[1.HEADER]", b'BODY[1.HEADER] ""'),
        ("BODY.PEEK[1.HEADER.FIELDS (Subject)]", b'BODY[1.HEADER.FIELDS (Subject)] ""'),
        ("BODY.PEEK[1]<5.3>", b'BODY[1]<5> ""'),
        ("BODY.PEEK[1]<4294967296.3>", b'BODY[1]<4294967296> ""'),
        ("BINARY.PEEK[9]", b'BINARY[9] ""'),
        ("BINARY.SIZE[9]", b"BINARY.SIZE[9] 0"),
        ("BINARY.PEEK[3]", b'BINARY[3] ""'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_sections_of_a_multipart(item: str, said: bytes) -> None:
    client = await selected(await house_with(MULTIPART), verb="EXAMINE")
    assert await fetched(client, item) == said


async def test_a_part_whose_encoding_nobody_knows_fails_the_command_but_not_the_rest() -> None:
    client = await selected(await house_with(MULTIPART, PLAIN))
    lines = await client.ask("FETCH 1:2 (BINARY.PEEK[4] RFC822.SIZE)")
    assert lines[0] == b"* 1 FETCH (RFC822.SIZE %d BINARY[4] NIL)" % len(MULTIPART)
    assert lines[1] == b'* 2 FETCH (RFC822.SIZE %d BINARY[4] "")' % len(PLAIN)
    assert lines[-1].startswith(b"NO [UNKNOWN-CTE] ")


async def test_columns_in_any_combination() -> None:
    client = await selected(await house_with(PLAIN))
    assert await fetched(client, "(FLAGS INTERNALDATE RFC822.SIZE UID)") == (
        b'UID 1 FLAGS (\\Recent) INTERNALDATE "02-Jan-2026 03:04:05 +0000" RFC822.SIZE %d'
        % len(PLAIN)
    )
    assert (await fetched(client, "ENVELOPE")).startswith(b'ENVELOPE (NIL "one  folded" (("Ann"')
    assert (await fetched(client, "BODY")).startswith(b'BODY ("TEXT" "PLAIN"')
    full = await fetched(client, "FULL")
    assert [full.index(name) for name in (b"FLAGS", b"INTERNALDATE", b"ENVELOPE", b"BODY")]


@given(day=st.integers(-25_000, 2_900_000), rest=st.integers(0, 86_399_999_999))
@settings(max_examples=200, deadline=None)
def test_internal_dates_are_those_of_the_calendar(day: int, rest: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, microseconds=rest)
    assert spell_date_time(micros(moment)) == date_time(moment)


@given(first=st.integers(0, 300), count=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_a_partial_is_a_slice(first: int, count: int) -> None:
    async def run() -> None:
        client = await selected(await house_with(MULTIPART), verb="EXAMINE")
        said = await fetched(client, f"BODY.PEEK[]<{first}.{count}>")
        assert said == literal(b"BODY[]<%d>" % first, MULTIPART[first : first + count])

    asyncio.run(run())


async def test_the_prefix_is_part_of_the_message() -> None:
    house, prefix = await new_house(), b"Return-Path: <ann@a.example>\r\n"
    filing = new_filing(await house.ref(), MULTIPART, START, prefix=prefix)
    await house.store.write(lambda tx: file_messages(tx, [filing]))
    client = await selected(house)
    whole = prefix + MULTIPART
    assert await fetched(client, "BODY.PEEK[]") == literal(b"BODY[]", whole)
    assert await fetched(client, "BODY.PEEK[]<10.40>") == literal(b"BODY[]<10>", whole[10:50])
    assert await fetched(client, "BODY.PEEK[2]") == literal(b"BODY[2]", b"AAEC/w==")
    assert await fetched(client, "BODY.PEEK[HEADER.FIELDS (Return-Path)]") == literal(
        b"BODY[HEADER.FIELDS (Return-Path)]", prefix + b"\r\n"
    )


# What becomes seen.


@pytest.mark.parametrize(
    ("command", "news"),
    [
        ("FETCH 1 BODY[TEXT]<0.1>", b"* 1 FETCH (FLAGS (\\Recent \\Seen))"),
        ("FETCH 1 RFC822", b"* 1 FETCH (FLAGS (\\Recent \\Seen))"),
        ("FETCH 1 BINARY[1]<0.1>", b"* 1 FETCH (FLAGS (\\Recent \\Seen))"),
        ("UID FETCH 1 BODY[]<0.1>", b"* 1 FETCH (UID 1 FLAGS (\\Recent \\Seen))"),
        ("FETCH 1 BODY.PEEK[]<0.1>", None),
        ("FETCH 1 RFC822.HEADER", None),
        ("FETCH 1 BINARY.SIZE[1]", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_reading_marks_as_seen(command: str, news: bytes | None) -> None:
    client = await selected(await house_with(PLAIN))
    said = await octets_of(client, command)
    told = [line for line in said.split(b"\r\n") if b"FLAGS" in line]
    assert told == ([news] if news else [])
    assert (b"\\Seen" in await fetched(client, "FLAGS")) is (news is not None)
    assert b"FLAGS" not in await octets_of(client, command)


async def test_examining_marks_nothing() -> None:
    client = await selected(await house_with(PLAIN), verb="EXAMINE")
    await fetched(client, "BODY[]")
    assert b"\\Seen" not in await fetched(client, "FLAGS")


class FillingStore:
    """A store whose disk can get full."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.bus, self.read, self.scan = store.bus, store.read, store.scan
        self.full = False

    async def write(self, work: Callable[[WriteTx], Awaitable[T]], *, octets: int = 0) -> T:
        if self.full:
            raise StoreFull
        return await self._store.write(work, octets=octets)


async def test_a_full_disk_keeps_nobody_from_reading() -> None:
    house = await house_with(PLAIN)
    disk = FillingStore(house.store)
    house.change_port(store=disk)
    client = await selected(house)
    disk.full = True
    assert await fetched(client, "BODY[TEXT]") == literal(b"BODY[TEXT]", PLAIN_TEXT)
    disk.full = False
    assert b"\\Seen" in await octets_of(client, "FETCH 1 BODY[TEXT]")


# Many messages, and messages that are gone.


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ("1:*", range(1, 1_203)),
        ("*", [1_202]),
        ("1:3,7,500:503,1000:1200", [1, 2, 3, 7, *range(500, 504), *range(1_000, 1_201)]),
        (",".join(map(str, range(1, 1_203, 2))), range(1, 1_203, 2)),
        ("1:500", range(1, 501)),
        ("1:501", range(1, 502)),
    ],
    ids=["all", "last", "some", "odd", "a page", "a page and one"],
)
async def test_pages(messages: str, expected: range | list[int]) -> None:
    client = await selected(await many_house())
    lines = await client.ok(f"FETCH {messages} UID")
    assert lines == [b"* %d FETCH (UID %d)" % (number, number) for number in expected]
    lines = await client.ok(f"UID FETCH {messages} BODY.PEEK[HEADER.FIELDS (Subject)]")
    assert [line for line in lines if line.startswith(b"Subject")] == [
        b"Subject: Number %d" % number for number in expected
    ]


async def many_house(count: int = 1_202) -> ImapHouse:
    messages = [message_octets(n, subject=f"Number {n}") for n in range(1, count + 1)]
    return await house_with(*messages)


async def expunge_elsewhere(house: ImapHouse, uids: str) -> None:
    """Another connection of the same user removes messages."""
    other = await selected(house)
    await other.ok(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    await other.ok("LOGOUT")


async def test_messages_that_others_expunged_stay_readable_until_it_is_told() -> None:
    house = await many_house(6)
    client = await selected(house)
    await expunge_elsewhere(house, "2,4")
    lines = await client.ask("FETCH 1:6 (UID)")
    assert lines[:-1] == [b"* %d FETCH (UID %d)" % (uid, uid) for uid in range(1, 7)]
    assert lines[-1].startswith(b"OK [EXPUNGEISSUED] ")
    lines = await client.ok("FETCH 2:3 (FLAGS ENVELOPE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert lines[0].startswith(rb"* 2 FETCH (FLAGS (\Recent \Deleted) ENVELOPE (")
    lines = await client.ok("UID FETCH 1:6 (UID)")
    assert lines[6:] == [b"* 4 EXPUNGE", b"* 2 EXPUNGE"]
    assert await client.ok("FETCH 2 (UID)") == [b"* 2 FETCH (UID 3)"]


async def test_what_was_expunged_a_day_ago_cannot_be_read() -> None:
    house = await many_house(3)
    client = await selected(house)
    await expunge_elsewhere(house, "2")
    house.clock.advance(timedelta(hours=25))
    await clean_up(house.store, house.clock)
    lines = await client.ask("FETCH 1:3 (UID)")
    assert lines[:-1] == [b"* 1 FETCH (UID 1)", b"* 3 FETCH (UID 3)"]
    assert lines[-1].startswith(b"NO [EXPUNGEISSUED] ")


@pytest.mark.parametrize("messages", ["7", "1:7", "0:2"])
async def test_numbers_that_do_not_exist_are_a_mistake(messages: str) -> None:
    client = await selected(await many_house(6))
    lines = await client.ask(f"FETCH {messages} UID")
    assert lines[0].startswith(b"BAD ")


async def test_uids_that_do_not_exist_are_passed_over() -> None:
    client = await selected(await many_house(3))
    assert await client.ok("UID FETCH 2,9:* FLAGS") == [
        b"* 2 FETCH (UID 2 FLAGS (\\Recent))",
        b"* 3 FETCH (UID 3 FLAGS (\\Recent))",
    ]
    assert await client.ok("UID FETCH 70 FLAGS") == []


async def test_marking_many_as_seen_is_told_for_each_that_was_not() -> None:
    house = await many_house(700)
    await file(house, PLAIN, flags=Flags(SEEN))
    client = await selected(house)
    lines = await client.ok("FETCH 1:* BODY[1]<0.1>")
    told = [line for line in lines if b"FLAGS" in line]
    assert len(told) == 700
    assert all(b"\\Seen" in line for line in told)
    ref = await house.ref()
    seen = await house.store.scan(lambda tx: placements.uids_where(tx, ref, having=SEEN))
    assert len(seen) == 701
