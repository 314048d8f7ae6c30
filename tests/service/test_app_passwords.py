"""App passwords: made, shown once, good for what they are for, gone when removed."""

from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings
from roost.service import accounts, app_passwords, domains, revisions
from roost.service.app_passwords import AppPasswordAsked, NewAppPassword
from roost.service.config_errors import AccountUnknown
from roost.service.credential_errors import (
    AppPasswordInvalid,
    AppPasswordUnknown,
    TooManyAppPasswords,
)
from roost.service.login import Login, PasswordLogin, Passwords, finish_login, is_valid
from roost.service.login_cache import LoginCache
from roost.service.login_outcome import LoginDisabled, LoginFailed, Outcome
from roost.service.set_password import set_password
from roost.store import credentials
from roost.store.credentials import PASSWORD
from roost.store.engine import ReadTx
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
NAME = "anna@example.org"


class House:
    """Account "anna" with a password, and all that signing in needs."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.maker = plain_maker()
        self.hasher = PlainHasher()
        self.passwords = Passwords(store, self.hasher, LoginCache(b"key"), self.clock)

    async def add(self, label: str = "phone", *protocols: str, **more: object) -> NewAppPassword:
        asked = AppPasswordAsked(label, protocols, **more)  # type: ignore[arg-type]
        return await app_passwords.add(self.store, self.maker, self.clock, ADMIN, "anna", asked)

    async def sign_in(self, password: str, protocol: str = "imap") -> Login:
        return await self.passwords.check(PasswordLogin(NAME, password, protocol))


async def new_house() -> House:
    house = House(await new_store())
    await domains.add(house.store, house.clock, ADMIN, Domain.parse("example.org"))
    await accounts.add(house.store, house.clock, ADMIN, "anna", address=Address.parse(NAME))
    await set_password(house.store, house.maker, house.clock, ADMIN, "anna", "my dog Waldi")
    return house


async def test_an_app_password_signs_in_without_a_slow_hash() -> None:
    house = await new_house()
    made = [await house.add(f"program {number}") for number in range(5)]
    login = await house.sign_in(made[3].password)
    assert login.credential == made[3].credential.id
    assert house.hasher.verified == 0
    await house.sign_in("my dog Waldi")
    assert house.hasher.verified == 1


async def test_a_wrong_one_costs_one_slow_hash_however_many_there_are() -> None:
    house = await new_house()
    for number in range(20):
        await house.add(f"program {number}")
    with pytest.raises(LoginFailed) as caught:
        await house.sign_in("aaaa-bbbb-cccc")
    assert caught.value.outcome is Outcome.WRONG_PASSWORD
    assert house.hasher.verified == 1


async def test_it_is_good_for_its_protocols_only() -> None:
    house = await new_house()
    made = await house.add("reader", "imap")
    assert made.credential.protocols == "imap"
    await house.sign_in(made.password, "imap")
    with pytest.raises(LoginFailed) as caught:
        await house.sign_in(made.password, "smtp")
    assert caught.value.outcome is Outcome.WRONG_PROTOCOL
    assert str(caught.value) == str(LoginFailed())


async def test_it_ends_when_it_expires_and_so_do_its_sessions() -> None:
    house = await new_house()
    made = await house.add(expires=house.clock.now() + timedelta(days=1))
    login = await house.sign_in(made.password)
    assert login.expires == house.clock.now() + timedelta(days=1)
    house.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert await is_valid(house.store, house.clock, login)
    house.clock.advance(timedelta(seconds=1))
    assert not await is_valid(house.store, house.clock, login)
    with pytest.raises(LoginFailed) as caught:
        await house.sign_in(made.password)
    assert caught.value.outcome is Outcome.EXPIRED


async def test_removing_one_ends_its_sessions_and_no_others() -> None:
    house = await new_house()
    phone, laptop = await house.add("phone"), await house.add("laptop")
    on_phone = await house.sign_in(phone.password)
    on_laptop = await house.sign_in(laptop.password)
    await app_passwords.remove(house.store, house.clock, ADMIN, "anna", phone.credential.id)
    assert not await is_valid(house.store, house.clock, on_phone)
    assert await is_valid(house.store, house.clock, on_laptop)
    with pytest.raises(LoginFailed):
        await house.sign_in(phone.password)


async def test_adding_and_removing_leave_revisions_without_the_secret() -> None:
    house = await new_house()
    made = await house.add("phone", "smtp", "imap", reason="new phone")
    await app_passwords.remove(house.store, house.clock, ADMIN, "anna", made.credential.id)
    removed, added, *_ = await revisions.page(house.store)
    key = f"anna app-password {made.credential.id}"
    facts = {"label": "phone", "protocols": "imap smtp", "expires": ""}
    assert added.reason == "new phone"
    assert [(one.key, one.before, one.after) for one in added.changes] == [(key, None, facts)]
    assert [(one.key, one.before, one.after) for one in removed.changes] == [(key, facts, None)]


async def test_they_are_listed_oldest_first_with_their_last_use() -> None:
    house = await new_house()
    made = [await house.add(label) for label in ("phone", "laptop")]
    house.clock.advance(timedelta(hours=2))
    await house.sign_in(made[1].password)
    listed = await app_passwords.page(house.store, "anna")
    assert [one.label for one in listed] == ["phone", "laptop"]
    assert [one.last_used for one in listed] == [None, house.clock.now()]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (AppPasswordAsked(" "), "1 to 100 characters"),
        (AppPasswordAsked("x" * 101), "1 to 100 characters"),
        (AppPasswordAsked("two\nlines"), "1 to 100 characters"),
        (AppPasswordAsked("phone", ("imap", "gopher")), "imap, smtp"),
        (AppPasswordAsked("phone", expires=StoppedClock().now()), "choose a later end"),
    ],
    ids=["no label", "long label", "lines", "protocol", "over already"],
)
async def test_what_cannot_be_one(asked: AppPasswordAsked, reason: str) -> None:
    house = await new_house()
    with pytest.raises(AppPasswordInvalid, match=reason):
        await app_passwords.add(house.store, house.maker, house.clock, ADMIN, "anna", asked)


async def test_there_are_at_most_100() -> None:
    house = await new_house()
    for number in range(100):
        await house.add(f"program {number}")
    with pytest.raises(TooManyAppPasswords):
        await house.add("one more")
    assert len(await app_passwords.page(house.store, "anna")) == 100
    await house.sign_in("my dog Waldi")


async def test_only_app_passwords_are_removed_as_such() -> None:
    house = await new_house()
    account = (await accounts.get(house.store, "anna")).id
    [password] = await house.store.read(lambda tx: credentials.of_kind(tx, account, PASSWORD))
    for number in (password.id, 999):
        with pytest.raises(AppPasswordUnknown, match="roost apppassword list anna"):
            await app_passwords.remove(house.store, house.clock, ADMIN, "anna", number)
    with pytest.raises(AccountUnknown):
        await app_passwords.remove(house.store, house.clock, ADMIN, "bob", 1)
    await house.sign_in("my dog Waldi")


async def test_a_proved_credential_is_asked_the_same_as_a_password() -> None:
    house = await new_house()
    made = await house.add("reader", "imap", expires=house.clock.now() + timedelta(days=1))
    number = made.credential.id

    async def finish(protocol: str = "imap", name: str = NAME) -> Login:
        return await finish_login(house.store, house.clock, name, number, protocol)

    assert (await finish()).credential == number
    assert (await finish(name="Anna+tag@example.org")).account == made.credential.account
    for protocol, name, outcome in (
        ("smtp", NAME, Outcome.WRONG_PROTOCOL),
        ("imap", "nobody@example.org", Outcome.UNKNOWN),
        ("imap", "nobody", Outcome.UNKNOWN),
    ):
        with pytest.raises(LoginFailed) as caught:
            await finish(protocol, name)
        assert caught.value.outcome is outcome
    settings = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "anna", settings, made_from=None)
    with pytest.raises(LoginDisabled):
        await finish()
    await accounts.set_settings(
        house.store, house.clock, ADMIN, "anna", AccountSettings(), made_from=None
    )
    house.clock.advance(timedelta(days=1))
    with pytest.raises(LoginFailed) as caught:
        await finish()
    assert caught.value.outcome is Outcome.EXPIRED
    await app_passwords.remove(house.store, house.clock, ADMIN, "anna", number)
    with pytest.raises(LoginFailed) as caught:
        await finish()
    assert caught.value.outcome is Outcome.WRONG_PASSWORD


async def test_no_secret_stands_in_clear_anywhere() -> None:
    """Neither a row of any table nor what is shown of a value holds what signs in."""
    house = await new_house()
    made = await house.add("phone")
    await house.sign_in(made.password)
    login = PasswordLogin(NAME, made.password, "imap")

    async def everything(tx: ReadTx) -> str:
        tables = await tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return "".join([repr(await tx.rows(f"SELECT * FROM {name}")) for (name,) in tables])

    shown = repr([made, login, made.credential, house.maker]) + await house.store.scan(everything)
    assert made.password not in shown
    assert made.credential.secret not in repr(made)
    # The password itself is kept as it is by the hasher of the tests, and only there.
    assert shown.count("my dog Waldi") == 1
