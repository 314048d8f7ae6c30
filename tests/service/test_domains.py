"""Domains: what an admin asks for and gets, or is told."""

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.domains import DomainSettings
from roost.service import accounts, addresses, domains
from roost.service.config_errors import (
    AddressUnknown,
    DomainExists,
    DomainInUse,
    DomainUnknown,
    SettingsInvalid,
    StaleRevision,
)
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
EXAMPLE = Domain.parse("example.org")
CLOCK = StoppedClock()


async def store_with(*locals_: str) -> Store:
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)
    await accounts.add(store, CLOCK, ADMIN, "mjl")
    for local in locals_:
        await addresses.add(store, CLOCK, ADMIN, "mjl", Address(local, EXAMPLE))
    return store


async def save(store: Store, settings: DomainSettings) -> None:
    await domains.set_settings(store, CLOCK, ADMIN, EXAMPLE, settings, made_from=None)


async def test_add_get_list() -> None:
    store = await new_store()
    unicode_name = Domain.parse("bücher.example")
    added = await domains.add(store, CLOCK, ADMIN, unicode_name, DomainSettings(description="B"))
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)
    assert added == await domains.get(store, Domain.parse("xn--bcher-kva.example"))
    assert added.settings.description == "B"
    assert added.created == CLOCK.now()
    names = [one.name for one in await domains.page(store)]
    assert names == ["example.org", "xn--bcher-kva.example"]
    assert [one.name for one in await domains.page(store, after="example.org")] == names[1:]


async def test_a_domain_is_added_once() -> None:
    store = await store_with()
    with pytest.raises(DomainExists, match=r"example\.org is there already"):
        await domains.add(store, CLOCK, ADMIN, Domain.parse("EXAMPLE.org."))


async def test_a_removed_domain_is_unknown_and_can_be_added_again() -> None:
    store = await store_with()
    await domains.remove(store, CLOCK, ADMIN, EXAMPLE)
    with pytest.raises(DomainUnknown, match="add it first"):
        await domains.get(store, EXAMPLE)
    with pytest.raises(DomainUnknown):
        await domains.remove(store, CLOCK, ADMIN, EXAMPLE)
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)


async def test_a_domain_with_addresses_is_not_removed_and_they_are_named() -> None:
    store = await store_with("b", "a", " ")
    with pytest.raises(DomainInUse, match=r'addresses " "@example.org, a@.*, b@.*: remove them'):
        await domains.remove(store, CLOCK, ADMIN, EXAMPLE)


async def test_of_many_addresses_some_are_named() -> None:
    store = await store_with(*(f"a{number:02}" for number in range(11)))
    with pytest.raises(DomainInUse, match=r"a09@example\.org and more") as caught:
        await domains.remove(store, CLOCK, ADMIN, EXAMPLE)
    assert len(caught.value.addresses) == 10


async def test_a_stale_save_is_refused() -> None:
    store = await store_with()
    seen = (await domains.get(store, EXAMPLE)).revision
    await save(store, DomainSettings(disabled=True))
    with pytest.raises(StaleRevision, match=r"settings\.disabled"):
        await domains.set_settings(store, CLOCK, ADMIN, EXAMPLE, DomainSettings(), made_from=seen)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (DomainSettings(localpart_separators=("",)), "localpart_separators"),
        (DomainSettings(localpart_separators=("a",)), "localpart_separators"),
        (DomainSettings(localpart_separators=("@",)), "localpart_separators"),
        (DomainSettings(description="x" * 1001), "description"),
        (DomainSettings(catch_all="nobody"), "local part nobody of catch_all: add it first"),
    ],
    ids=["empty separator", "letter", "at", "long description", "catch_all without address"],
)
async def test_settings_that_break_their_rule(settings: DomainSettings, reason: str) -> None:
    store = await store_with("a")
    with pytest.raises(SettingsInvalid, match=reason):
        await save(store, settings)
    assert (await domains.get(store, EXAMPLE)).settings == DomainSettings()


async def test_case_begins_to_matter_and_ceases_again() -> None:
    store = await store_with("Mjl")
    await save(store, DomainSettings(localpart_case_sensitive=True))
    assert (await addresses.get(store, Address("Mjl", EXAMPLE))).localpart == "Mjl"
    with pytest.raises(AddressUnknown):
        await addresses.get(store, Address("mjl", EXAMPLE))
    await addresses.add(store, CLOCK, ADMIN, "mjl", Address("mjl", EXAMPLE))
    with pytest.raises(SettingsInvalid, match=r"mail for \w+ would go to another address"):
        await save(store, DomainSettings())
    await addresses.remove(store, CLOCK, ADMIN, Address("Mjl", EXAMPLE))
    await save(store, DomainSettings())
    assert (await addresses.get(store, Address("MJL", EXAMPLE))).spelled == "mjl"


async def test_a_separator_that_stands_in_an_address_is_refused() -> None:
    store = await store_with("a-b")
    with pytest.raises(SettingsInvalid, match="mail for a-b would go to another address"):
        await save(store, DomainSettings(localpart_separators=("+", "-")))
    await save(store, DomainSettings(localpart_separators=("=",)))
    assert (await addresses.get(store, Address("a-b=tag", EXAMPLE))).spelled == "a-b"
