"""Who follows the names that NOTIFY tells has the mailboxes there are. RFC 5465 section 5.4."""

import re
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.testing.imap import ImapClient, new_house

NAMES = ["a", "b", "c", "a/x", "b/x", "a/x/y"]
STEPS = 14
KEPT = ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
_LINE = re.compile(r'\* LIST \(([^)]*)\) "/" (\S+)(?: \("OLDNAME" \((\S+)\)\))?')


class Follower:
    """The mailboxes and subscriptions that a client knows of."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.subscribed: set[str] = set()

    def hear(self, line: bytes) -> None:
        found = _LINE.fullmatch(line.decode())
        assert found is not None, line
        attributes, name, old = found.groups()
        if old is not None:
            self.there = {
                name + one[len(old) :] if one == old or one.startswith(old + "/") else one
                for one in self.there
            }
        if "NonExistent" in attributes:
            self.there.discard(name)
        else:
            self.there.add(name)
        if "Subscribed" in attributes:
            self.subscribed.add(name)
        else:
            self.subscribed.discard(name)


async def step(client: ImapClient, chance: Random) -> None:
    """Change one name or subscription, for the most part of what is there."""
    there = sorted(await listed(client, 'LIST "" "*"') - set(KEPT)) or NAMES
    new, old = chance.choice(NAMES), chance.choice(there)
    commands = [f"CREATE {new}", f"DELETE {old}", *[f"RENAME {old} {new}"] * 3]
    commands += [f"SUBSCRIBE {new}", f"UNSUBSCRIBE {old}"]
    await client.ask(chance.choice(commands))


async def listed(client: ImapClient, command: str) -> set[str]:
    return {line.split(b" ")[-1].decode() for line in await client.ok(command)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
async def test_who_follows_what_is_told_knows_all(seed: int, at_once: bool) -> None:
    house = await new_house()
    client, other = await house.client(), await house.client()
    follower = Follower()
    follower.there = await listed(client, 'LIST "" "*"')
    follower.subscribed = await listed(client, 'LIST (SUBSCRIBED) "" "*"')
    await client.ok("NOTIFY SET (personal (MailboxName SubscriptionChange))")
    if at_once:  # as long as a command is under way nothing is told
        client.wire.feed(b"x APPEND INBOX {1}\r\n")
        assert await client.wire.line() == b"+ go ahead"
    chance = Random(seed)
    for _ in range(STEPS):
        await step(other, chance)
    if at_once:
        client.wire.feed(b"x\r\n")
        while not (line := await client.wire.line()).startswith(b"x "):
            follower.hear(line)
    else:
        await client.wire.rest()
        while client.wire.output:
            follower.hear(await client.wire.line())
    assert follower.there == await listed(other, 'LIST "" "*"')
    assert follower.subscribed == await listed(other, 'LIST (SUBSCRIBED) "" "*"')
    await house.store.close()
