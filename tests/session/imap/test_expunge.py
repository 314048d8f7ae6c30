"""EXPUNGE and UID EXPUNGE."""

import pytest

from roost.store.check import check
from roost.store.filing import file_messages
from roost.store.flags import DELETED, Flags
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def house_with(count: int, *, deleted: range) -> ImapHouse:
    house = await new_house()
    ref = await house.ref()
    filings = [
        new_filing(
            ref, message_octets(number), START, flags=Flags(DELETED if number in deleted else 0)
        )
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
    ("command", "gone"),
    [
        ("EXPUNGE", [2, 4, 6]),
        ("UID EXPUNGE 1:*", [2, 4, 6]),
        ("UID EXPUNGE 1:4", [2, 4]),
        ("UID EXPUNGE 4,6:900", [4, 6]),
        ("UID EXPUNGE *", []),
        ("UID EXPUNGE 1,3,5,7", []),
        ("UID EXPUNGE 900", []),
    ],
)
async def test_what_leaves(command: str, gone: list[int]) -> None:
    house = await house_with(7, deleted=range(2, 7, 2))
    client, other = await selected(house), await selected(house)
    told = [b"* %d EXPUNGE" % number for number in reversed(gone)]
    assert await client.ok(command) == told
    assert await other.ok("NOOP") == told
    left = [uid for uid in range(1, 8) if uid not in gone]
    assert await client.ok("FETCH 1:* UID") == [
        b"* %d FETCH (UID %d)" % (number, uid) for number, uid in enumerate(left, 1)
    ]
    assert await check(house.store, house.clock) == []


async def test_many_go_in_works() -> None:
    house = await house_with(1_203, deleted=range(101, 1_204))
    client = await selected(house)
    lines = await client.ok("EXPUNGE")
    assert lines == [b"* %d EXPUNGE" % number for number in range(1_203, 100, -1)]
    assert await check(house.store, house.clock) == []


async def test_many_gaps_go_in_works() -> None:
    house = await house_with(1_300, deleted=range(1, 1_301))
    client = await selected(house)
    odd = ",".join(map(str, range(1, 1_301, 2)))
    assert len(await client.ok(f"UID EXPUNGE {odd}")) == 650
    assert len(await client.ok("EXPUNGE")) == 650


@pytest.mark.parametrize("command", ["EXPUNGE", "UID EXPUNGE 1:*"])
async def test_nothing_leaves_on_examine(command: str) -> None:
    house = await house_with(2, deleted=range(1, 3))
    client = await selected(house, "EXAMINE")
    (line,) = await client.ask(command)
    assert line.startswith(b"NO [READ-ONLY] ")
    assert len(await client.ok("FETCH 1:* UID")) == 2


async def test_what_search_saved_can_be_expunged() -> None:
    house = await house_with(4, deleted=range(1, 5))
    client = await selected(house)
    await client.ok("SEARCH RETURN (SAVE) 2:3")
    assert await client.ok("UID EXPUNGE $") == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]
    assert await client.ok("UID EXPUNGE $") == []


async def test_numbers_stay_while_another_expunges() -> None:
    house = await house_with(5, deleted=range(2, 4))
    client, other = await selected(house), await selected(house)
    assert await client.ok("EXPUNGE") == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]
    assert await other.ok("FETCH 5 UID") == [b"* 5 FETCH (UID 5)"]
    assert await other.ok("NOOP") == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]
    assert await other.ok("FETCH 3 UID") == [b"* 3 FETCH (UID 5)"]
