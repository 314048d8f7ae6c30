"""Whatever NOTIFY asks for, in the end a client knows the mailbox as it is. RFC 5465 section 3.1."""

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.testing.imap import ImapClient, new_house

STEPS = 25
ALL = "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))"
WISHES = [
    "NOTIFY NONE",
    "NOTIFY SET (personal (MessageNew MessageExpunge))",
    "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge))",
    "NOTIFY SET (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))",
    ALL,
]
_FETCH = re.compile(rb"\* (\d+) FETCH \((?:UID (\d+) )?FLAGS \(([^)]*)\)(?: MODSEQ \((\d+)\))?\)")


class Follower:
    """The messages as a client knows them: flags, None for those it was not told of."""

    def __init__(self) -> None:
        self.messages: list[frozenset[bytes] | None] = []

    def hear(self, lines: list[bytes]) -> None:
        for line in lines:
            words = line.split(b" ")
            if line.endswith(b" EXISTS"):
                assert int(words[1]) >= len(self.messages)
                self.messages += [None] * (int(words[1]) - len(self.messages))
            elif line.endswith(b" EXPUNGE"):
                del self.messages[int(words[1]) - 1]
            elif (found := _FETCH.fullmatch(line)) is not None:
                flags = frozenset(found[3].split()) - {b"\\Recent"}
                self.messages[int(found[1]) - 1] = flags


def change(chance: Random, count: int) -> bytes:
    """A command that changes the mailbox, of which somebody knows so many messages."""
    number, flag = chance.randint(1, max(count, 1)), chance.choice(["Seen", "Flagged", "Deleted"])
    commands = [
        "APPEND INBOX {1+}\r\nx",
        f"STORE {number} +FLAGS (\\{flag})",
        f"STORE {number} -FLAGS (\\{flag})",
        f"STORE 1:{number} +FLAGS (\\{flag})",
        "EXPUNGE",
        f"MOVE {number} Drafts",
        f"COPY {number} INBOX",
        f"FETCH {number} BODY[]",
    ]
    return chance.choice(commands).encode()


async def heard(client: ImapClient) -> list[bytes]:
    await client.wire.rest()
    lines = bytes(client.wire.output).split(b"\r\n")[:-1]
    client.wire.output.clear()
    return lines


@pytest.mark.parametrize("enabled", ["", "ENABLE CONDSTORE"], ids=["plain", "condstore"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_in_the_end_all_is_known(enabled: str, seed: int) -> None:
    house, chance = await new_house(), Random(seed)
    client, other = await house.client(), await house.client()
    mine, theirs = Follower(), Follower()
    for one, follower in ((client, mine), (other, theirs)):
        follower.hear(await one.ok("SELECT INBOX"))
    if enabled:
        await client.ok(enabled)
    for _ in range(STEPS):
        turn = chance.randint(0, 9)
        if turn == 0:
            mine.hear(await client.ok(chance.choice(WISHES)))
        elif turn <= 3:
            mine.hear(await client.ask(change(chance, len(mine.messages))))
        else:
            theirs.hear(await other.ask(change(chance, len(theirs.messages))))
        mine.hear(await heard(client))
    mine.hear(await client.ok(ALL))
    mine.hear(await heard(client))
    theirs.hear(await other.ok("NOOP"))
    there = Follower()
    there.hear([b"* %d EXISTS" % len(mine.messages)])
    there.hear(await client.ask("FETCH 1:* FLAGS"))
    assert len(mine.messages) == len(theirs.messages) == len(there.messages)
    for known, now in zip(mine.messages, there.messages, strict=True):
        assert known is None or known == now
    assert house.log.events == []
    await house.store.close()
