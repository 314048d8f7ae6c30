"""FETCH of small messages beside large ones, over several pages; fields found by pattern."""

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roost.proto.imap.core.fetch import BodySection, SectionSpec, SectionText
from roost.proto.mime.section import Range, header_fields
from roost.session.imap.fetch_small import PAGE_MESSAGES, one_ahead
from roost.session.imap.ports import ImapLimits
from roost.session.imap.sections import start_speller
from roost.store.filing import file_messages
from roost.store.placements import SMALL_OCTETS
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapHouse, new_house

COUNT = 2 * PAGE_MESSAGES + 7
LARGE = (3, PAGE_MESSAGES, PAGE_MESSAGES + 1, COUNT)
PREFIX = b"Delivered-To: bob@b.example\r\n"


def message(number: int) -> bytes:
    """Some have a large header, some a large body, all others are small."""
    octets = message_octets(number, subject=f"Number {number}")
    if number == LARGE[0]:
        return b"X-Long: " + b"x" * SMALL_OCTETS + b"\r\n" + octets
    return octets + b"more\r\n" * SMALL_OCTETS if number in LARGE else octets


async def house_with_all() -> ImapHouse:
    house = await new_house()
    ref = await house.ref()
    filings = [
        new_filing(ref, message(n), START, prefix=PREFIX if n % 2 else b"")
        for n in range(1, COUNT + 1)
    ]
    await house.store.write(lambda tx: file_messages(tx, filings))
    return house


def expected(number: int) -> bytes:
    return (PREFIX if number % 2 else b"") + message(number)


def header_of(octets: bytes) -> bytes:
    return octets[: octets.index(b"\r\n\r\n") + 4]


@pytest.mark.parametrize("messages", ["1:*", f"{COUNT - 20}:*", "1:4,150:260,300:*"])
@pytest.mark.parametrize("item", ["", "HEADER", "TEXT"])
async def test_each_message_comes_whole_and_in_order(messages: str, item: str) -> None:
    client = await (await house_with_all()).client()
    await client.ok("EXAMINE INBOX")
    numbers = [int(line.split()[1]) for line in await client.ok(f"FETCH {messages} (UID)")]
    wanted = []
    for number in numbers:
        octets = expected(number)
        if item:
            header = header_of(octets)
            octets = header if item == "HEADER" else octets[len(header) :]
        head = b"* %d FETCH (UID %d BODY[%b] {%d}\r\n"
        wanted.append(head % (number, number, item.encode(), len(octets)) + octets + b")")
    lines = await client.ok(f"FETCH {messages} (UID BODY.PEEK[{item}])")
    assert b"\r\n".join(lines) == b"\r\n".join(wanted)


async def test_what_others_expunge_is_told_among_what_is_there() -> None:
    house = await house_with_all()
    client, other = await house.client(), await house.client()
    for each in (client, other):
        await each.ok("SELECT INBOX")
    await other.ok("UID STORE 7,205 +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ask("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    subjects = [line for line in lines if line.startswith(b"Subject")]
    assert subjects == [b"Subject: Number %d" % number for number in range(1, COUNT + 1)]
    assert lines[-1].startswith(b"OK [EXPUNGEISSUED] ")


@pytest.mark.parametrize("item", ["", "HEADER", "1"])
async def test_where_older_messages_are_left_the_newest_come_first(item: str) -> None:
    house = await house_with_all()
    house.change_port(limits=ImapLimits(message_limit=COUNT - 1))
    client = await house.client()
    await client.ok("EXAMINE INBOX")
    lines = await client.ask(f"FETCH 1:* (UID BODY.PEEK[{item}])")
    heads = [line for line in lines if line.startswith(b"* ")]
    assert [int(head.split()[1]) for head in heads] == list(range(COUNT, 1, -1))
    assert lines[-1].startswith(b"OK [MESSAGELIMIT %d 2] " % (COUNT - 1))


async def test_small_messages_become_seen_when_they_are_read() -> None:
    client = await (await house_with_all()).client()
    await client.ok("SELECT INBOX")
    await client.ok("FETCH 10:250 (UID BODY[TEXT] FLAGS)")
    assert await client.ok("SEARCH RETURN (COUNT) SEEN") == [b'* ESEARCH (TAG "t4") COUNT 241']


async def test_several_sections_of_a_message_are_told_together() -> None:
    client = await (await house_with_all()).client()
    await client.ok("EXAMINE INBOX")
    octets = expected(2)
    header = header_of(octets)
    text = octets[len(header) :]
    lines = await client.ok(
        "FETCH 2 (BODY.PEEK[TEXT] RFC822.SIZE BODY.PEEK[HEADER.FIELDS (To)] BODY.PEEK[]<5.4>)"
    )
    to = b"To: Bob <bob@b.example>\r\n\r\n"
    assert b"\r\n".join(lines) == (
        b"* 2 FETCH (RFC822.SIZE %d BODY[TEXT] {%d}\r\n%b BODY[HEADER.FIELDS (To)] {%d}\r\n%b"
        b" BODY[]<5> {4}\r\n%b)" % (len(octets), len(text), text, len(to), to, octets[5:9])
    )


_LINES = st.sampled_from(
    [b"From: a", b"from : b", b" folded", b"\tfolded", b"To:", b"X-From: c", b"rubbish", b"", b"\r"]
)
_ENDS = st.sampled_from([b"\r\n", b"\n", b"\r\n\r\n", b""])


@given(st.lists(st.tuples(_LINES, _ENDS), max_size=8), st.sampled_from([b"From", b"to"]))
@example([(b"From: a", b"")], b"From")
@example([(b"From: a\r", b"")], b"From")
def test_fields_found_by_pattern_are_those_of_the_header(
    lines: list[tuple[bytes, bytes]], name: bytes
) -> None:
    header = b"".join(line + end for line, end in lines)
    header, found, _ = header.partition(b"\n\r\n")  # what stands behind it is no header
    header += found
    spec = SectionSpec(text=SectionText.HEADER_FIELDS, fields=(name,))
    spell = start_speller(BodySection(spec, True, None, b"X"))
    assert spell is not None
    fields = header_fields(header, Range(0, len(header)), [name])
    assert spell(header, len(header)) == b"X {%d}\r\n%b" % (len(fields), fields)


async def test_what_was_begun_ahead_is_given_up_with_the_rest() -> None:
    ended: list[int] = []

    async def work(number: int) -> int:
        try:
            await asyncio.sleep(0 if number == 1 else 60)
        finally:
            ended.append(number)
        return number

    results = one_ahead(map(work, (1, 2, 3)))
    assert await anext(results) == 1
    await results.aclose()
    await asyncio.sleep(0)
    assert ended == [1, 2]
