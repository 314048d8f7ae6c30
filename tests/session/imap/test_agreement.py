"""Several clients at once on one mailbox: what each was told is what the store holds.

Each client keeps a mirror made of nothing but the untagged answers, as RFC 9051 sections 5.2 and
7.5.1 let it; the clients act at random and at the same time.
"""

import asyncio
import re
from dataclasses import dataclass, field
from random import Random

import pytest

from roost.proto.imap.flags import spell_flags
from roost.store.placements import ALL_UIDS, page
from roost.testing.imap import ImapClient, ImapHouse, new_house

EXISTS = re.compile(rb"\* (\d+) EXISTS")
EXPUNGE = re.compile(rb"\* (\d+) EXPUNGE")
FETCH = re.compile(rb"\* (\d+) FETCH \((.*)\)")
UID = re.compile(rb"UID (\d+)")
FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")


@dataclass
class Known:
    """A message as a client knows it."""

    uid: int | None = None
    flags: frozenset[bytes] | None = None


@dataclass
class Mirror:
    """The selected mailbox as the untagged answers tell it."""

    messages: list[Known] = field(default_factory=list)

    def hear(self, line: bytes, *, numbered: bool) -> None:
        """Take in one line. numbered: whether a command runs in which EXPUNGE must not come."""
        if found := EXISTS.fullmatch(line):
            count = int(found[1])
            assert count >= len(self.messages), "EXISTS never shrinks"
            self.messages += [Known() for _ in range(count - len(self.messages))]
        elif found := EXPUNGE.fullmatch(line):
            assert not numbered, "EXPUNGE shifts the numbers of a command that runs"
            assert 1 <= int(found[1]) <= len(self.messages)
            del self.messages[int(found[1]) - 1]
        elif found := FETCH.fullmatch(line):
            self._fetch(int(found[1]), found[2])

    def _fetch(self, number: int, items: bytes) -> None:
        assert 1 <= number <= len(self.messages), "FETCH of a message nobody told of"
        known = self.messages[number - 1]
        if uid := UID.search(items):
            assert known.uid in (None, int(uid[1])), "a number changed its message"
            known.uid = int(uid[1])
        if flags := FLAGS.search(items):
            known.flags = frozenset(flags[1].split()) - {rb"\Recent"}

    @property
    def told(self) -> list[tuple[int | None, frozenset[bytes] | None]]:
        return [(known.uid, known.flags) for known in self.messages]


