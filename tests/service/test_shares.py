"""Mail that several share: an account without a password, and who may use it."""

from collections.abc import AsyncIterator

import pytest

from roost.base.address import Address
from roost.service import accounts, revisions, shares
from roost.service.config_errors import SettingsInvalid, StaleRevision, UndoImpossible
from roost.service.shares import ShareExists, ShareUnknown, Wanted, parse_level
from roost.service.submission import may_send_as
from roost.store.revisions import Actor
from roost.testing.house import PASSWORD, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.smtp_client import SmtpClient

ADMIN = Actor("admin", "root")
BOB = Wanted("info", "bob")
PLACE = "Other Users/info@a.test"
INFO = Address.parse("info@a.test")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    users = {"bob": ["bob@a.test"], "eve": ["eve@a.test"]}
    async with new_house("mx.a.test", ["a.test"], users) as house:
        await accounts.add(house.store, house.clock, ADMIN, "info", address=INFO)
        yield house
        assert house.errors() == []


async def add(house: House, wanted: Wanted, level: str, *, send_as: bool = False) -> int:
    letters = parse_level(level)
    added = await shares.add(house.store, house.clock, ADMIN, wanted, letters, send_as=send_as)
    return added.share.entry.revision


async def listed(house: House, user: str) -> list[bytes]:
    client = await house.login_imap(user)
    lines = await client.ok('LIST "" "Other Users/*" RETURN (MYRIGHTS)')
    return [line for line in lines if line.startswith(b"* MYRIGHTS")]


@pytest.mark.parametrize(
    ("level", "letters"),
    [
        ("none", ""),
        ("read", "lrs"),
        ("write", "lrswipte"),
        ("admin", "lrswipkxtea"),
        ("rl", "lr"),
        ("lrd", "lrte"),
        ("l", "l"),
    ],
)
def test_levels(level: str, letters: str) -> None:
    assert parse_level(level) == letters


@pytest.mark.parametrize("level", ["Read", "lrz", "l r", "LR", "reader", "wirte", ""])
def test_what_is_no_level(level: str) -> None:
    with pytest.raises(SettingsInvalid, match="none, read, write, admin"):
        parse_level(level)


async def test_nobody_signs_in_to_an_account_without_a_password(house: House) -> None:
    client = ImapClient(house.imap())
    await client.wire.line()
    for password in (PASSWORD, ""):
        answer = (await client.ask(f'LOGIN info@a.test "{password}"'))[-1]
        assert answer.startswith(b"NO [AUTHENTICATIONFAILED]")


async def test_members_have_all_mailboxes_those_to_come_too(house: House) -> None:
    await add(house, BOB, "admin")
    assert len(await listed(house, "bob@a.test")) == 6
    bob = await house.login_imap("bob@a.test")
    await bob.ok(f'CREATE "{PLACE}/Orders"')
    assert f'* MYRIGHTS "{PLACE}/Orders" lrswipkxteacd'.encode() in await listed(
        house, "bob@a.test"
    )
    assert await listed(house, "eve@a.test") == []


async def test_a_mailbox_may_be_kept_from_a_member(house: House) -> None:
    await add(house, BOB, "read")
    await add(house, Wanted("info", "bob", "Drafts"), "none")
    await add(house, Wanted("info", "eve", "Sent"), "read")
    names = [line.split(b'"')[1] for line in await listed(house, "bob@a.test")]
    assert f"{PLACE}/Drafts".encode() not in names
    assert len(names) == 5
    assert len(await listed(house, "eve@a.test")) == 1


async def test_mail_for_the_shared_address_is_read_by_members(house: House) -> None:
    await add(house, BOB, "write")
    bob = await house.login_imap("bob@a.test")
    await bob.ok(f'SELECT "{PLACE}/INBOX"')
    bob.wire.feed(b"i IDLE\r\n")
    assert await bob.wire.line() == b"+ idling"
    await house.send("somebody@else.test", "info@a.test", b"Subject: hello\r\n\r\nhello\r\n")
    assert await bob.wire.line() == b"* 1 EXISTS"


async def test_who_may_sends_with_the_shared_address(house: House) -> None:
    await add(house, BOB, "write", send_as=True)
    await add(house, Wanted("info", "eve"), "admin")
    for user, sender, code in [
        ("bob", "info@a.test", "250"),
        ("bob", "Info+orders@A.test", "250"),
        ("bob", "bob@a.test", "250"),
        ("bob", "eve@a.test", "550"),
        ("eve", "info@a.test", "550"),
    ]:
        client = await SmtpClient(house.submission()).greet()
        await client.login(f"{user}@a.test", PASSWORD)
        assert (await client.ask(f"MAIL FROM:<{sender}>")).startswith(code), (user, sender)
    await shares.remove(house.store, house.clock, ADMIN, BOB)
    client = await SmtpClient(house.submission()).greet()
    await client.login("bob@a.test", PASSWORD)
    assert (await client.ask("MAIL FROM:<info@a.test>")).startswith("550")


async def test_a_share_is_made_once_and_changed_from_what_was_seen(house: House) -> None:
    revision = await add(house, BOB, "read")
    with pytest.raises(ShareExists):
        await add(house, BOB, "write")
    args = house.store, house.clock, ADMIN, BOB, "lr"
    await shares.save(*args, send_as=False, made_from=revision)
    with pytest.raises(StaleRevision):
        await shares.save(*args, send_as=False, made_from=revision)
    await shares.remove(house.store, house.clock, ADMIN, BOB)
    for made_from in (None, revision):
        with pytest.raises(ShareUnknown):
            await shares.save(*args, send_as=False, made_from=made_from)


async def test_each_change_can_be_undone(house: House) -> None:
    number = await add(house, BOB, "read", send_as=True)
    await shares.remove(house.store, house.clock, ADMIN, BOB)
    await revisions.undo(house.store, house.clock, ADMIN, number + 1)
    found = await shares.get(house.store, BOB)
    assert (found.share.entry.rights, found.share.entry.send_as) == ("lrs", True)
    with pytest.raises(UndoImpossible):
        await revisions.undo(house.store, house.clock, ADMIN, number)
    await revisions.undo(house.store, house.clock, ADMIN, number + 2)
    with pytest.raises(ShareUnknown):
        await shares.get(house.store, BOB)


async def test_what_a_user_changed_since_is_not_undone(house: House) -> None:
    number = await add(house, Wanted("info", "bob", "INBOX"), "admin")
    bob = await house.login_imap("bob@a.test")
    await bob.ok(f'SETACL "{PLACE}/INBOX" bob@a.test lra')
    with pytest.raises(UndoImpossible):
        await revisions.undo(house.store, house.clock, ADMIN, number)
    assert len(await shares.page(house.store, None, 10)) == 1


async def test_addresses_are_of_whole_accounts(house: House) -> None:
    with pytest.raises(SettingsInvalid, match="share all of it"):
        await add(house, Wanted("info", "bob", "INBOX"), "read", send_as=True)
    with pytest.raises(SettingsInvalid, match="its own"):
        await add(house, Wanted("info", "info"), "read")


async def test_a_share_ends_where_its_account_does(house: House) -> None:
    await add(house, BOB, "read", send_as=True)
    await accounts.remove(house.store, house.clock, ADMIN, "info")
    assert await shares.page(house.store, None, 10) == []
    assert await listed(house, "bob@a.test") == []
    bob = (await accounts.get(house.store, "bob")).id
    assert not await may_send_as(house.store, bob, INFO)
