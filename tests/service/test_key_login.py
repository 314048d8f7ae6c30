"""Signing in by the key of a certificate: as whom, and who may not."""

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.config.accounts import AccountSettings
from roost.service import accounts, addresses, domains, tls_public_keys
from roost.service.key_login import (
    IdentityForeign,
    KeyRefused,
    OtherAccount,
    login_as,
    login_by_key,
    require_same_account,
)
from roost.service.login import Login, is_valid
from roost.service.login_outcome import LoginDisabled, Outcome
from roost.service.protocols import IMAP, SMTP
from roost.service.tls_public_keys import KeySettings
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.client_keys import make_client_key
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
CLOCK = StoppedClock()
LAPTOP = make_client_key()
FINGERPRINT = LAPTOP.fingerprint


@pytest.fixture
async def store() -> SqliteStore:
    """anna has a key; bob has none."""
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, Domain.parse("example.org"))
    for name in ("anna", "bob"):
        await accounts.add(store, CLOCK, ADMIN, name, address=Address.parse(f"{name}@example.org"))
    await addresses.add(store, CLOCK, ADMIN, "anna", Address.parse("office@example.org"))
    settings = KeySettings(Address.parse("anna@example.org"))
    await tls_public_keys.add(store, CLOCK, ADMIN, "anna", LAPTOP.pem, settings)
    return store


async def login_of(store: SqliteStore, account: str) -> Login:
    """A login of an account by a password."""
    found = await accounts.get(store, account)
    return Login(found.id, Address.parse(f"{account}@example.org"), 7)


async def remove_key(store: SqliteStore) -> None:
    await tls_public_keys.remove(store, CLOCK, ADMIN, FINGERPRINT)


async def switch_off(store: SqliteStore, text: str) -> None:
    settings = AccountSettings(login_disabled=text, imap_capabilities_disabled=("idle",))
    await accounts.set_settings(store, CLOCK, ADMIN, "anna", settings, made_from=None)


async def test_a_key_signs_in_as_its_login_address(store: SqliteStore) -> None:
    await switch_off(store, "")
    by_key = await login_by_key(store, FINGERPRINT, IMAP)
    assert by_key.waits is False
    assert by_key.login == Login(
        (await accounts.get(store, "anna")).id,
        Address.parse("anna@example.org"),
        hidden_capabilities=frozenset({"IDLE"}),
        key=FINGERPRINT,
    )
    assert await login_as(store, FINGERPRINT, "") == by_key.login


@pytest.mark.parametrize(("protocol", "waits"), [(IMAP, True), (SMTP, False)])
async def test_a_key_that_waits_does_so_for_imap_only(
    store: SqliteStore, protocol: str, waits: bool
) -> None:
    settings = KeySettings(Address.parse("anna@example.org"), "laptop", no_imap_preauth=True)
    await tls_public_keys.set_settings(store, CLOCK, ADMIN, FINGERPRINT, settings, made_from=None)
    assert (await login_by_key(store, FINGERPRINT, protocol)).waits is waits


@pytest.mark.parametrize(
    "identity",
    ["anna@example.org", "office@example.org", "OFFICE@EXAMPLE.ORG", "office+tag@example.org"],
)
async def test_any_address_of_the_account_is_an_identity(store: SqliteStore, identity: str) -> None:
    login = await login_as(store, FINGERPRINT, identity)
    assert login.address == Address.parse(identity)
    assert login.account == (await accounts.get(store, "anna")).id


@pytest.mark.parametrize(
    "identity",
    ["bob@example.org", "nobody@example.org", "anna@example.com", "anna", "@", "x" * 2000],
    ids=["another account's", "nobody's", "no domain of ours", "no address", "at", "long"],
)
async def test_no_other_is(store: SqliteStore, identity: str) -> None:
    with pytest.raises(IdentityForeign) as refused:
        await login_as(store, FINGERPRINT, identity)
    assert refused.value.outcome is Outcome.OTHER_ACCOUNT
    assert refused.value.account == (await accounts.get(store, "anna")).id


async def test_a_key_that_is_gone_signs_nobody_in(store: SqliteStore) -> None:
    login = (await login_by_key(store, FINGERPRINT, IMAP)).login
    assert await is_valid(store, CLOCK, login)
    await remove_key(store)
    for identity in ("", "office@example.org"):
        with pytest.raises(KeyRefused):
            await login_as(store, FINGERPRINT, identity)
    assert not await is_valid(store, CLOCK, login)


async def test_a_key_that_went_to_another_account_ends_logins_of_before(
    store: SqliteStore,
) -> None:
    login = (await login_by_key(store, FINGERPRINT, IMAP)).login
    await remove_key(store)
    settings = KeySettings(Address.parse("bob@example.org"))
    await tls_public_keys.add(store, CLOCK, ADMIN, "bob", LAPTOP.pem, settings)
    assert not await is_valid(store, CLOCK, login)


@pytest.mark.parametrize("identity", ["", "office@example.org"])
async def test_a_switched_off_account(store: SqliteStore, identity: str) -> None:
    login = await login_as(store, FINGERPRINT, identity)
    await switch_off(store, "ask Ann")
    with pytest.raises(LoginDisabled, match="ask Ann"):
        await login_as(store, FINGERPRINT, identity)
    assert not await is_valid(store, CLOCK, login)


@pytest.mark.parametrize(("account", "has_key"), [("anna", True), ("bob", True), ("anna", False)])
async def test_a_login_beside_a_certificate_is_of_the_same_account(
    store: SqliteStore, account: str, has_key: bool
) -> None:
    login = await login_of(store, account)
    if not has_key:
        await remove_key(store)
    if account == "anna" and has_key:
        await require_same_account(store, login, FINGERPRINT)
        return
    with pytest.raises(OtherAccount):
        await require_same_account(store, login, FINGERPRINT)


def test_every_error_says_how_to_mend_it() -> None:
    for error in (KeyRefused(), IdentityForeign(), OtherAccount()):
        assert isinstance(error, ServiceError)
        assert ": " in str(error)
