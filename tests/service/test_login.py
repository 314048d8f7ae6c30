"""Signing in: who may, how long it is remembered, and what nobody learns."""

from dataclasses import replace
from datetime import timedelta

import apsw
import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings
from roost.config.domains import DomainSettings
from roost.service import accounts, addresses, domains
from roost.service.config_errors import AccountUnknown, AddressUnknown
from roost.service.login import Login, PasswordLogin, Passwords, is_valid, vouched
from roost.service.login_cache import LoginCache
from roost.service.login_outcome import LoginDisabled, LoginFailed
from roost.service.passwords import PasswordInvalid
from roost.service.set_password import set_password
from roost.store import credentials
from roost.store.credentials import PASSWORD
from roost.store.engine import StoreFull
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.store import TEST_OPTIONS, new_store

ADMIN = Actor("admin", "root")
GOOD = "correct horse"


class House:
    """A store with account "mjl", its address and password, and all that signing in needs."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.hasher = PlainHasher()
        self.cache = LoginCache(b"a key")

    async def sign_in(self, name: str, password: str) -> Login:
        passwords = Passwords(self.store, self.hasher, self.cache, self.clock)
        return await passwords.check(PasswordLogin(name, password, "imap"))

    async def set_password(self, password: str, account: str = "mjl") -> None:
        await set_password(self.store, plain_maker(), self.clock, ADMIN, account, password)

    async def last_used(self) -> object:
        account = (await accounts.get(self.store, "mjl")).id
        found = await self.store.read(lambda tx: credentials.of_kind(tx, account, PASSWORD))
        return found[0].last_used


class FullWhenTold:
    """Makes each statement of a work fail as on a full disk, from when a test says so."""

    is_full = False

    def __call__(self, _connection: apsw.Connection, _sql: str) -> None:
        if self.is_full:
            raise apsw.FullError("full")


async def new_house(on_statement: FullWhenTold | None = None) -> House:
    house = House(await new_store(options=replace(TEST_OPTIONS, on_statement=on_statement)))
    store, clock = house.store, house.clock
    example = Domain.parse("example.org")
    await domains.add(store, clock, ADMIN, example, DomainSettings(description="d"))
    await accounts.add(store, clock, ADMIN, "mjl", address=Address.parse("mjl@example.org"))
    await addresses.add(store, clock, ADMIN, "mjl", Address.parse('"two words"@example.org'))
    await accounts.add(store, clock, ADMIN, "new", address=Address.parse("new@example.org"))
    await house.set_password(GOOD)
    return house


@pytest.mark.parametrize(
    "name",
    ["mjl@example.org", "MJL@EXAMPLE.org", "mjl+tag@example.org", '"two words"@example.org'],
    ids=["address", "other case", "tag", "other address"],
)
async def test_any_address_of_the_account_signs_in(name: str) -> None:
    house = await new_house()
    signed_in = await house.sign_in(name, GOOD)
    assert signed_in.account == (await accounts.get(house.store, "mjl")).id
    assert signed_in.address == Address.parse(name)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("mjl@example.org", "Correct horse"),
        ("mjl@example.org", ""),
        ("mjl@example.org", "\ud800"),
        ("mjl@example.org", "x" * 10_000),
        ("new@example.org", GOOD),
        ("new@example.org", ""),
        ("nobody@example.org", GOOD),
        ("mjl@example.com", GOOD),
        ("mjl", GOOD),
        ("", GOOD),
        ("mjl@[192.0.2.1]", GOOD),
        ("x" * 5000 + "@example.org", GOOD),
    ],
    ids=[
        "wrong", "empty", "no text", "long", "no password set", "no password set, empty",
        "no such address", "no such domain", "account's name", "no name", "ip address", "long name",
    ],
)  # fmt: skip
async def test_whoever_may_not_learns_nothing_and_costs_one_hash(name: str, password: str) -> None:
    house = await new_house()
    with pytest.raises(LoginFailed) as caught:
        await house.sign_in(name, password)
    assert str(caught.value) == str(LoginFailed())
    assert house.hasher.verified == 1


async def test_a_right_password_is_remembered_for_15_minutes() -> None:
    house = await new_house()
    for _ in range(3):
        await house.sign_in("mjl@example.org", GOOD)
    house.clock.advance(timedelta(minutes=14, seconds=59))
    await house.sign_in('"two words"@example.org', GOOD)
    assert house.hasher.verified == 1
    house.clock.advance(timedelta(seconds=1))
    await house.sign_in("mjl@example.org", GOOD)
    assert house.hasher.verified == 2


async def test_a_wrong_password_is_checked_each_time() -> None:
    house = await new_house()
    await house.sign_in("mjl@example.org", GOOD)
    for _ in range(2):
        with pytest.raises(LoginFailed):
            await house.sign_in("mjl@example.org", "wrong horse")
    assert house.hasher.verified == 3


async def test_a_changed_password_is_not_remembered() -> None:
    house = await new_house()
    await house.sign_in("mjl@example.org", GOOD)
    await house.set_password("another horse")
    with pytest.raises(LoginFailed):
        await house.sign_in("mjl@example.org", GOOD)
    await house.sign_in("mjl@example.org", "another horse")


async def test_a_removed_account_is_not_remembered() -> None:
    house = await new_house()
    await house.sign_in("mjl@example.org", GOOD)
    await accounts.remove(house.store, house.clock, ADMIN, "mjl")
    with pytest.raises(LoginFailed):
        await house.sign_in("mjl@example.org", GOOD)


async def test_the_cache_forgets_the_oldest() -> None:
    house = await new_house()
    house.cache = LoginCache(b"a key", max_entries=1)
    await house.set_password(GOOD, "new")
    for name in ("mjl", "new", "mjl"):
        await house.sign_in(f"{name}@example.org", GOOD)
    assert house.hasher.verified == 3


async def test_a_switched_off_account_is_told_so_only_with_the_right_password() -> None:
    house = await new_house()
    settings = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "mjl", settings, made_from=None)
    with pytest.raises(LoginDisabled, match="switched off: ask Ann"):
        await house.sign_in("mjl@example.org", GOOD)
    with pytest.raises(LoginFailed):
        await house.sign_in("mjl@example.org", "wrong horse")


async def test_an_admin_vouches_for_who_has_an_address() -> None:
    house = await new_house()
    login = await vouched(house.store, Address.parse("MJL@example.org"))
    assert login.account == (await house.sign_in("mjl@example.org", GOOD)).account
    await house.set_password("another horse")
    assert await is_valid(house.store, house.clock, login)
    settings = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "mjl", settings, made_from=None)
    assert not await is_valid(house.store, house.clock, login)
    with pytest.raises(LoginDisabled, match=r"ask Ann\. An admin can clear"):
        await vouched(house.store, Address.parse("mjl@example.org"))
    with pytest.raises(AddressUnknown):
        await vouched(house.store, Address.parse("nobody@example.org"))


async def test_capabilities_that_the_admin_hides_come_with_the_login() -> None:
    house = await new_house()
    assert (await house.sign_in("mjl@example.org", GOOD)).hidden_capabilities == frozenset()
    settings = AccountSettings(imap_capabilities_disabled=("Condstore", "COMPRESS=DEFLATE"))
    await accounts.set_settings(house.store, house.clock, ADMIN, "mjl", settings, made_from=None)
    login = await house.sign_in("mjl@example.org", GOOD)
    assert login.hidden_capabilities == {"CONDSTORE", "COMPRESS=DEFLATE"}


async def test_the_same_password_typed_on_another_keyboard() -> None:
    house = await new_house()
    await house.set_password("gru\u0308ne\u3000pferde")
    await house.sign_in("mjl@example.org", "gr\u00fcne pferde")


async def test_use_is_noted_once_an_hour() -> None:
    house = await new_house()
    await house.sign_in("mjl@example.org", GOOD)
    first = house.clock.now()
    house.clock.advance(timedelta(minutes=59))
    await house.sign_in("mjl@example.org", GOOD)
    assert await house.last_used() == first
    house.clock.advance(timedelta(minutes=1))
    await house.sign_in("mjl@example.org", GOOD)
    assert await house.last_used() == house.clock.now()


async def test_a_full_disk_keeps_nobody_out() -> None:
    full = FullWhenTold()
    house = await new_house(full)
    full.is_full = True
    with pytest.raises(StoreFull):
        await house.set_password("another horse")
    signed_in = await house.sign_in("mjl@example.org", GOOD)
    assert signed_in.address == Address.parse("mjl@example.org")
    assert await house.last_used() is None


async def test_passwords_that_cannot_be_set() -> None:
    house = await new_house()
    with pytest.raises(PasswordInvalid, match="fewer than 8 characters"):
        await house.set_password("short")
    with pytest.raises(AccountUnknown):
        await house.set_password(GOOD, "nobody")
    await house.sign_in("mjl@example.org", GOOD)


async def test_the_password_stands_nowhere() -> None:
    house = await new_house()
    account = (await accounts.get(house.store, "mjl")).id
    found = await house.store.read(lambda tx: credentials.of_kind(tx, account, PASSWORD))
    assert "horse" not in repr(found)
