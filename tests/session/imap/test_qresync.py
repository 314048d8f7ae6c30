"""QRESYNC: who comes back with what it knew learns all that happened meanwhile."""

import re
from array import array
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.ids import MailboxRef
from roost.proto.imap.sequence import parse
from roost.session.imap.qresync import common
from roost.store.cleanup import clean_up
from roost.store.engine import WriteTx
from roost.store.filing import file_messages
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house

EARLIER = re.compile(rb"\* VANISHED \(EARLIER\) (.*)")
FETCH = re.compile(rb"\* (\d+) FETCH \(UID (\d+) FLAGS \(([^)]*)\) MODSEQ \((\d+)\)\)")
HIGHEST = re.compile(rb".*\[HIGHESTMODSEQ (\d+)\].*")
VALIDITY = re.compile(rb".*\[UIDVALIDITY (\d+)\].*")


async def file(house: ImapHouse, count: int) -> MailboxRef:
    ref = await house.ref()

    async def work(tx: WriteTx) -> None:
        octets = message_octets(1)
        await file_messages(tx, [new_filing(ref, octets, house.clock.now()) for _ in range(count)])

    await house.store.write(work)
    return ref


async def resyncing(house: ImapHouse) -> ImapClient:
    client = await house.client()
    await client.ok("ENABLE QRESYNC")
    return client


def number_in(pattern: re.Pattern[bytes], lines: list[bytes]) -> int:
    return next(int(found[1]) for line in lines if (found := pattern.fullmatch(line)))


def gone_in(lines: list[bytes]) -> set[int]:
    sets = [parse(found[1]) for line in lines if (found := EARLIER.fullmatch(line))]
    return {uid for one in sets for low, high in one.ranges for uid in range(low, high + 1)}


@pytest.mark.parametrize("seed", range(10))
async def test_who_comes_back_knows_what_the_mailbox_holds(seed: int) -> None:
    """A client that leaves at random and comes back only with QRESYNC has the right flags."""
    random = Random(seed)
    house = await new_house()
    await file(house, 8)
    busy = await house.client()
    await busy.ok("SELECT INBOX")
    known: dict[int, bytes] = {}
    validity, modseq = 1, 1
    for _ in range(12):
        for _ in range(random.randrange(4)):
            first = random.randrange(1, 12)
            flag = random.choice([r"\Deleted", r"\Seen", "$Work"])
            await busy.ok(f"UID STORE {first}:{first + 1} {random.choice('+-')}FLAGS ({flag})")
            await busy.ok(random.choice(["NOOP", "EXPUNGE", "NOOP"]))
        await file(house, random.randrange(2))
        client = await resyncing(house)
        lines = await client.ok(f"EXAMINE INBOX (QRESYNC ({validity} {modseq}))")
        if validity == 1:
            lines += await client.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)")
        validity, modseq = number_in(VALIDITY, lines), number_in(HIGHEST, lines)
        gone = gone_in(lines)
        known = {uid: flags for uid, flags in known.items() if uid not in gone}
        found = [one for line in lines if (one := FETCH.fullmatch(line))]
        known |= {int(one[2]): one[3].replace(rb"\Recent", b"").strip() for one in found}
        lines = await client.ok("UID FETCH 1:* (FLAGS MODSEQ)")
        told = [one for line in lines if (one := FETCH.fullmatch(line))]
        assert known == {int(one[2]): one[3].replace(rb"\Recent", b"").strip() for one in told}
        assert all(int(one[4]) <= modseq for one in told)
        client.wire.end()
    await house.store.close()


async def test_when_it_is_not_known_any_more_all_that_is_not_there_counts_as_gone() -> None:
    house = await new_house()
    await file(house, 9)
    client = await resyncing(house)
    lines = await client.ok("SELECT INBOX")
    validity, modseq = number_in(VALIDITY, lines), number_in(HIGHEST, lines)
    await client.ok(r"STORE 2:4,9 +FLAGS.SILENT (\Deleted)")
    await client.ok("EXPUNGE")
    house.clock.advance(timedelta(days=91))
    await clean_up(house.store, house.clock)
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq + 1}))")
    assert gone_in(lines) == {2, 3, 4, 9}
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq + 1} 3:7))")
    assert gone_in(lines) == {3, 4}
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq + 1} (2:3 5:6)))")
    assert gone_in(lines) == {9}
    lines = await client.ok("UID FETCH 4:* (UID) (CHANGEDSINCE 1 VANISHED)")
    assert gone_in(lines) == {4, 9}
    highest = number_in(HIGHEST, await client.ok("SELECT INBOX"))
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} {highest}))")
    assert gone_in(lines) == set()


@pytest.mark.parametrize("count", [499, 500, 501, 1200])
async def test_any_number_of_messages_may_have_left_or_changed(count: int) -> None:
    house = await new_house()
    await file(house, count + 3)
    client = await resyncing(house)
    lines = await client.ok("SELECT INBOX")
    validity, modseq = number_in(VALIDITY, lines), number_in(HIGHEST, lines)
    other = await house.client()
    await other.ok("SELECT INBOX")
    await other.ok(rf"STORE 2:{count + 1} +FLAGS.SILENT (\Deleted)")
    await other.ok("EXPUNGE")
    assert await client.ok("NOOP") == [b"* VANISHED 2:%d" % (count + 1)]
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq}))")
    assert gone_in(lines) == set(range(2, count + 2))
    lines = await client.ok("UID FETCH 1:* (UID) (CHANGEDSINCE 1)")
    assert len(lines) == 3


async def test_an_empty_mailbox_has_nothing_to_tell() -> None:
    house = await new_house()
    client = await resyncing(house)
    validity = number_in(VALIDITY, await client.ok("SELECT INBOX"))
    lines = await client.ok(f"SELECT INBOX (QRESYNC ({validity} 1))")
    assert not any(line.startswith((b"* VANISHED", b"* 1 FETCH")) for line in lines)
    assert await client.ok("UID FETCH 1:* UID (CHANGEDSINCE 1 VANISHED)") == []


async def test_expunges_wait_while_a_search_names_numbers() -> None:
    house = await new_house()
    await file(house, 3)
    client = await resyncing(house)
    await client.ok("SELECT INBOX")
    other = await house.client()
    await other.ok("SELECT INBOX")
    await other.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ok("UID SEARCH 2:3")
    assert lines[0] == b"* SEARCH 2 3"
    assert not any(b"VANISHED" in line for line in lines)
    assert b"* VANISHED 1" in await client.ok("UID SEARCH ALL")


async def test_a_note_on_the_mailbox_raises_highest_modseq() -> None:
    house = await new_house()
    client = await resyncing(house)
    before = number_in(HIGHEST, await client.ok("SELECT INBOX"))
    await client.ok('SETMETADATA INBOX (/private/comment "mine")')
    assert number_in(HIGHEST, await client.ok("SELECT INBOX")) > before


RANGES = st.lists(st.integers(1, 60), unique=True).map(sorted)


@given(RANGES, RANGES)
def test_what_ranges_have_in_common(some: list[int], others: list[int]) -> None:
    def ranges_of(numbers: list[int]) -> tuple[tuple[int, int], ...]:
        return parse(b",".join(b"%d" % one for one in numbers)).ranges if numbers else ()

    found = common(ranges_of(some), ranges_of(others))
    numbers = array("I", [one for low, high in found for one in range(low, high + 1)])
    assert list(numbers) == sorted({*some} & {*others})
