"""COPY and MOVE: COPYUID, all or none, quota, targets that are not there."""

import pytest

from roost.store.check import check
from roost.store.engine import Store
from roost.store.filing import file_messages
from roost.store.flags import FLAGGED, Flags
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def house_with(count: int) -> ImapHouse:
    """A house with messages in INBOX, every third one flagged, and a mailbox Other."""
    house = await new_house()
    ref = await house.ref()
    filings = [
        new_filing(
            ref,
            message_octets(number, subject=f"Number {number}"),
            START,
            flags=Flags(0 if number % 3 else FLAGGED, "work"),
        )
        for number in range(1, count + 1)
    ]
    await house.store.write(lambda tx: file_messages(tx, filings))
    client = await house.client()
    await client.ok("CREATE Other")
    await client.ok("LOGOUT")
    return house


async def selected(house: ImapHouse, verb: str = "SELECT", mailbox: str = "INBOX") -> ImapClient:
    client = await house.client()
    await client.ok("ENABLE IMAP4rev2")
    await client.ok(f"{verb} {mailbox}")
    return client


async def contents(house: ImapHouse, mailbox: str) -> list[bytes]:
    """Uid and flags of each message of a mailbox."""
    client = await selected(house, "EXAMINE", mailbox)
    return [line.split(b" FETCH ")[1] for line in await client.ok("UID FETCH 1:* FLAGS")]


async def sound(store: Store, house: ImapHouse) -> bool:
    return await check(store, house.clock) == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("COPY 1:3 Other", b"COPYUID %d 1:3 1:3"),
        ("COPY 2,4:5 Other", b"COPYUID %d 2,4:5 1:3"),
        ("UID COPY 2,4:5,70:80 Other", b"COPYUID %d 2,4:5 1:3"),
        ("UID COPY * Other", b"COPYUID %d 5 1"),
    ],
)
async def test_a_copy_tells_which_became_which(command: str, code: bytes) -> None:
    house = await house_with(5)
    client = await selected(house)
    (validity,) = [
        line.split()[-1].rstrip(b")") for line in await client.ok("STATUS Other (UIDVALIDITY)")
    ]
    (line,) = await client.ask(command)
    assert line == b"OK [" + code % int(validity) + b"] COPY done"
    assert await sound(house.store, house)


async def test_a_copy_has_flags_and_date_of_its_own() -> None:
    house = await house_with(3)
    client = await selected(house)
    await client.ok("COPY 3 Other")
    assert await contents(house, "Other") == [b"(UID 1 FLAGS (\\Flagged work))"]
    await client.ok("STORE 3 -FLAGS (\\Flagged)")
    assert await contents(house, "Other") == [b"(UID 1 FLAGS (\\Flagged work))"]
    assert (await contents(house, "INBOX"))[2] == b"(UID 3 FLAGS (work))"


async def test_a_copy_into_its_own_mailbox() -> None:
    house = await house_with(2)
    client = await selected(house)
    lines = await client.ask("COPY 1:2 INBOX")
    assert lines[0] == b"* 4 EXISTS"
    assert lines[-1].split(b"COPYUID ")[1].split(b" ", 1)[1] == b"1:2 3:4] COPY done"
    assert len(await contents(house, "INBOX")) == 4
    assert await sound(house.store, house)


@pytest.mark.parametrize("verb", ["COPY", "MOVE"])
async def test_nothing_is_no_failure_and_has_no_code(verb: str) -> None:
    client = await selected(await house_with(2))
    (line,) = await client.ask(f"UID {verb} 70:80 Other")
    assert line.startswith(b"OK ")
    assert b"[" not in line


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("1 Missing", b"NO [TRYCREATE] "),
        ("1 Other/Missing", b"NO [TRYCREATE] "),
        ("1 a//b", b"NO "),
        ("3 Other", b"BAD "),
    ],
)
@pytest.mark.parametrize("verb", ["COPY", "MOVE"])
async def test_refusals_leave_all_as_it_was(verb: str, arguments: str, answer: bytes) -> None:
    house = await house_with(2)
    client = await selected(house)
    (line,) = await client.ask(f"{verb} {arguments}")
    assert line.startswith(answer)
    assert len(await contents(house, "INBOX")) == 2
    assert await contents(house, "Other") == []


