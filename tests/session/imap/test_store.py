"""STORE: who hears what, many messages at once, messages that are gone."""

import pytest

from roost.store.check import check
from roost.store.filing import file_messages
from roost.store.flags import SEEN, Flags
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def house_with(count: int, *, seen: bool = False) -> ImapHouse:
    house = await new_house()
    ref = await house.ref()
    flags = Flags(SEEN if seen else 0)
    filings = [
        new_filing(ref, message_octets(number), START, flags=flags)
        for number in range(1, count + 1)
    ]
    await house.store.write(lambda tx: file_messages(tx, filings))
    return house


async def selected(house: ImapHouse, verb: str = "SELECT") -> ImapClient:
    client = await house.client()
    await client.ok("ENABLE IMAP4rev2")
    await client.ok(f"{verb} INBOX")
    return client


@pytest.mark.parametrize(
    ("before", "command", "told"),
    [
        ("", "+FLAGS (\\Seen)", b"\\Seen"),
        ("\\Seen", "+FLAGS (\\Flagged)", b"\\Seen \\Flagged"),
        ("\\Seen \\Flagged", "-FLAGS (\\Seen)", b"\\Flagged"),
        ("\\Seen \\Flagged", "FLAGS (\\Draft)", b"\\Draft"),
        ("\\Seen", "FLAGS ()", b""),
        ("Work", "+FLAGS (home)", b"home work"),
        ("work home", "-FLAGS (WORK)", b"home"),
        ("", "+FLAGS ($junk)", b"$Junk"),
        ("", "+FLAGS \\Answered \\Seen", b"\\Seen \\Answered"),
        ("\\Seen", "+FLAGS (\\Seen)", b"\\Seen"),
        ("", "-FLAGS (\\Seen)", b""),
        ("\\Seen", "FLAGS (\\Seen \\Recent)", b"\\Seen"),
        ("", "+FLAGS (\\Recent)", b""),
    ],
)
async def test_what_becomes_of_flags_is_told(before: str, command: str, told: bytes) -> None:
    house = await house_with(1)
    client = await selected(house)
    await client.ok(f"STORE 1 FLAGS.SILENT ({before})")
    lines = await client.ok(f"STORE 1 {command}")
    assert [line for line in lines if b"FETCH" in line] == [b"* 1 FETCH (UID 1 FLAGS (%b))" % told]
    assert await client.ok("FETCH 1 FLAGS") == [b"* 1 FETCH (FLAGS (%b))" % told]
    assert await check(house.store, house.clock) == []


async def test_silent_is_silent_to_oneself_only() -> None:
    house = await house_with(2)
    client, other = await selected(house), await selected(house)
    assert await client.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)") == []
    assert await client.ok("NOOP") == []
    assert await other.ok("NOOP") == [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen))",
        b"* 2 FETCH (UID 2 FLAGS (\\Seen))",
    ]


async def test_silent_does_not_hide_what_another_changed_since() -> None:
    house = await house_with(1)
    client, other = await selected(house), await selected(house)
    await other.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
    await client.ok("NOOP")
    client.wire.feed(b"a STORE 1 +FLAGS.SILENT (\\Seen)\r\n")
    other.wire.feed(b"b STORE 1 +FLAGS.SILENT (\\Answered)\r\n")
    while not (await client.wire.line()).startswith(b"a OK"):
        pass
    while not (await other.wire.line()).startswith(b"b OK"):
        pass
    assert (await client.ok("FETCH 1 FLAGS"))[0] == (
        b"* 1 FETCH (FLAGS (\\Seen \\Answered \\Flagged))"
    )


async def test_a_new_keyword_is_named_before_it_is_seen() -> None:
    client = await selected(await house_with(1))
    lines = await client.ok("STORE 1 +FLAGS (Fresh)")
    assert lines[0].startswith(b"* FLAGS (")
    assert lines[0].endswith(b" fresh)")
    assert lines[-1] == b"* 1 FETCH (UID 1 FLAGS (fresh))"


async def test_many_messages() -> None:
    house = await house_with(1_203)
    client = await selected(house)
    lines = await client.ok("UID STORE 1:600,700,800:* +FLAGS (\\Flagged)")
    assert len(lines) == 600 + 1 + 404
    assert await client.ok("UID STORE 1:* +FLAGS.SILENT (\\Flagged)") == []
    assert len(await client.ok("STORE 1:* +FLAGS (\\Flagged)")) == 1_203
    (line,) = await client.ok("SEARCH RETURN (COUNT) FLAGGED")
    assert line.endswith(b"COUNT 1203")
    assert await check(house.store, house.clock) == []


async def test_nothing_changes_on_examine() -> None:
    client = await selected(await house_with(1), "EXAMINE")
    (line,) = await client.ask("STORE 1 +FLAGS (\\Seen)")
    assert line.startswith(b"NO [READ-ONLY] ")
    assert await client.ok("FETCH 1 FLAGS") == [b"* 1 FETCH (FLAGS ())"]


async def test_messages_that_are_gone() -> None:
    house = await house_with(3)
    client, other = await selected(house), await selected(house)
    await other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ask("STORE 1:3 +FLAGS (\\Seen)")
    assert [line for line in lines if b"FETCH" in line] == [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen))",
        b"* 3 FETCH (UID 3 FLAGS (\\Seen))",
    ]
    assert lines[-1].startswith(b"NO [EXPUNGEISSUED] ")
    lines = await client.ok("UID STORE 1:3 -FLAGS (\\Seen)")
    assert lines[-1] == b"* 2 EXPUNGE"
    (line,) = await client.ask("STORE 3 +FLAGS (\\Seen)")
    assert line.startswith(b"BAD ")
    assert await client.ok("UID STORE 2,90 +FLAGS (\\Seen)") == []


@pytest.mark.parametrize(
    "arguments",
    ["1 FLAGS (\\Nonsense)", "1 FLAGS", "1 FLAGS.LOUD (\\Seen)", "0 FLAGS ()", "1 FLAGS ({})"],
)
async def test_what_makes_no_sense(arguments: str) -> None:
    client = await selected(await house_with(1))
    (line,) = await client.ask(f"STORE {arguments}")
    assert line.startswith(b"BAD ")
