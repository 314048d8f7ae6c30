"""Accounts: what an admin asks for and gets, or is told."""

from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings
from roost.config.domains import DomainSettings
from roost.config.setting import Size
from roost.ports.bus import Type
from roost.service import accounts, addresses, domains, mailboxes
from roost.service.config_errors import (
    AccountExists,
    AccountUnknown,
    AddressExists,
    AddressInUse,
    DomainUnknown,
    NameInvalid,
    SettingsInvalid,
    StaleRevision,
)
from roost.service.revisions import page as revisions
from roost.store.cleanup import clean_up
from roost.store.engine import Store
from roost.store.revisions import Actor, Difference
from roost.testing.bus import ListBus
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
EXAMPLE = Domain.parse("example.org")
MJL = Address.parse("mjl@example.org")
CLOCK = StoppedClock()


async def store_with_domain() -> Store:
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)
    return store


async def test_a_new_account_has_its_mailboxes_with_roles_and_is_subscribed_to_all() -> None:
    store = await store_with_domain()
    account = await accounts.add(store, CLOCK, ADMIN, "mjl", address=MJL)
    listing = await mailboxes.list_all(store, account.id, account.id)
    roles = {one.name: one.role and one.role.value for one in listing.mailboxes}
    assert roles == {
        "Archive": "archive",
        "Drafts": "drafts",
        "INBOX": "inbox",
        "Junk": "junk",
        "Sent": "sent",
        "Trash": "trash",
    }
    assert listing.subscribed == set(roles)
    by_place = sorted(listing.mailboxes, key=lambda one: one.sort_order)
    assert [one.name for one in by_place][:2] == ["INBOX", "Drafts"]
    assert (await addresses.get(store, MJL)).account == account.id


async def test_uid_validity_counts_from_the_time_of_the_account() -> None:
    store = await store_with_domain()
    account = await accounts.add(store, CLOCK, ADMIN, "mjl")
    listing = await mailboxes.list_all(store, account.id, account.id)
    started = int(CLOCK.now().timestamp())
    assert sorted(one.uid_validity for one in listing.mailboxes) == [started + n for n in range(6)]


@pytest.mark.parametrize(
    ("text", "name"),
    [("mjl", "mjl"), ("MJL", "mjl"), ("mjl@example.org", "mjl@example.org"), ("élise", "élise"), ("7", "7")],
    ids=["plain", "lower case", "an address", "not ascii", "one digit"],
)  # fmt: skip
async def test_names_that_an_account_may_have(text: str, name: str) -> None:
    store = await new_store()
    assert (await accounts.add(store, CLOCK, ADMIN, text)).name == name
    assert (await accounts.get(store, name)).name == name


@pytest.mark.parametrize(
    "text",
    ["", ".a", "a-", "a b", "a/b", "a" * 65, "a\n", "../a", "a\x00b"],
    ids=["empty", "dot first", "hyphen last", "space", "slash", "long", "newline", "path", "nul"],
)
async def test_names_that_no_account_may_have(text: str) -> None:
    store = await new_store()
    with pytest.raises(NameInvalid, match="1 to 64 letters"):
        await accounts.add(store, CLOCK, ADMIN, text)


async def test_a_name_is_taken_once_in_any_case() -> None:
    store = await new_store()
    await accounts.add(store, CLOCK, ADMIN, "mjl")
    with pytest.raises(AccountExists, match="choose another name"):
        await accounts.add(store, CLOCK, ADMIN, "Mjl")


async def test_a_failed_first_address_makes_no_account() -> None:
    store = await store_with_domain()
    await accounts.add(store, CLOCK, ADMIN, "one", address=MJL)
    with pytest.raises(AddressExists, match="account one has the address"):
        await accounts.add(store, CLOCK, ADMIN, "two", address=MJL)
    with pytest.raises(DomainUnknown, match="add it first"):
        await accounts.add(store, CLOCK, ADMIN, "two", address=Address.parse("a@else.test"))
    assert [one.name for one in await accounts.page(store)] == ["one"]


async def test_pages_of_accounts() -> None:
    store = await new_store()
    for name in ("c", "a", "b"):
        await accounts.add(store, CLOCK, ADMIN, name)
    assert [one.name for one in await accounts.page(store, limit=2)] == ["a", "b"]
    assert [one.name for one in await accounts.page(store, after="b", limit=2)] == ["c"]


