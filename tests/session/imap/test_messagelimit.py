"""MESSAGELIMIT and SAVELIMIT: a client that goes on where it was left off misses nothing."""

import re
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.session.imap.ports import ImapLimits
from roost.store.filing import file_messages
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house

_LIMIT = re.compile(rb"OK \[MESSAGELIMIT (\d+) (\d+)\] ")


async def new_client(messages: int, message_limit: int) -> tuple[ImapHouse, ImapClient]:
    """A client that selected INBOX with so many messages."""
    house = await new_house()
    house.change_port(limits=ImapLimits(message_limit=message_limit))
    ref = await house.ref()
    filings = [
        new_filing(ref, message_octets(number), START + timedelta(seconds=number))
        for number in range(messages)
    ]
    for start in range(0, messages, 500):
        await house.store.write(partial(file_messages, filings=filings[start : start + 500]))
    client = await house.client()
    await client.ok("SELECT INBOX")
    return house, client


async def uids_told(client: ImapClient, command: str, limit: int) -> list[list[int]]:
    """What each of the commands told; the set of each goes on below the uid told before."""
    told: list[list[int]] = []
    last = "*"
    while True:
        lines = await client.ask(command.format(f"1:{last}"))
        found = _LIMIT.match(lines[-1])
        numbers = [
            int(number)
            for line in lines[:-1]
            for number in (re.findall(rb"UID (\d+)", line) or re.findall(rb" (\d+)", line))
        ]
        told.append(numbers)
        if found is None:
            assert lines[-1].startswith(b"OK "), lines[-1]
            return told
        assert int(found[1]) == limit
        assert int(found[2]) == min(numbers)
        last = str(int(found[2]) - 1)


@given(
    limit=st.integers(1, 7), gone=st.sets(st.integers(1, 9)), fetch=st.sampled_from(["FETCH", ""])
)
@settings(max_examples=25, deadline=None)
async def test_who_goes_on_below_is_told_of_every_message_once(
    limit: int, gone: set[int], fetch: str
) -> None:
    house, client = await new_client(9, limit)
    for uid in gone:
        await client.ok(f"UID STORE {uid} +FLAGS (\\Deleted)")
    await client.ok("EXPUNGE")
    command = "UID FETCH {} UID" if fetch else "UID SEARCH UID {}"
    told = await uids_told(client, command, limit)
    assert sorted(uid for some in told for uid in some) == sorted(set(range(1, 10)) - gone)
    assert all(len(some) == limit for some in told[:-1])
    await house.store.close()


async def test_messages_beyond_one_page_are_told_from_the_highest_uid_down() -> None:
    _, client = await new_client(1_250, 1_000)
    first, second = await uids_told(client, "UID FETCH {} UID", 1_000)
    assert first == list(range(1_250, 250, -1))
    assert second == list(range(1, 251))


async def test_flags_beyond_one_page_are_changed_from_the_highest_uid_down() -> None:
    _, client = await new_client(1_250, 1_000)
    lines = await client.ask(r"UID STORE 1:* (UNCHANGEDSINCE 1500) +FLAGS (\Flagged)")
    assert lines[-1].startswith(b"OK [MESSAGELIMIT 1000 251] ")
    uids = [int(found[1]) for line in lines if (found := re.search(rb"UID (\d+)", line))]
    assert set(uids) == set(range(251, 1_251))
    assert max(uids[500:]) < min(uids[:500])
    lines = await client.ask(r"UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\Flagged)")
    assert lines[-2] == b"* NO [MESSAGELIMIT 1000 251] the older messages are left"
    assert lines[-1].startswith(b"OK [MODIFIED 251:1250] ")


async def test_what_was_read_is_seen_and_what_was_left_is_not() -> None:
    _, client = await new_client(3, 2)
    await client.ok("FETCH 1:* BODY[TEXT]")
    assert (await client.ok("SEARCH 1:2 UNSEEN"))[0] == b"* SEARCH 1"


async def test_a_sync_counts_only_what_changed() -> None:
    _, client = await new_client(5, 2)
    line = (await client.ok("STATUS INBOX (HIGHESTMODSEQ)"))[0]
    modseq = int(re.findall(rb"\d+", line)[-1])
    for uid in (1, 2, 3):
        await client.ok(f"UID STORE {uid} +FLAGS.SILENT (\\Seen)")
    lines = await client.ask(f"UID FETCH 1:* FLAGS (CHANGEDSINCE {modseq})")
    assert [line.split()[1] for line in lines[:-1] if b"FETCH" in line] == [b"3", b"2"]
    assert lines[-1].startswith(b"OK [MESSAGELIMIT 2 2] ")
    lines = await client.ask(f"UID FETCH 1:1 FLAGS (CHANGEDSINCE {modseq})")
    assert lines[-1] == b"OK FETCH done"


async def test_expungeissued_keeps_the_tagged_answer() -> None:
    house, client = await new_client(4, 2)
    other = await house.client()
    await other.ok("SELECT INBOX")
    await other.ok("UID STORE 4 +FLAGS (\\Deleted)")
    await other.ok("EXPUNGE")
    lines = await client.ask("FETCH 1:* UID")
    assert lines == [
        b"* 4 FETCH (UID 4)",
        b"* 3 FETCH (UID 3)",
        b"* NO [MESSAGELIMIT 2 3] the older messages are left",
        b"OK [EXPUNGEISSUED] FETCH done",
    ]


@pytest.mark.parametrize(
    ("every", "saving", "told"),
    [
        (0, 0, set()),
        (1000, 0, {b"MESSAGELIMIT=1000"}),
        (0, 2000, {b"SAVELIMIT=2000"}),
        (5000, 2000, {b"MESSAGELIMIT=5000", b"SAVELIMIT=2000"}),
        (1000, 2000, {b"MESSAGELIMIT=1000"}),
    ],
    ids=["off", "all commands", "saving", "saving is stricter", "saving says nothing new"],
)
async def test_they_are_announced_when_they_are_on(
    every: int, saving: int, told: set[bytes]
) -> None:
    house = await new_house()
    house.change_port(limits=ImapLimits(message_limit=every, save_limit=saving))
    for login in (False, True):
        (line,) = await (await house.client(login=login)).ok("CAPABILITY")
        assert {word for word in line.split() if b"LIMIT=" in word} == {
            b"APPENDLIMIT=104857600",
            *told,
        }


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("UIDAFTER 2", b"* SEARCH 3 4"),
        ("UIDAFTER 4", b"* SEARCH"),
        ("UIDAFTER 4294967295", b"* SEARCH"),
        ("UIDBEFORE 1", b"* SEARCH"),
        ("UIDBEFORE 3", b"* SEARCH 1 2"),
        ("NOT UIDBEFORE 3", b"* SEARCH 3 4"),
        ("UIDAFTER 1 UIDBEFORE 4", b"* SEARCH 2 3"),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [0, 4], ids=["off", "on"])
async def test_uidafter_and_uidbefore(key: str, found: bytes, limit: int) -> None:
    _, client = await new_client(4, limit)
    assert await client.ok(f"SEARCH {key}") == [found]
