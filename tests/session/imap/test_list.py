"""LIST of many mailboxes, and of the rows that RFC 5258 section 5 asks about."""

import pytest

from roost.session.imap.list import NAMES_AT_ONCE
from roost.store import mailboxes as rows
from roost.store import subscriptions
from roost.store.engine import WriteTx
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def make(house: ImapHouse, names: list[str], *, subscribed: bool = True) -> None:
    async def work(tx: WriteTx) -> None:
        for name in names:
            if subscribed:
                await subscriptions.subscribe(tx, house.account, house.account, name)
            await rows.create(tx, house.account, name, house.clock.now())

    await house.store.write(work)


@pytest.mark.parametrize("more", [-1, 0, 1, NAMES_AT_ONCE], ids="a page and {}".format)
async def test_every_mailbox_is_listed_once_in_order(more: int) -> None:
    house = await new_house()
    names = [f"box{number:04}" for number in range(NAMES_AT_ONCE + more - 6)]
    await make(house, names)
    client = await house.client()
    for command, kind in (('LIST "" *', b"LIST"), ('LSUB "" *', b"LSUB")):
        lines = await client.ok(command)
        assert all(line.startswith(b"* " + kind) for line in lines)
        listed = [line.rpartition(b" ")[2].decode() for line in lines]
        assert [name for name in listed if name.startswith("box")] == names
        assert len(listed) == len(names) + 6


# The mailboxes of RFC 5258 section 5; "Vegetable" is subscribed in part, "Tofu" is no mailbox.
async def market() -> ImapClient:
    house = await new_house()
    for name in ("Archive", "Drafts", "Junk", "Sent", "Trash"):
        await (await house.client()).ok(f"UNSUBSCRIBE {name}")
    await make(house, ["Fruit", "Fruit/Apple", "Fruit/Banana"], subscribed=False)
    await make(house, ["Vegetable", "Vegetable/Corn"], subscribed=False)
    client = await house.client()
    for name in ("Fruit/Banana", "Fruit/Peach", "Vegetable", "Tofu/Smoked"):
        await client.ok(f"SUBSCRIBE {name}")
    return client


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (
            'LIST (SUBSCRIBED) "" *',
            [
                rb'* LIST (\HasNoChildren \Subscribed) "/" Fruit/Banana',
                rb'* LIST (\NonExistent \Subscribed) "/" Fruit/Peach',
                rb'* LIST (\HasNoChildren \Subscribed) "/" INBOX',
                rb'* LIST (\NonExistent \Subscribed) "/" Tofu/Smoked',
                rb'* LIST (\HasChildren \Subscribed) "/" Vegetable',
            ],
        ),
        (
            'LIST (SUBSCRIBED RECURSIVEMATCH) "" %',
            [
                rb'* LIST (\HasChildren) "/" Fruit ("CHILDINFO" ("SUBSCRIBED"))',
                rb'* LIST (\HasNoChildren \Subscribed) "/" INBOX',
                rb'* LIST (\NonExistent) "/" Tofu ("CHILDINFO" ("SUBSCRIBED"))',
                rb'* LIST (\HasChildren \Subscribed) "/" Vegetable',
            ],
        ),
        (
            'LIST () "Fruit/" (A% B%) RETURN (SUBSCRIBED STATUS (MESSAGES))',
            [
                rb'* LIST (\HasNoChildren) "/" Fruit/Apple',
                rb"* STATUS Fruit/Apple (MESSAGES 0)",
                rb'* LIST (\HasNoChildren \Subscribed) "/" Fruit/Banana',
                rb"* STATUS Fruit/Banana (MESSAGES 0)",
            ],
        ),
        (
            'LIST (SUBSCRIBED) "" Fruit/P% RETURN (STATUS (MESSAGES))',
            [rb'* LIST (\NonExistent \Subscribed) "/" Fruit/Peach'],
        ),
        ('LIST (SUBSCRIBED SPECIAL-USE) "" *', []),
        ('LIST (REMOTE) "" Vegetable', [rb'* LIST (\HasChildren) "/" Vegetable']),
        (
            'LSUB "" %',
            [
                rb'* LSUB (\Noselect) "/" Fruit',
                rb'* LSUB () "/" INBOX',
                rb'* LSUB (\Noselect) "/" Tofu',
                rb'* LSUB () "/" Vegetable',
            ],
        ),
    ],
    ids=[
        "subscribed",
        "recursive",
        "reference, patterns, status",
        "no status of what is not there",
        "both selections",
        "remote is nothing here",
        "lsub shows what lies above",
    ],
)
async def test_list(command: str, lines: list[bytes]) -> None:
    client = await market()
    assert await client.ok(command) == lines
