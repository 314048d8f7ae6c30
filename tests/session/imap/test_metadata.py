"""METADATA within its bounds, and what others hear of it. RFC 5464."""

from datetime import timedelta

import pytest

from roost.service import accounts
from roost.store import metadata
from roost.store.account_removal import remove_accounts
from roost.store.engine import ReadTx
from roost.store.revisions import Actor
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def fill(client: ImapClient, count: int, mailbox: str = "INBOX", value: str = "x") -> None:
    for start in range(0, count, 100):
        names = range(start, min(start + 100, count))
        notes = " ".join(f'/private/n{number} "{value}"' for number in names)
        await client.ok(f"SETMETADATA {mailbox} ({notes})")


async def rows_of(house: ImapHouse) -> int:
    async def count(tx: ReadTx) -> int:
        number: int = await tx.value("SELECT COUNT(*) FROM metadata")
        return number

    return await house.store.scan(count)


async def test_an_account_has_a_thousand_entries_at_most() -> None:
    client = await (await new_house()).client()
    await fill(client, 600)
    await fill(client, 400, "Drafts")
    answer = await client.ask('SETMETADATA "" (/private/n0 "x" /private/n1 NIL)')
    assert answer == [b"NO [METADATA TOOMANY] there are as many entries as there may be (c1)"]
    await client.ok('SETMETADATA INBOX (/private/n0 "changed")')
    await client.ok("SETMETADATA INBOX (/private/n0 NIL)")
    await client.ok('SETMETADATA "" (/private/n0 "x")')


async def test_none_of_a_command_is_kept_when_one_is_too_many() -> None:
    client = await (await new_house()).client()
    await fill(client, 999)
    answer = await client.ask('SETMETADATA "" (/private/a "1" /private/b "2")')
    assert answer[-1].startswith(b"NO [METADATA TOOMANY]")
    found = await client.ok('GETMETADATA "" (/private/a /private/b)')
    assert found == [b'* METADATA "" (/private/a NIL /private/b NIL)']


async def test_an_account_has_a_million_octets_at_most() -> None:
    client = await (await new_house()).client()
    for number in range(15):
        head = b"SETMETADATA INBOX (/private/%02d {65000+}\r\n" % number
        await client.ok(head + b"x" * 65_000 + b")")
    left = 1_000_000 - 15 * (65_000 + len("/private/00"))
    value = b"x" * (left - len("/private/left") + 1)
    head = b"SETMETADATA INBOX (/private/left {%d+}\r\n"
    answer = await client.ask(head % len(value) + value + b")")
    assert answer[-1].startswith(b"NO [METADATA MAXSIZE %d] " % left)
    await client.ok(head % (len(value) - 1) + value[1:] + b")")


async def test_one_value_has_a_bound_too() -> None:
    client = await (await new_house()).client()
    answer = await client.ask(b"SETMETADATA INBOX (/private/a {65537+}\r\n" + b"x" * 65_537 + b")")
    assert answer == [b"NO [METADATA MAXSIZE 65536] the value is too large"]


async def test_what_was_removed_is_forgotten_when_there_is_too_much_of_it() -> None:
    house = await new_house()
    client = await house.client()
    for round_ in range(metadata.MAX_REMOVED // 100 + 3):
        names = [f"/private/r{round_}n{number}" for number in range(100)]
        await client.ok("SETMETADATA INBOX (" + " ".join(f'{name} "x"' for name in names) + ")")
        await client.ok("SETMETADATA INBOX (" + " ".join(f"{name} NIL" for name in names) + ")")
    assert await rows_of(house) <= metadata.MAX_REMOVED + 100


async def test_many_changes_are_told_at_once() -> None:
    house = await new_house()
    client, other = await house.client(), await house.client()
    await client.ok("ENABLE METADATA")
    await fill(other, 700)
    lines = await client.ok("NOOP")
    assert len(lines) == 1
    assert lines[0].count(b"/private/") == 700
    assert await client.ok("NOOP") == []


async def test_who_did_not_enable_it_hears_nothing() -> None:
    house = await new_house()
    client, other = await house.client(), await house.client()
    await client.ok("SELECT INBOX")
    await fill(other, 1)
    assert await client.ok("NOOP") == []


async def test_rename_of_inbox_copies_only_what_fits() -> None:
    client = await (await new_house()).client()
    await fill(client, 600)
    await client.ok("RENAME INBOX Was")
    assert await client.ok("GETMETADATA Was /private/n0") == [b"* METADATA Was (/private/n0 NIL)"]
    assert await client.ok("GETMETADATA INBOX /private/n0") == [
        b'* METADATA INBOX (/private/n0 "x")'
    ]


@pytest.mark.parametrize("name", ["INBOX", '""'])
async def test_it_goes_with_the_account(name: str) -> None:
    house = await new_house()
    client = await house.client()
    await fill(client, 3, name)
    await accounts.remove(house.store, house.clock, Actor("admin", "root"), "me")
    house.clock.advance(timedelta(days=100))
    now = house.clock.now()
    await remove_accounts(house.store, now, now)
    assert await rows_of(house) == 0
