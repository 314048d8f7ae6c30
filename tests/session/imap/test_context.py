"""Searches with UPDATE: whatever happens, the client's list is what a new search would find."""

import random
import re

import pytest

from roost.testing.imap import ImapClient, ImapHouse, new_house

_CHANGE = re.compile(rb"(\d+) ([\d:,]+)")
SUBJECTS = ["b", "a", "c", "a", "e", "d"]


def numbers(octets: bytes) -> list[int]:
    found: list[int] = []
    for part in octets.split(b","):
        low, _, high = part.partition(b":")
        found += range(int(low), int(high or low) + 1)
    return found


class Mirror:
    """A client's lists, by tag, brought up to date as RFC 5267 section 4.3 tells it to."""

    def __init__(self) -> None:
        self.lists: dict[bytes, list[int]] = {}
        self.numbered: set[bytes] = set()

    def hear(self, lines: list[bytes]) -> None:
        for line in lines:
            if found := re.match(rb'\* ESEARCH \(TAG "(t\d+)"\)( UID)?', line):
                self._result(found[1], line)
            elif found := re.match(rb"\* (\d+) EXPUNGE", line):
                self._expunge(int(found[1]))

    def _result(self, tag: bytes, line: bytes) -> None:
        if tag not in self.lists:
            found = re.search(rb"ALL ([\d:,]+)", line)
            self.lists[tag] = numbers(found[1]) if found else []
            return
        for verb, changes in re.findall(rb"(ADDTO|REMOVEFROM) \(([^)]*)\)", line):
            for position, some in _CHANGE.findall(changes):
                change = self._add if verb == b"ADDTO" else self._remove
                self.lists[tag] = change(self.lists[tag], int(position), numbers(some))

    @staticmethod
    def _add(told: list[int], position: int, some: list[int]) -> list[int]:
        assert not set(told) & set(some)
        if not position:
            return sorted([*told, *some])
        return told[: position - 1] + some + told[position - 1 :]

    @staticmethod
    def _remove(told: list[int], position: int, some: list[int]) -> list[int]:
        assert set(some) <= set(told)
        if position:
            assert told[position - 1 : position - 1 + len(some)] == some
        return [one for one in told if one not in some]

    def _expunge(self, number: int) -> None:
        for tag in self.numbered:
            assert number not in self.lists[tag], "REMOVEFROM comes before EXPUNGE"
            self.lists[tag] = [one - (one > number) for one in self.lists[tag]]


async def keep(client: ImapClient, mirror: Mirror, command: str) -> bytes:
    mirror.hear(await client.ok(command))
    tag = max(mirror.lists, key=lambda one: int(one[1:]))
    if not command.startswith("UID"):
        mirror.numbered.add(tag)
    return tag


async def change(client: ImapClient, rng: random.Random) -> list[bytes]:
    """One thing that happens, by this client."""
    count = rng.choice(["1:2", "2:4", "*", "1:*", "3"])
    flag = rng.choice(["\\Flagged", "\\Seen", "\\Deleted", "word"])
    match rng.randrange(6):
        case 0:
            subject = rng.choice(SUBJECTS)
            flags = rng.choice(["", "(\\Flagged)"])
            return await client.append(f"Subject: {subject}\r\n\r\nText.\r\n".encode(), flags=flags)
        case 1:
            return await client.ok("EXPUNGE")
        case _:
            return await client.ok(f"UID STORE {count} {rng.choice('+-')}FLAGS ({flag})")


SEARCHES = [
    ("UID SEARCH RETURN (UPDATE ALL) FLAGGED", "UID SEARCH RETURN (ALL) FLAGGED"),
    ("SEARCH RETURN (UPDATE ALL) NOT SEEN", "SEARCH RETURN (ALL) NOT SEEN"),
    (
        "UID SORT RETURN (UPDATE ALL) (SUBJECT REVERSE ARRIVAL) UTF-8 OR FLAGGED KEYWORD word",
        "UID SORT RETURN (ALL) (SUBJECT REVERSE ARRIVAL) UTF-8 OR FLAGGED KEYWORD word",
    ),
    (
        "SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 FLAGGED",
        "SORT RETURN (ALL) (REVERSE SUBJECT) UTF-8 FLAGGED",
    ),
]


@pytest.mark.parametrize("seed", range(8))
async def test_lists_stay_what_a_search_finds(seed: int) -> None:
    rng = random.Random(seed)
    house = await new_house()
    client, other = await house.client(), await house.client()
    for subject in SUBJECTS:
        await client.append(f"Subject: {subject}\r\n\r\nText.\r\n".encode(), flags="(\\Flagged)")
    await client.ok("SELECT INBOX")
    await other.ok("SELECT INBOX")
    mirror = Mirror()
    kept = [(await keep(client, mirror, update), again) for update, again in SEARCHES]
    for _ in range(25):
        if rng.random() < 0.6:
            mirror.hear(await change(client, rng))
        else:
            await change(other, rng)
        mirror.hear(await client.ok("NOOP"))
        for tag, again in kept:
            fresh = Mirror()
            fresh.hear(await client.ok(again))
            assert mirror.lists[tag] == next(iter(fresh.lists.values()))
    await house.store.close()


async def with_messages(count: int) -> tuple[ImapHouse, ImapClient]:
    house = await new_house()
    client = await house.client()
    for _ in range(count):
        await client.append(b"Subject: a\r\n\r\nText.\r\n")
    await client.ok("SELECT INBOX")
    return house, client


async def test_a_client_has_so_many_and_may_cancel() -> None:
    house, client = await with_messages(1)
    for _ in range(10):
        assert all(b"NOUPDATE" not in line for line in await client.ok("SEARCH RETURN (UPDATE) 1"))
    lines = await client.ok("SEARCH RETURN (UPDATE COUNT) 1")
    assert lines[0] == b'* ESEARCH (TAG "t14") COUNT 1'
    assert lines[1].startswith(b'* NO [NOUPDATE "t14"]')
    await client.ok('CANCELUPDATE "t5"')
    assert len(await client.ok("SEARCH RETURN (UPDATE COUNT) 1")) == 1
    await house.store.close()


async def test_news_of_results_come_while_idle() -> None:
    house, client = await with_messages(2)
    other = await house.client()
    await other.ok("SELECT INBOX")
    await client.ok("UID SEARCH RETURN (UPDATE COUNT) SEEN")
    client.wire.feed(b"i IDLE\r\n")
    assert await client.wire.line() == b"+ idling"
    await other.ok("STORE 2 +FLAGS (\\Seen)")
    heard = [await client.wire.line(), await client.wire.line()]
    assert heard[0].startswith(b"* 2 FETCH")
    assert heard[1] == b'* ESEARCH (TAG "t5") UID ADDTO (0 2)'
    client.wire.feed(b"DONE\r\n")
    await house.store.close()


async def test_another_mailbox_ends_all_updates() -> None:
    house, client = await with_messages(1)
    await client.ok("SEARCH RETURN (UPDATE) SEEN")
    await client.ok("SELECT INBOX")
    lines = await client.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
    assert not any(b"ESEARCH" in line for line in lines)
    await house.store.close()
