"""Addresses: who gets mail, and what an admin is told."""

import pytest

from roost.base.address import Address, AddressInvalid
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings, AddressSettings
from roost.config.domains import DomainSettings
from roost.config.setting import Size
from roost.service import accounts, addresses, domains
from roost.service.config_errors import (
    AccountUnknown,
    AddressExists,
    AddressInUse,
    AddressIsLast,
    AddressUnknown,
    DomainUnknown,
    SettingsInvalid,
    StaleRevision,
)
from roost.store import addresses as rows
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
EXAMPLE = Domain.parse("example.org")
CLOCK = StoppedClock()


def at_example(spelled: str) -> Address:
    return Address.parse(f"{spelled}@example.org")


async def store_with(*spelled: str) -> Store:
    """One account "mjl" with these addresses, another, "other", with none."""
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)
    await accounts.add(store, CLOCK, ADMIN, "mjl")
    await accounts.add(store, CLOCK, ADMIN, "other")
    for one in spelled:
        await addresses.add(store, CLOCK, ADMIN, "mjl", at_example(one))
    return store


async def who_gets(store: Store, address: str) -> str | None:
    found = await store.read(lambda tx: rows.resolve(tx, Address.parse(address)))
    return found.address.spelled if found else None


@pytest.mark.parametrize(
    ("address", "spelled"),
    [
        ("mjl@example.org", "mjl"),
        ("MJL@Example.ORG", "mjl"),
        ("mjl+shop@example.org", "mjl"),
        ("mjl+a+b@example.org", "mjl"),
        ('"mjl"@example.org', "mjl"),
        ("+mjl@example.org", None),
        ("mj@example.org", None),
        ("mjl@example.com", None),
        ("mjl@sub.example.org", None),
        ("Élise@example.org", "élise"),
    ],
    ids=[
        "as given", "other case", "tag", "two tags", "quotes not needed", "nothing before the +",
        "unknown", "other domain", "domain below", "not ascii",
    ],
)  # fmt: skip
async def test_who_gets_mail(address: str, spelled: str | None) -> None:
    assert await who_gets(await store_with("mjl", "élise"), address) == spelled


async def test_one_space_and_two_spaces_are_two_addresses() -> None:
    store = await store_with('" "')
    await addresses.add(store, CLOCK, ADMIN, "other", at_example('"  "'))
    one = await addresses.get(store, at_example('" "'))
    two = await addresses.get(store, at_example('"  "'))
    assert one.account != two.account
    assert (one.spelled, two.spelled) == (" ", "  ")


async def test_a_recipient_comes_with_what_rcpt_needs() -> None:
    store = await store_with("mjl")
    settings = AccountSettings(quota=Size("1g"))
    account = await accounts.set_settings(store, CLOCK, ADMIN, "mjl", settings, made_from=None)
    found = await store.read(lambda tx: rows.resolve(tx, at_example("mjl+x")))
    assert found is not None
    assert (found.account, found.account_settings, found.used_octets) == (account.id, settings, 0)
    assert found.domain_settings == DomainSettings()
    assert found.address.settings.mailbox == "INBOX"


async def test_catch_all_takes_what_nobody_has() -> None:
    store = await store_with("mjl", "rest")
    settings = DomainSettings(catch_all="rest")
    await domains.set_settings(store, CLOCK, ADMIN, EXAMPLE, settings, made_from=None)
    assert await who_gets(store, "mjl@example.org") == "mjl"
    assert await who_gets(store, "whoever@example.org") == "rest"
    assert await who_gets(store, "whoever@example.com") is None
    with pytest.raises(AddressInUse, match=r"change catch_all of domain example\.org first"):
        await addresses.remove(store, CLOCK, ADMIN, at_example("rest"))


async def test_case_and_separators_are_the_domains() -> None:
    store = await store_with("mjl")
    settings = DomainSettings(localpart_case_sensitive=True, localpart_separators=("--", "="))
    await domains.set_settings(store, CLOCK, ADMIN, EXAMPLE, settings, made_from=None)
    assert await who_gets(store, "mjl--a@example.org") == "mjl"
    assert await who_gets(store, "mjl=a@example.org") == "mjl"
    assert await who_gets(store, "mjl+a@example.org") is None
    assert await who_gets(store, "Mjl@example.org") is None
    await addresses.add(store, CLOCK, ADMIN, "mjl", at_example("Mjl+a"))
    assert await who_gets(store, "Mjl+a@example.org") == "Mjl+a"


@pytest.mark.parametrize(
    ("account", "address", "error"),
    [
        ("mjl", "mjl@example.org", AddressExists),
        ("other", "MJL@example.org", AddressExists),
        ("other", "new@example.com", DomainUnknown),
        ("nobody", "new@example.org", AccountUnknown),
        ("other", "new+tag@example.org", AddressInvalid),
        ("other", '""@example.org', AddressInvalid),
    ],
    ids=["same", "other case", "domain", "account", "with a tag", "empty local part"],
)
async def test_addresses_that_cannot_be_added(
    account: str, address: str, error: type[Exception]
) -> None:
    store = await store_with("mjl")
    with pytest.raises(error):
        await addresses.add(store, CLOCK, ADMIN, account, Address.parse(address))


async def test_the_message_says_who_has_the_address() -> None:
    store = await store_with("mjl")
    with pytest.raises(AddressExists, match=r"account mjl has the address Mjl@example\.org"):
        await addresses.add(store, CLOCK, ADMIN, "other", at_example("Mjl"))


async def test_the_last_address_stays() -> None:
    store = await store_with("one", "two")
    await addresses.remove(store, CLOCK, ADMIN, at_example("ONE"))
    with pytest.raises(AddressIsLast, match=r"only address of account mjl: add another first"):
        await addresses.remove(store, CLOCK, ADMIN, at_example("two"))
    with pytest.raises(AddressUnknown, match=r"nobody has the address one@example\.org"):
        await addresses.get(store, at_example("one"))


async def test_addresses_of_an_account_in_pages() -> None:
    store = await store_with("c", "a", "b")
    account = (await accounts.get(store, "mjl")).id
    first = await addresses.of_account(store, account, limit=2)
    assert [one.spelled for one in first] == ["a", "b"]
    after = (first[-1].domain, first[-1].localpart)
    assert [one.spelled for one in await addresses.of_account(store, account, after)] == ["c"]


async def test_settings_of_an_address() -> None:
    store = await store_with("mjl")
    seen = await addresses.get(store, at_example("mjl"))
    wanted = AddressSettings(full_name="M", mailbox="inbox/Lists")
    saved = await addresses.set_settings(
        store, CLOCK, ADMIN, at_example("mjl"), wanted, made_from=seen.revision
    )
    assert saved.settings == AddressSettings(full_name="M", mailbox="INBOX/Lists")
    with pytest.raises(StaleRevision, match=r"settings\.full_name, settings\.mailbox"):
        await addresses.set_settings(
            store, CLOCK, ADMIN, at_example("mjl"), wanted, made_from=seen.revision
        )
    with pytest.raises(SettingsInvalid, match="mailbox: not a mailbox name"):
        await addresses.set_settings(
            store, CLOCK, ADMIN, at_example("mjl"), AddressSettings(mailbox="a//b"), made_from=None
        )
