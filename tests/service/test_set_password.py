"""New passwords: which may be set, by whom, and what is kept of them."""

import msgspec
import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.accounts import AccountSettings
from roost.proto.sasl.cram_md5 import cram_md5_key
from roost.proto.sasl.scram import HASHES, scram_keys
from roost.service import accounts, addresses, app_passwords, domains, revisions
from roost.service.app_passwords import AppPasswordAsked
from roost.service.credential_errors import CustomPasswordRefused
from roost.service.credential_secret import SecretMaker, cram_md5_keys_of, scram_keys_of
from roost.service.password_rules import prepare_new
from roost.service.passwords import PasswordInvalid
from roost.service.set_password import PasswordChange, set_generated_password, set_password
from roost.store import credentials, scram_salts
from roost.store.credentials import APP_PASSWORD, PASSWORD, Credential
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.store.scram_salts import Salt
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.random import SeededRandom
from roost.testing.store import new_store

ADMIN, ANNA = Actor("admin", "root"), Actor("account", "anna")
CLOCK = StoppedClock()
EVERYTHING = SecretMaker(PlainHasher(), SeededRandom(), ("SHA-256", "SHA-1"), cram_md5=True)


async def new_house() -> Store:
    store = await new_store()
    await domains.add(store, CLOCK, ADMIN, Domain.parse("bigbakery.example"))
    address = Address.parse("annabella@bigbakery.example")
    await accounts.add(store, CLOCK, ADMIN, "anna.becker", address=address)
    await addresses.add(
        store, CLOCK, ADMIN, "anna.becker", Address.parse("office@bigbakery.example")
    )
    settings = AccountSettings(full_name="Anna Becker")
    await accounts.set_settings(store, CLOCK, ADMIN, "anna.becker", settings, made_from=None)
    return store


async def kept(store: Store, kind: str = PASSWORD) -> list[Credential]:
    account = (await accounts.get(store, "anna.becker")).id
    return await store.read(lambda tx: credentials.of_kind(tx, account, kind))


async def salts(store: Store) -> dict[str, Salt]:
    account = (await accounts.get(store, "anna.becker")).id
    return await store.read(lambda tx: scram_salts.of_account(tx, account))


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("1234567", "fewer than 8"),
        ("password", "everybody tries"),
        ("PassWord1!", "everybody tries"),
        ("!!letmein2024", "everybody tries"),
        ("passwordpassword", "everybody tries"),
        ("qwertzuiop", "everybody tries"),
        ("correcthorsebatterystaple", "everybody tries"),
        ("aaaaaaaaaa", "repeats or counts"),
        ("abcabcabcabc", "repeats or counts"),
        ("efghijklmn", "repeats or counts"),
        ("98765432", "repeats or counts"),
        ("annabella", "name or address"),
        ("AnnaBella99", "name or address"),
        ("annabellaannabella", "name or address"),
        ("annabella@bigbakery.example", "name or address"),
        ("bigbakery", "name or address"),
        ("bigbakery.example!", "name or address"),
        ("anna.becker", "name or address"),
        ("Anna Becker", "name or address"),
    ],
)
async def test_what_a_guesser_tries_first_is_refused(password: str, reason: str) -> None:
    store = await new_house()
    with pytest.raises(PasswordInvalid, match=reason):
        await set_password(store, plain_maker(), CLOCK, ADMIN, "anna.becker", password)
    assert await kept(store) == []


@pytest.mark.parametrize(
    "password",
    [
        "correct horse",
        "open sesame",
        "my dog Waldi",
        "passwords are hard",
        "xkcd-936",
        "пароли-здесь",
    ],
)
def test_what_nobody_tries_first_is_taken(password: str) -> None:
    assert prepare_new(password, ["anna", "anna@example.org"]) == password


async def test_a_user_may_have_generated_passwords_only_until_the_admin_says_otherwise() -> None:
    store = await new_house()
    with pytest.raises(CustomPasswordRefused, match="ask for one"):
        await set_password(store, plain_maker(), CLOCK, ANNA, "anna.becker", "my dog Waldi")
    assert await kept(store) == []
    await set_password(store, plain_maker(), CLOCK, ADMIN, "anna.becker", "my dog Waldi")
    await set_generated_password(store, plain_maker(), CLOCK, ANNA, "anna.becker")
    settings = AccountSettings(no_custom_password=False)
    await accounts.set_settings(store, CLOCK, ADMIN, "anna.becker", settings, made_from=None)
    await set_password(store, plain_maker(), CLOCK, ANNA, "anna.becker", "my dog Rex")
    assert len(await kept(store)) == 1


