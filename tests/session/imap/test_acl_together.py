"""Two users on one mailbox: each hears at once of what the other does. RFC 4314, 2177, 7162."""

from collections.abc import AsyncIterator

import pytest

from roost.config.accounts import AccountSettings
from roost.service import accounts
from roost.store.check import check
from roost.store.revisions import Actor
from roost.testing.imap import ImapClient, ImapHouse, new_house

ADMIN = Actor("admin", "root")
HER = "her@mx.test"
BOX = '"Other Users/me@mx.test/INBOX"'
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
async def house() -> AsyncIterator[ImapHouse]:
    house = await new_house()
    await house.settle(HER, "him@mx.test")
    me = await house.client()
    for _ in range(3):
        await me.append(MESSAGE)
    await me.ok(f"SETACL INBOX {HER} lrswite")
    yield house
    assert await check(house.store, house.clock) == []
    assert house.log.events == []


async def selected(house: ImapHouse, name: str, *users: str) -> list[ImapClient]:
    """A client of each, with QRESYNC and a mailbox; the owner's first."""
    clients = [await house.client(), *[await house.client(user) for user in users]]
    for client, box in zip(clients, [name, *[BOX] * len(users)], strict=True):
        await client.ok("ENABLE QRESYNC")
        await client.ok(f"SELECT {box}")
    return clients


async def idle(client: ImapClient) -> None:
    client.wire.feed(b"i IDLE\r\n")
    assert await client.wire.line() == b"+ idling"


async def heard(client: ImapClient) -> bytes:
    return await client.wire.line()


async def test_who_idles_hears_of_flags_arrivals_and_removals_both_ways(house: ImapHouse) -> None:
    me, her = await selected(house, "INBOX", HER)
    await idle(her)
    await me.ok("STORE 1 +FLAGS (\\Flagged)")
    assert b"UID 1 FLAGS (\\Flagged) MODSEQ" in await heard(her)
    await me.append(MESSAGE)
    assert [await heard(her), (await heard(her))[-6:]] == [b"* 4 EXISTS", b"RECENT"]
    await me.ok("STORE 2 +FLAGS (\\Deleted)")
    assert b"\\Deleted" in await heard(her)
    await me.ok("EXPUNGE")
    assert await heard(her) == b"* VANISHED 2"
    her.wire.feed(b"DONE\r\n")
    assert (await heard(her)).startswith(b"i OK")
    await idle(me)
    await her.ok("UID STORE 1 -FLAGS (\\Flagged)")
    assert b"UID 1 FLAGS (\\Recent) MODSEQ" in await heard(me)
    await her.append(MESSAGE, BOX)
    assert await heard(me) == b"* 4 EXISTS"
    await heard(me)
    await her.ok("STORE 1 +FLAGS (\\Deleted)")
    await heard(me)
    await her.ok("EXPUNGE")
    assert await heard(me) == b"* VANISHED 1"
    her.wire.feed(b"x COPY 1 INBOX\r\n")
    assert (await heard(her)).startswith(b"x OK")


async def test_who_comes_back_learns_what_the_other_did(house: ImapHouse) -> None:
    me, her = await selected(house, "INBOX", HER)
    told = await her.ok(f"STATUS {BOX} (UIDVALIDITY HIGHESTMODSEQ)")
    validity, modseq = (int(told[0].split()[n].strip(b")")) for n in (-3, -1))
    await her.ok("UNSELECT")
    await me.ok("STORE 1 +FLAGS (\\Flagged)")
    await me.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await me.ok("EXPUNGE")
    lines = await her.ok(f"SELECT {BOX} (QRESYNC ({validity} {modseq} 1:3))")
    assert b"* VANISHED (EARLIER) 2" in lines
    assert any(b"UID 1 " in line and b"\\Flagged" in line for line in lines)


async def test_a_mailbox_of_the_same_number_is_another(house: ImapHouse) -> None:
    """Hints name mailboxes by numbers that each account counts for itself."""
    _, her = await selected(house, "INBOX", HER)
    await idle(her)
    other = await house.client(HER)
    await other.append(MESSAGE, "INBOX")
    me = await house.client()
    await me.ok("CREATE Elsewhere")
    await me.append(MESSAGE, "Elsewhere")
    her.wire.feed(b"DONE\r\n")
    assert (await heard(her)).startswith(b"i OK")


async def test_after_leaving_nothing_is_heard_of_the_others_account(house: ImapHouse) -> None:
    me, her = await selected(house, "INBOX", HER)
    await her.ok("SELECT INBOX")
    await idle(her)
    await me.ok("STORE 1 +FLAGS (\\Flagged)")
    her.wire.feed(b"DONE\r\n")
    assert (await heard(her)).startswith(b"i OK")


async def test_seen_belongs_to_the_mailbox(house: ImapHouse) -> None:
    me, her = await selected(house, "INBOX", HER)
    await her.ok("FETCH 2 BODY[]")
    assert any(b"\\Seen" in line for line in await me.ok("NOOP"))


async def test_who_changes_another_ones_password_does_not_end_sessions_of_others(
    house: ImapHouse,
) -> None:
    _, her = await selected(house, "INBOX", HER)
    settings = AccountSettings(full_name="Me")
    await accounts.set_settings(house.store, house.clock, ADMIN, "me", settings, made_from=None)
    await her.ok("NOOP")


async def test_a_removed_account_is_gone_for_all(house: ImapHouse) -> None:
    _, her = await selected(house, "INBOX", HER)
    await accounts.remove(house.store, house.clock, ADMIN, "me")
    assert await her.ok("NOOP") == [b"* VANISHED 1:3", b"* OK [CLOSED] the mailbox is gone"]
    assert await her.ok('LIST "" "Other Users/*"') == []
    assert (await her.ask(f"SELECT {BOX}"))[-1].startswith(b"NO [NONEXISTENT]")


async def test_anyone_is_every_account(house: ImapHouse) -> None:
    me = await house.client()
    await me.ok("SETACL Archive anyone lr")
    him = await house.client("him@mx.test")
    name = b'"Other Users/me@mx.test/Archive"'
    assert any(name in line for line in await him.ok('LIST "" *'))
    await him.ok(b"SELECT " + name)
    await idle(him)
    await me.append(MESSAGE, "Archive")
    assert await heard(him) == b"* 1 EXISTS"


async def test_urls_reach_what_their_maker_may_read(house: ImapHouse) -> None:
    me, her, him = await house.client(), await house.client(HER), await house.client("him@mx.test")
    base = "imap://her%40mx.test@mx.test/Other%20Users/me%40mx.test/INBOX/;uid=1;urlauth=anonymous"
    (line,) = await her.ok(f'GENURLAUTH "{base}" INTERNAL')
    url = line.removeprefix(b"* GENURLAUTH ")
    assert b"NIL" not in b"".join(await him.ok(b"URLFETCH " + url))
    await her.ok(f"SELECT {BOX}")
    await idle(her)
    session = await house.client(HER)
    await session.ok(f"RESETKEY {BOX}")
    assert await heard(her) == b"* OK [URLMECH INTERNAL] ways to authorise URLs"
    assert b"NIL" in b"".join(await him.ok(b"URLFETCH " + url))
    (line,) = await session.ok(f'GENURLAUTH "{base}" INTERNAL')
    url = line.removeprefix(b"* GENURLAUTH ")
    await me.ok(f"SETACL INBOX {HER} l")
    assert b"NIL" in b"".join(await him.ok(b"URLFETCH " + url))