async def test_settings_are_kept_and_announced() -> None:
    bus = ListBus()
    store = await new_store(bus=bus)
    account = await accounts.add(store, CLOCK, ADMIN, "mjl")
    wanted = AccountSettings(quota=Size("2G"), full_name="M")
    saved = await accounts.set_settings(
        store, CLOCK, ADMIN, "mjl", wanted, made_from=account.revision
    )
    assert saved.settings == wanted == (await accounts.get(store, "mjl")).settings
    assert saved.revision > account.revision
    assert Type.SETTINGS in bus.hints[-1].types


async def test_a_stale_save_is_refused_with_what_differs() -> None:
    store = await new_store()
    seen = await accounts.add(store, CLOCK, ADMIN, "mjl")
    other = AccountSettings(quota=Size("1g"))
    saved = await accounts.set_settings(store, CLOCK, ADMIN, "mjl", other, made_from=seen.revision)
    with pytest.raises(StaleRevision, match=r"changed settings\.quota: load it again") as caught:
        await accounts.set_settings(
            store, CLOCK, ADMIN, "mjl", AccountSettings(full_name="M"), made_from=seen.revision
        )
    assert caught.value.current == saved.revision
    assert caught.value.differences == (Difference("settings.quota", None, "1g"),)
    assert (await accounts.get(store, "mjl")).settings == other


async def test_settings_that_break_their_rule_are_refused() -> None:
    store = await new_store()
    await accounts.add(store, CLOCK, ADMIN, "mjl")
    with pytest.raises(SettingsInvalid, match="full_name"):
        await accounts.set_settings(
            store, CLOCK, ADMIN, "mjl", AccountSettings(full_name="x" * 1001), made_from=None
        )


async def test_a_removed_account_is_gone_at_once_and_its_names_are_free() -> None:
    store, clock = await store_with_domain(), StoppedClock()
    old = await accounts.add(store, clock, ADMIN, "mjl", address=MJL)
    await accounts.remove(store, clock, ADMIN, "mjl", reason="left")
    with pytest.raises(AccountUnknown):
        await accounts.get(store, "mjl")
    new = await accounts.add(store, CLOCK, ADMIN, "mjl", address=MJL)
    assert new.id != old.id
    clock.advance(timedelta(hours=25))
    assert (await clean_up(store, clock)).accounts == 1
    assert (await addresses.get(store, MJL)).account == new.id
    assert len((await mailboxes.list_all(store, new.id, new.id)).mailboxes) == 6
    assert (await mailboxes.list_all(store, old.id, old.id)).mailboxes == ()
    assert (await clean_up(store, clock)).accounts == 0


async def test_removal_says_in_its_revision_what_went() -> None:
    store = await store_with_domain()
    await accounts.add(store, CLOCK, ADMIN, "mjl", address=MJL)
    await accounts.remove(store, CLOCK, ADMIN, "mjl", reason="left")
    (newest, *_) = await revisions(store)
    assert (newest.actor, newest.reason) == ("admin:root", "left")
    assert newest.made == CLOCK.now()
    assert [(one.table, one.key, one.after) for one in newest.changes] == [
        ("address", "mjl@example.org", None),
        ("account", "mjl", None),
    ]


async def test_an_account_whose_address_catches_all_is_not_removed() -> None:
    store = await store_with_domain()
    await accounts.add(store, CLOCK, ADMIN, "mjl", address=MJL)
    await domains.set_settings(
        store, CLOCK, ADMIN, EXAMPLE, DomainSettings(catch_all="mjl"), made_from=None
    )
    with pytest.raises(AddressInUse, match="change catch_all"):
        await accounts.remove(store, CLOCK, ADMIN, "mjl")
    assert (await addresses.get(store, MJL)).spelled == "mjl"


async def test_unknown_accounts() -> None:
    store = await new_store()
    with pytest.raises(AccountUnknown, match="there is no account nobody"):
        await accounts.remove(store, CLOCK, ADMIN, "nobody")
    with pytest.raises(AccountUnknown):
        await accounts.set_settings(
            store, CLOCK, ADMIN, "nobody", AccountSettings(), made_from=None
        )