async def test_a_generated_password_is_long_random_and_fit_to_type() -> None:
    store = await new_house()
    made = {
        await set_generated_password(store, EVERYTHING, CLOCK, ADMIN, "anna.becker")
        for _ in range(20)
    }
    assert len(made) == 20
    for password in made:
        letters = password.replace("-", "")
        assert len(letters) * 5 >= 136
        assert set(letters) <= set("abcdefghijklmnopqrstuvwxyz234567")
        assert prepare_new(password) == password


async def test_all_secrets_of_an_account_share_a_salt_for_each_hash() -> None:
    store = await new_house()
    await set_password(store, EVERYTHING, CLOCK, ADMIN, "anna.becker", "my dog Waldi")
    first = await salts(store)
    assert set(first) == {"SHA-256", "SHA-1"}
    assert all(len(salt.octets) == 16 and salt.iterations >= 4096 for salt in first.values())
    asked = AppPasswordAsked("phone")
    made = await app_passwords.add(store, EVERYTHING, CLOCK, ADMIN, "anna.becker", asked)
    await set_password(store, EVERYTHING, CLOCK, ADMIN, "anna.becker", "my dog Rex")
    assert await salts(store) == first
    for found, password in (
        (await kept(store), "my dog Rex"),
        (await kept(store, APP_PASSWORD), made.password),
    ):
        for name, salt in first.items():
            [keys] = scram_keys_of(found, name)
            expected = scram_keys(HASHES[f"SCRAM-{name}"], password, salt.octets, salt.iterations)
            assert (keys.id, keys.stored_key, keys.server_key) == (found[0].id, *expected)
        [states] = cram_md5_keys_of(found)
        assert (states.inner, states.outer) == cram_md5_key(password)


async def test_old_mechanisms_leave_nothing_behind_unless_they_are_on() -> None:
    store = await new_house()
    maker = SecretMaker(PlainHasher(), SeededRandom())
    await set_password(store, maker, CLOCK, ADMIN, "anna.becker", "my dog Waldi")
    found = await kept(store)
    assert set(msgspec.json.decode(found[0].secret)) == {"argon2", "scram"}
    assert set(await salts(store)) == {"SHA-256"}
    assert scram_keys_of(found, "SHA-1") == ()
    assert cram_md5_keys_of(found) == ()


async def test_a_hash_that_is_switched_on_later_gets_its_salt_then() -> None:
    store = await new_house()
    await set_password(
        store,
        SecretMaker(PlainHasher(), SeededRandom()),
        CLOCK,
        ADMIN,
        "anna.becker",
        "my dog Waldi",
    )
    before = await salts(store)
    await set_password(store, EVERYTHING, CLOCK, ADMIN, "anna.becker", "my dog Rex")
    after = await salts(store)
    assert after["SHA-256"] == before["SHA-256"]
    assert "SHA-1" in after


async def test_app_passwords_stay_unless_they_shall_go() -> None:
    store = await new_house()
    await set_password(store, plain_maker(), CLOCK, ADMIN, "anna.becker", "my dog Waldi")
    for label in ("phone", "laptop"):
        await app_passwords.add(
            store, plain_maker(), CLOCK, ADMIN, "anna.becker", AppPasswordAsked(label)
        )
    await set_password(store, plain_maker(), CLOCK, ADMIN, "anna.becker", "my dog Rex")
    assert len(await kept(store, APP_PASSWORD)) == 2
    all_go = PasswordChange(reason="stolen", remove_app_passwords=True)
    await set_password(store, plain_maker(), CLOCK, ADMIN, "anna.becker", "my dog Bello", all_go)
    assert await kept(store, APP_PASSWORD) == []
    newest = (await revisions.page(store))[0]
    assert newest.reason == "stolen"
    assert [one.after is None for one in newest.changes] == [False, True, True]
