"""What SCRAM is told of a name: the account's own salt, or one that looks just like it."""

from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.domains import DomainSettings
from roost.proto.sasl.cram_md5 import cram_md5_key
from roost.proto.sasl.scram import scram_keys
from roost.service import accounts, addresses, app_passwords, domains
from roost.service.app_passwords import AppPasswordAsked
from roost.service.credential_secret import SecretMaker
from roost.service.scram_login import Found, Proofs
from roost.service.set_password import set_password
from roost.store.revisions import Actor
from roost.store.server_keys import server_key
from roost.store.sqlite import SqliteStore
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.random import SeededRandom
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
MAKER = SecretMaker(PlainHasher(), SeededRandom(), ("SHA-256",), cram_md5=True)


class House:
    """Accounts "anna", with a password, and "bob", without."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.proofs = Proofs(store, self.clock, b"key")

    async def found(self, name: str, hash_name: str = "SHA-256", protocol: str = "imap") -> Found:
        return await self.proofs.scram_secrets(name, hash_name, protocol)


async def new_house() -> House:
    house = House(await new_store())
    store, clock = house.store, house.clock
    await domains.add(store, clock, ADMIN, Domain.parse("example.org"))
    strict = DomainSettings(localpart_case_sensitive=True, localpart_separators=())
    await domains.add(store, clock, ADMIN, Domain.parse("strict.test"), strict)
    await accounts.add(store, clock, ADMIN, "anna", address=Address.parse("anna@example.org"))
    await addresses.add(store, clock, ADMIN, "anna", Address.parse("office@example.org"))
    await accounts.add(store, clock, ADMIN, "bob", address=Address.parse("bob@example.org"))
    await set_password(store, MAKER, clock, ADMIN, "anna", "my dog Waldi")
    return house


async def test_a_known_name_gets_keys_of_all_that_is_good_for_the_protocol() -> None:
    house = await new_house()
    made = {}
    for label, protocols in (("phone", ("imap",)), ("printer", ("smtp",))):
        asked = AppPasswordAsked(label, protocols)
        made[label] = await app_passwords.add(house.store, MAKER, house.clock, ADMIN, "anna", asked)
    over = AppPasswordAsked("guest", expires=house.clock.now() + timedelta(hours=1))
    await app_passwords.add(house.store, MAKER, house.clock, ADMIN, "anna", over)
    house.clock.advance(timedelta(hours=1))
    found = await house.found("office@example.org")
    expected = {
        scram_keys("sha256", password, found.salt, found.iterations)
        for password in ("my dog Waldi", made["phone"].password)
    }
    assert {(one.stored_key, one.server_key) for one in found.keys} == expected
    assert made["phone"].credential.id in {one.id for one in found.keys}
    for_smtp = await house.found("anna@example.org", protocol="smtp")
    assert made["printer"].credential.id in {one.id for one in for_smtp.keys}
    assert for_smtp.salt == found.salt


@pytest.mark.parametrize(
    "name",
    [
        "nobody@example.org", "bob@example.org", "who@else.test", "no address", "", "x" * 5000,
        "\ud800", "\ud800@example.org", "a\x00b@example.org",
    ],
    ids=[
        "unknown", "no password", "no domain", "no address", "empty", "long",
        "no text", "no text in an address", "NUL",
    ],
)  # fmt: skip
async def test_any_other_name_gets_what_looks_like_it_and_stays_the_same(name: str) -> None:
    house = await new_house()
    real, one = await house.found("anna@example.org"), await house.found(name)
    assert one == await house.found(name)
    assert one.keys == ()
    assert (len(one.salt), one.iterations) == (len(real.salt), real.iterations)
    assert one.salt != real.salt


async def test_made_up_salts_differ_by_name_hash_and_server() -> None:
    house = await new_house()
    other = Proofs(house.store, house.clock, b"another key")
    salts = [
        (await house.found("nobody@example.org")).salt,
        (await house.found("nobody2@example.org")).salt,
        (await house.found("nobody@example.org", "SHA-1")).salt,
        (await other.scram_secrets("nobody@example.org", "SHA-256", "imap")).salt,
    ]
    assert len(set(salts)) == 4


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("anna@example.org", "ANNA+shop@Example.ORG", True),
        ("nobody@example.org", "NOBODY+shop@Example.ORG", True),
        ("nobody@else.test", "Nobody+x@else.test", True),
        ("bob@example.org", "Bob+x@example.org", True),
        ("nobody@strict.test", "Nobody@strict.test", False),
        ("nobody@strict.test", "nobody+x@strict.test", False),
    ],
)
async def test_spellings_of_an_unknown_name_share_a_salt_as_those_of_a_known_one_do(
    one: str, other: str, alike: bool
) -> None:
    house = await new_house()
    assert ((await house.found(one)).salt == (await house.found(other)).salt) is alike


async def test_an_account_without_secrets_of_a_hash_is_not_at_fault() -> None:
    house = await new_house()
    found = await house.found("anna@example.org", "SHA-1")
    assert found.keys == ()
    assert found.account is not None
    await set_password(house.store, plain_maker(), house.clock, ADMIN, "bob", "my cat Minka")
    assert (await house.found("bob@example.org")).keys == ()


async def test_cram_md5_is_found_the_same_way() -> None:
    house = await new_house()
    known = await house.proofs.cram_md5_secrets("anna@example.org", "imap")
    [key] = known.keys
    assert (key.inner, key.outer) == cram_md5_key("my dog Waldi")
    assert (await house.proofs.cram_md5_secrets("nobody@example.org", "imap")).keys == ()
    assert "inner" not in repr(known)


async def test_the_servers_key_is_made_once() -> None:
    store, random = await new_store(), SeededRandom()
    first = await server_key(store, random, "scram")
    assert len(first) == 32
    assert await server_key(store, random, "scram") == first
    assert await server_key(store, random, "other") != first