async def test_a_missing_target_is_told_even_where_nothing_is_copied() -> None:
    client = await selected(await house_with(2))
    (line,) = await client.ask("UID COPY 70 Missing")
    assert line.startswith(b"NO [TRYCREATE] ")


async def test_a_copy_above_the_quota_is_none_at_all() -> None:
    house = await house_with(4)
    house.change_port(default_quota=7 * len(message_octets(1, subject="Number 1")))
    client = await selected(house)
    (line,) = await client.ask("COPY 1:4 Other")
    assert line.startswith(b"NO [OVERQUOTA] ")
    assert await contents(house, "Other") == []
    await client.ok("COPY 1:3 Other")
    await client.ok("MOVE 4 Other")
    assert len(await contents(house, "Other")) == 4


async def test_a_copy_of_messages_that_are_gone_is_none_at_all() -> None:
    house = await house_with(3)
    client, other = await selected(house), await selected(house)
    await other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ask("COPY 1:3 Other")
    assert lines[-1].startswith(b"NO [EXPUNGEISSUED] ")
    assert await contents(house, "Other") == []
    lines = await client.ask("UID COPY 1:3 Other")
    assert b" 1,3 1:2]" in lines[-1]


@pytest.mark.parametrize("verb", ["EXAMINE", "SELECT"])
async def test_copying_needs_only_reading(verb: str) -> None:
    house = await house_with(1)
    client = await selected(house, verb)
    await client.ok("COPY 1 Other")
    assert len(await contents(house, "Other")) == 1


async def test_a_move_tells_where_before_what_left() -> None:
    house = await house_with(5)
    client, other = await selected(house), await selected(house)
    lines = await client.ask("MOVE 2,4 Other")
    assert lines[0].startswith(b"* OK [COPYUID ")
    assert lines[0].endswith(b" 2,4 1:2] moved")
    assert lines[1:3] == [b"* 4 EXPUNGE", b"* 2 EXPUNGE"]
    assert lines[3] == b"OK MOVE done"
    assert await other.ok("NOOP") == [b"* 4 EXPUNGE", b"* 2 EXPUNGE"]
    assert await contents(house, "Other") == [
        b"(UID 1 FLAGS (work))",
        b"(UID 2 FLAGS (work))",
    ]
    assert await sound(house.store, house)


async def test_a_move_of_many_goes_in_works() -> None:
    house = await house_with(1_203)
    client = await selected(house)
    lines = await client.ok("UID MOVE 2:1202 Other")
    assert lines[0].endswith(b" 2:1202 1:1201] moved")
    assert lines[1:] == [b"* %d EXPUNGE" % number for number in range(1_202, 1, -1)]
    assert len(await contents(house, "INBOX")) == 2
    assert await sound(house.store, house)


async def test_a_copy_of_many_is_one() -> None:
    house = await house_with(1_203)
    client = await selected(house)
    odd = ",".join(map(str, range(1, 1_204, 2)))
    (line,) = await client.ask(f"COPY {odd} Other")
    assert line.endswith(f" {odd} 1:602] COPY done".encode())
    assert await sound(house.store, house)


async def test_a_move_to_where_it_is_cannot_be() -> None:
    house = await house_with(1)
    client = await selected(house)
    (line,) = await client.ask("MOVE 1 inbox")
    assert line.startswith(b"NO [CANNOT] ")
    assert len(await contents(house, "INBOX")) == 1


async def test_a_move_needs_writing() -> None:
    client = await selected(await house_with(1), "EXAMINE")
    (line,) = await client.ask("MOVE 1 Other")
    assert line.startswith(b"NO [READ-ONLY] ")


async def test_a_move_passes_over_messages_that_are_gone() -> None:
    house = await house_with(3)
    client, other = await selected(house), await selected(house)
    await other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ask("MOVE 1:2 Other")
    assert lines[0].endswith(b" 1 1] moved")
    assert lines[-1].startswith(b"NO [EXPUNGEISSUED] ")
    assert len(await contents(house, "Other")) == 1


async def test_what_search_saved_can_be_moved() -> None:
    house = await house_with(6)
    client = await selected(house)
    await client.ok("SEARCH RETURN (SAVE) FLAGGED")
    lines = await client.ok("MOVE $ Other")
    assert lines[0].endswith(b" 3,6 1:2] moved")
    assert await client.ok("FETCH $ FLAGS") == []