class Actor:
    """A client that does this and that."""

    def __init__(self, house: ImapHouse, seed: int) -> None:
        self._house = house
        self._random = Random(seed)
        self.mirror = Mirror()

    async def begin(self, *, rev2: bool) -> None:
        self._client: ImapClient = await self._house.client()
        if rev2:
            await self._client.ok("ENABLE IMAP4rev2")
        await self.ask("SELECT INBOX")

    async def ask(self, command: str | bytes) -> None:
        verb = (command if isinstance(command, str) else command.decode()).split(" ")[0]
        lines = await self._client.ask(command)
        assert not lines[-1].startswith(b"BAD"), (command, lines[-1])
        assert b"SERVERBUG" not in lines[-1], (command, lines[-1])
        for line in lines[:-1]:
            self.mirror.hear(line, numbered=verb in ("FETCH", "STORE", "SEARCH"))

    async def act(self) -> None:
        """One thing, at random."""
        choice = self._random.choice
        count = len(self.mirror.messages)
        flags = choice([r"\Seen", r"\Deleted", r"\Deleted", "$Work", r"\Flagged $Later"])
        store = f"{choice(['+', '-', ''])}FLAGS{choice(['', '.SILENT'])} ({flags})"
        commands: list[str | bytes] = ["NOOP", "EXPUNGE", self._message(), self._message()]
        if count:
            numbers = self._numbers(count)
            commands += [
                f"STORE {numbers} {store}",
                f"STORE {numbers} {store}",
                f"UID STORE 1:* {store}",
                f"FETCH {numbers} (UID FLAGS)",
                f"SEARCH {numbers} DELETED",
                f"COPY {numbers} INBOX",
                f"COPY {numbers} Archive",
                f"MOVE {numbers} Archive",
                f"UID MOVE {self._random.randrange(1, 40)} Archive",
                "IDLE",
            ]
        command = choice(commands)
        if command == "IDLE":
            await self._idle()
        else:
            await self.ask(command)

    async def learn(self) -> None:
        """Ask for whatever EXISTS told of, and nothing else."""
        await self.ask("NOOP")
        new = [n for n, known in enumerate(self.mirror.messages, 1) if known.uid is None]
        for number in new:
            await self.ask(f"FETCH {number} (UID FLAGS)")
        silent = [n for n, known in enumerate(self.mirror.messages, 1) if known.flags is None]
        assert silent == []

    async def _idle(self) -> None:
        wire = self._client.wire
        wire.feed(b"idle IDLE\r\n")
        for _ in range(self._random.randrange(1, 30)):
            await asyncio.sleep(0)
        wire.feed(b"DONE\r\n")
        while (line := await wire.line()) != b"idle OK IDLE ended":
            self.mirror.hear(line, numbered=False)

    def _numbers(self, count: int) -> str:
        first, last = sorted(self._random.randrange(1, count + 1) for _ in range(2))
        return f"{first}:{min(last, first + 5)}"

    def _message(self) -> bytes:
        octets = b"Subject: %d\r\n\r\n" % self._random.randrange(1000)
        return b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets)


async def held(house: ImapHouse) -> list[tuple[int | None, frozenset[bytes] | None]]:
    """What the store holds in INBOX."""
    ref = await house.ref()
    placed = await house.store.read(lambda tx: page(tx, ref, 1, ALL_UIDS))
    return [
        (one.uid, frozenset(spell_flags(one.flags, tuple(one.keywords.split()))[1:-1].split()))
        for one in placed
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_all_agree_after_noop(seed: int) -> None:
    house = await new_house()
    actors = [Actor(house, seed * 10 + number) for number in range(3)]
    for number, actor in enumerate(actors):
        await actor.begin(rev2=number == 2)

    async def live(actor: Actor) -> None:
        for _ in range(40):
            await actor.act()

    await asyncio.gather(*map(live, actors))
    for actor in actors:
        # STORE .SILENT is the one change that a client makes without being told what came of it.
        await actor.ask("NOOP")
        if actor.mirror.messages:
            await actor.ask("UID FETCH 1:* (UID FLAGS)")
    for actor in actors:
        await actor.learn()
        assert actor.mirror.told == await held(house)
    assert house.log.events == []
    await house.store.close()


@pytest.mark.parametrize("seed", range(8))
async def test_all_agree_without_asking_when_nobody_is_silent(seed: int) -> None:
    """As above, but what a client knows of a message is told unasked after its first FETCH."""
    house = await new_house()
    actors = [Actor(house, 500 + seed * 10 + number) for number in range(3)]
    for number, actor in enumerate(actors):
        await actor.begin(rev2=number == 2)
    random = Random(seed)
    for _ in range(60):
        actor = random.choice(actors)
        await actor.learn()
        count = len(actor.mirror.messages)
        number = random.randrange(1, count + 1) if count else 0
        flag = random.choice([r"\Seen", r"\Deleted", "$Work"])
        sign = random.choice("+-")
        commands: list[str | bytes] = ["EXPUNGE", actor._message(), actor._message()]
        if number:
            commands += [f"STORE {number} {sign}FLAGS ({flag})", f"COPY {number} INBOX"] * 2
        await actor.ask(random.choice(commands))
    for actor in actors:
        await actor.learn()
        assert actor.mirror.told == await held(house)
    await house.store.close()
