"""CONDSTORE: modseqs as clients see them, at once and in any number."""

import asyncio
import re

import pytest

from roost.store.engine import WriteTx
from roost.store.filing import file_messages
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house

MODSEQ = re.compile(rb"\* \d+ FETCH \(.*MODSEQ \((\d+)\)\)")
HIGHEST = re.compile(rb".*\[HIGHESTMODSEQ (\d+)\].*")


async def house_with(count: int) -> ImapHouse:
    house = await new_house()
    ref = await house.ref()

    async def work(tx: WriteTx) -> None:
        octets = message_octets(1)
        await file_messages(tx, [new_filing(ref, octets, house.clock.now()) for _ in range(count)])

    await house.store.write(work)
    return house


async def aware(house: ImapHouse) -> tuple[ImapClient, int]:
    """A client that knows CONDSTORE, and HIGHESTMODSEQ as it was told."""
    client = await house.client()
    lines = await client.ok("SELECT INBOX (CONDSTORE)")
    return client, highest_in(lines)


def highest_in(lines: list[bytes]) -> int:
    return [int(found[1]) for line in lines if (found := HIGHEST.fullmatch(line))][-1]


def modseqs_in(lines: list[bytes]) -> list[int]:
    return [int(found[1]) for line in lines if (found := MODSEQ.fullmatch(line))]


async def test_one_of_two_that_change_the_same_at_once_fails() -> None:
    house = await house_with(1)
    (one, highest), (two, _) = await aware(house), await aware(house)
    command = rf"STORE 1 (UNCHANGEDSINCE {highest}) FLAGS.SILENT (\Seen)"
    answers = await asyncio.gather(one.ask(command), two.ask(command.replace("Seen", "Flagged")))
    assert sorted(lines[-1].startswith(b"OK [MODIFIED 1] ") for lines in answers) == [False, True]


async def test_every_change_has_a_higher_modseq_and_silence_tells_it() -> None:
    house = await house_with(3)
    client, highest = await aware(house)
    for command in ("+FLAGS (a)", "+FLAGS.SILENT (b)", "-FLAGS.SILENT (a)", "FLAGS (c)"):
        told = modseqs_in(await client.ok(f"STORE 1:3 {command}"))
        assert len(told) == 3
        assert min(told) > highest
        highest = max(told)
    assert modseqs_in(await client.ok("STORE 1:3 +FLAGS.SILENT (c)")) == []


async def test_highest_modseq_is_that_of_the_last_change_or_expunge() -> None:
    house = await house_with(3)
    client, highest = await aware(house)
    other, _ = await aware(house)
    told = modseqs_in(await client.ok(r"STORE 2 +FLAGS (\Deleted)"))
    assert highest_in(await other.ok("SELECT INBOX")) == told[0]
    await client.ok("EXPUNGE")
    assert highest_in(await other.ok("SELECT INBOX")) > told[0] > highest
    lines = await other.ok("STATUS INBOX (HIGHESTMODSEQ)")
    assert lines == [b"* STATUS INBOX (HIGHESTMODSEQ %d)" % (await aware(house))[1]]


@pytest.mark.parametrize("count", [499, 500, 501, 1300])
async def test_changed_since_finds_any_number(count: int) -> None:
    house = await house_with(count + 2)
    client, highest = await aware(house)
    await client.ok(rf"STORE 2:{count + 1} +FLAGS.SILENT (\Seen)")
    lines = await client.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})")
    assert [int(line.split(b" ")[1]) for line in lines] == list(range(2, count + 2))
    lines = await client.ok(f"FETCH 3:4,{count + 1}:* (FLAGS) (CHANGEDSINCE {highest})")
    assert [int(line.split(b" ")[1]) for line in lines] == [3, 4, count + 1]
    (line,) = await client.ok(f"SEARCH RETURN (COUNT) MODSEQ {highest + 1}")
    assert line.startswith(b'* ESEARCH (TAG "')
    assert b" COUNT %d MODSEQ " % count in line


async def test_who_does_not_know_of_modseqs_is_not_told() -> None:
    house = await house_with(1)
    client, _ = await aware(house)
    plain = await house.client()
    await plain.ok("SELECT INBOX")
    await client.ok(r"STORE 1 +FLAGS (\Seen)")
    assert await plain.ok("NOOP") == [rb"* 1 FETCH (FLAGS (\Seen))"]


async def test_a_modseq_never_goes_down_even_of_what_another_expunged() -> None:
    house = await house_with(3)
    (client, _), other = await aware(house), await house.client()
    await other.ok("SELECT INBOX")
    await other.ok(r"STORE 1 +FLAGS (\Deleted)")
    await other.ok("EXPUNGE")
    await other.ok(r"STORE 1 +FLAGS (\Deleted)")
    (told,) = modseqs_in(await client.ok("FETCH 3 UID"))
    await other.ok("EXPUNGE")
    lines = await client.ok("FETCH 2 (MODSEQ)")
    assert modseqs_in(lines[:1])[0] >= told
    assert highest_in(lines) < told
