"""NOTIFY where mailboxes have several users: RFC 5465 sections 3.1 and 5, RFC 4314 section 4."""

from collections.abc import AsyncIterator

import pytest

from roost.store.check import check
from roost.testing.imap import USER, ImapClient, ImapHouse, new_house

HER = "her@mx.test"
BOX = '"Other Users/me@mx.test/INBOX"'
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
ALL = "(MessageNew (UID) MessageExpunge FlagChange)"
COUNTS = "(MessageNew MessageExpunge)"


@pytest.fixture
async def house() -> AsyncIterator[ImapHouse]:
    house = await new_house()
    await house.settle(HER)
    me = await house.client()
    for _ in range(2):
        await me.append(MESSAGE)
    await me.ok(f"SETACL INBOX {HER} lrswite")
    yield house
    assert await check(house.store, house.clock) == []
    assert house.log.events == []


async def both(house: ImapHouse, asked: str) -> tuple[ImapClient, ImapClient]:
    """The owner, and her with the mailbox of the owner selected, who asked NOTIFY for something."""
    me, her = await house.client(), await house.client(HER)
    await me.ok("SELECT INBOX")
    await her.ok(f"SELECT {BOX}")
    await her.ok(f"NOTIFY {asked}")
    return me, her


async def test_the_selected_mailbox_of_another_is_told_of_at_once(house: ImapHouse) -> None:
    me, her = await both(house, f"SET (selected {ALL}) (personal {COUNTS})")
    await me.ok("STORE 1 +FLAGS (\\Flagged)")
    assert await her.wire.line() == b"* 1 FETCH (UID 1 FLAGS (\\Flagged))"
    await me.append(MESSAGE)
    assert await her.wire.line() == b"* 3 EXISTS"
    assert (await her.wire.line()).endswith(b" RECENT")
    assert await her.wire.line() == b"* 3 FETCH (UID 3)"
    await me.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    assert await her.wire.line() == b"* 2 FETCH (UID 2 FLAGS (\\Deleted))"
    await me.ok("EXPUNGE")
    assert await her.wire.line() == b"* 2 EXPUNGE"


@pytest.mark.parametrize("asked", ["NONE", f"SET (personal {COUNTS})", f"SET (selected {ALL})"])
async def test_who_may_not_read_any_more_is_told_of_nothing(house: ImapHouse, asked: str) -> None:
    me, her = await both(house, asked)
    await me.ok(f"DELETEACL INBOX {HER}")
    await me.append(b"Subject: secret\r\n\r\n")
    await me.ok("STORE 1 +FLAGS (\\Flagged)")
    told = await her.ok("NOOP")
    expected = [b"* 2 EXPUNGE", b"* 1 EXPUNGE", b"* OK [CLOSED] the mailbox is gone"]
    assert [line for line in told if b"PERMANENTFLAGS" not in line] == expected
    await me.append(MESSAGE)
    assert await her.ok("NOOP") == []


async def test_what_one_does_in_a_mailbox_of_another_is_ones_own(house: ImapHouse) -> None:
    """Each account numbers its changes by itself, so that those of the owner's count."""
    me, her = await both(house, "NONE")
    await me.ok("STORE 2 +FLAGS.SILENT (\\Answered)")
    assert await her.ok("STORE 1 +FLAGS (\\Flagged)") == [b"* 1 FETCH (FLAGS (\\Flagged))"]
    await her.ok(f"NOTIFY SET (selected {COUNTS})")
    await her.append(MESSAGE)
    assert await her.ok("COPY 1 INBOX") == []
    assert await her.ok("STORE 1 -FLAGS (\\Flagged)") == [b"* 1 FETCH (FLAGS ())"]


async def test_mailboxes_of_others_that_are_not_selected_are_not_told_of(house: ImapHouse) -> None:
    me, her = await both(house, f'SET (subtree "Other Users" {COUNTS}) (personal {COUNTS})')
    await her.ok("UNSELECT")
    await me.append(MESSAGE)
    assert await her.ok("NOOP") == []
    await (await house.client(HER)).append(MESSAGE)
    assert (await her.wire.line()).startswith(b"* STATUS INBOX (")


async def test_what_one_forbade_oneself_to_read_is_not_counted(house: ImapHouse) -> None:
    me, too = await house.client(), await house.client()
    await me.ok("CREATE Blind")
    await me.ok(f"SETACL Blind {USER} lia")
    told = await too.ok(f"NOTIFY SET STATUS (mailboxes (Blind INBOX) {COUNTS})")
    assert [line.split()[2] for line in told] == [b"INBOX"]
    await me.append(MESSAGE, "Blind")
    assert await too.ok("NOOP") == []
