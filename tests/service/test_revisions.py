"""Revisions: shown, and undone where that is still possible."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.config.accounts import AccountSettings
from roost.config.domains import DomainSettings
from roost.config.setting import Size
from roost.service import accounts, addresses, domains, mailboxes, revisions
from roost.service.config_errors import (
    AccountExists,
    AddressExists,
    AddressIsLast,
    DomainInUse,
    DomainUnknown,
    RevisionUnknown,
    UndoImpossible,
)
from roost.service.login import PasswordLogin, Passwords
from roost.service.login_cache import LoginCache
from roost.service.set_password import set_password
from roost.store.cleanup import clean_up
from roost.store.engine import Store
from roost.store.revisions import Actor, differences
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
EXAMPLE = Domain.parse("example.org")
ONE, TWO = (Address.parse(f"{local}@example.org") for local in ("one", "two"))
CLOCK = StoppedClock()


async def newest(store: Store) -> int:
    return (await revisions.page(store, limit=1))[0].id


async def undo(store: Store, number: int) -> None:
    await revisions.undo(store, CLOCK, ADMIN, number)


async def prepared() -> Store:
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, EXAMPLE, reason="the first")
    await accounts.add(store, CLOCK, ADMIN, "mjl", address=ONE)
    await addresses.add(store, CLOCK, ADMIN, "mjl", TWO)
    return store


async def test_revisions_come_newest_first_in_pages() -> None:
    store = await prepared()
    assert [one.id for one in await revisions.page(store, limit=2)] == [3, 2]
    assert [one.id for one in await revisions.page(store, before=2)] == [1]
    first = await revisions.get(store, 1)
    assert (first.reason, first.actor, first.made) == ("the first", "admin:root", CLOCK.now())
    with pytest.raises(RevisionUnknown, match="no revision 9"):
        await revisions.get(store, 9)


async def test_settings_are_put_back() -> None:
    store = await prepared()
    await accounts.set_settings(
        store, CLOCK, ADMIN, "mjl", AccountSettings(quota=Size("1g")), made_from=None
    )
    done = await revisions.undo(store, CLOCK, ADMIN, await newest(store))
    assert (await accounts.get(store, "mjl")).settings == AccountSettings()
    assert done.reason == "undo of revision 4"
    await undo(store, done.id)
    assert (await accounts.get(store, "mjl")).settings.quota == Size("1g")


async def test_an_added_domain_goes_and_a_removed_one_comes_back() -> None:
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, EXAMPLE, DomainSettings(description="D"))
    await undo(store, 1)
    with pytest.raises(DomainUnknown):
        await domains.get(store, EXAMPLE)
    await undo(store, 2)
    assert (await domains.get(store, EXAMPLE)).settings.description == "D"


async def test_addresses_go_and_come_back() -> None:
    store = await prepared()
    await undo(store, 3)
    account = (await accounts.get(store, "mjl")).id
    assert [one.spelled for one in await addresses.of_account(store, account)] == ["one"]
    await undo(store, 4)
    assert (await addresses.get(store, TWO)).account == account


async def test_a_removed_account_comes_back_whole_within_a_day() -> None:
    store, clock = await prepared(), StoppedClock()
    hasher, cache = PlainHasher(), LoginCache(b"key")
    old = await accounts.get(store, "mjl")
    await set_password(store, plain_maker(), clock, ADMIN, "mjl", "correct horse")
    await accounts.remove(store, clock, ADMIN, "mjl")
    clock.advance(timedelta(hours=24))
    await clean_up(store, clock)
    await revisions.undo(store, clock, ADMIN, await newest(store))
    assert (await accounts.get(store, "mjl")).id == old.id
    assert len(await addresses.of_account(store, old.id)) == 2
    assert len((await mailboxes.list_all(store, old.id, old.id)).mailboxes) == 6
    signed_in = await Passwords(store, hasher, cache, clock).check(
        PasswordLogin(str(ONE), "correct horse", "imap")
    )
    assert signed_in.account == old.id


async def change_again(store: Store) -> None:
    await domains.set_settings(
        store, CLOCK, ADMIN, EXAMPLE, DomainSettings(disabled=True), made_from=None
    )
    await undo(store, 1)


async def undo_new_account(store: Store) -> None:
    await undo(store, 2)


async def undo_removed_account(store: Store) -> None:
    clock = StoppedClock()
    await accounts.remove(store, clock, ADMIN, "mjl")
    clock.advance(timedelta(hours=25))
    await revisions.undo(store, clock, ADMIN, 4)


async def undo_removed_account_twice(store: Store) -> None:
    await accounts.remove(store, CLOCK, ADMIN, "mjl")
    await accounts.add(store, CLOCK, ADMIN, "mjl")
    await undo(store, 4)


async def undo_domain_in_use(store: Store) -> None:
    await undo(store, 1)


async def undo_last_address(store: Store) -> None:
    await addresses.remove(store, CLOCK, ADMIN, ONE)
    await undo(store, 3)


async def undo_when_taken(store: Store) -> None:
    await addresses.remove(store, CLOCK, ADMIN, TWO)
    await addresses.add(store, CLOCK, ADMIN, "mjl", TWO)
    await undo(store, 4)


async def undo_password(store: Store) -> None:
    await set_password(store, plain_maker(), CLOCK, ADMIN, "mjl", "correct horse")
    await undo(store, 4)


@pytest.mark.parametrize(
    ("attempt", "error", "text"),
    [
        (change_again, UndoImpossible, "revision 4 changed domain example.org since"),
        (undo_new_account, UndoImpossible, "which may hold mail: remove it"),
        (undo_removed_account, UndoImpossible, "restore it from a backup"),
        (undo_removed_account_twice, AccountExists, "there is an account mjl already"),
        (undo_domain_in_use, DomainInUse, "one@example.org, two@example.org"),
        (undo_last_address, AddressIsLast, "two@example.org is the only address"),
        (undo_when_taken, AddressExists, "account mjl has the address"),
        (undo_password, UndoImpossible, "set a new one"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_what_cannot_be_undone_says_why_and_changes_nothing(
    attempt: Callable[[Store], Awaitable[None]], error: type[ServiceError], text: str
) -> None:
    store = await prepared()
    with pytest.raises(error, match=text):
        await attempt(store)
    assert "undo" not in (await revisions.page(store))[0].reason


async def test_what_was_undone_is_not_undone_again() -> None:
    store = await prepared()
    await accounts.remove(store, CLOCK, ADMIN, "mjl")
    await undo(store, 4)
    with pytest.raises(UndoImpossible, match="there is an account mjl again"):
        await undo(store, 4)


async def test_no_revision_holds_a_secret() -> None:
    store = await prepared()
    await set_password(store, plain_maker(), CLOCK, ADMIN, "mjl", "correct horse")
    (one, *_) = await revisions.page(store)
    assert one.changes[0].key == "mjl password"
    assert "horse" not in repr(one)


def test_differences_name_the_path_of_each_value() -> None:
    before = {"account": "a", "settings": {"x": 1, "y": {"z": 2}}}
    after = {"account": "a", "settings": {"x": 1, "y": {"z": 3}, "new": True}}
    assert [(one.path, one.before, one.after) for one in differences(before, after)] == [
        ("settings.new", None, True),
        ("settings.y.z", 2, 3),
    ]
    assert differences(None, None) == ()
