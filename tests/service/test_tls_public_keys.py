"""Keys of TLS client certificates: who may register what, and what holds on to what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.config.domains import DomainSettings
from roost.service import accounts, addresses, domains, revisions, tls_public_keys
from roost.service.config_errors import (
    AccountUnknown,
    AddressUnknown,
    StaleRevision,
    UndoImpossible,
)
from roost.service.tls_key_errors import (
    AddressForeign,
    LoginAddressInUse,
    TlsKeyExists,
    TlsKeyInvalid,
    TlsKeyUnknown,
)
from roost.service.tls_public_keys import KeySettings
from roost.store.account_removal import remove_accounts
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.store.tls_public_keys import TlsPublicKey
from roost.testing.client_keys import ClientKey, make_client_key
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
ANNA = Address.parse("anna@example.org")
OFFICE = Address.parse("office@example.org")
BOB = Address.parse("bob@example.org")
LAPTOP = make_client_key()


class House:
    """anna has two addresses, bob has one."""

    def __init__(self, store: SqliteStore, clock: StoppedClock) -> None:
        self.store = store
        self.clock = clock

    async def add(
        self,
        client: ClientKey = LAPTOP,
        account: str = "anna",
        address: Address = ANNA,
        **said: object,
    ) -> TlsPublicKey:
        settings = KeySettings(address, **said)  # type: ignore[arg-type]
        return await tls_public_keys.add(
            self.store, self.clock, ADMIN, account, client.pem, settings
        )

    async def change(self, settings: KeySettings, made_from: int | None = None) -> TlsPublicKey:
        return await tls_public_keys.set_settings(
            self.store, self.clock, ADMIN, LAPTOP.fingerprint, settings, made_from=made_from
        )

    async def names(self, account: str | None = None) -> list[str]:
        owner = (await accounts.get(self.store, account)).id if account else None
        return sorted(one.name for one in await tls_public_keys.page(self.store, owner))

    async def remove_address(self, address: Address) -> None:
        await addresses.remove(self.store, self.clock, ADMIN, address)


@pytest.fixture
async def house() -> House:
    clock = StoppedClock()
    store = await new_store(clock=clock)
    await domains.add(store, clock, ADMIN, Domain.parse("example.org"))
    await accounts.add(store, clock, ADMIN, "anna", address=ANNA)
    await addresses.add(store, clock, ADMIN, "anna", OFFICE)
    await accounts.add(store, clock, ADMIN, "bob", address=BOB)
    return House(store, clock)


async def test_a_key_and_what_is_known_of_it(house: House) -> None:
    added = await house.add(no_imap_preauth=True)
    assert added == TlsPublicKey(
        account=(await accounts.get(house.store, "anna")).id,
        account_name="anna",
        fingerprint=LAPTOP.fingerprint,
        created=house.clock.now(),
        type="ecdsa-p256",
        name="a laptop",
        no_imap_preauth=True,
        certificate=LAPTOP.der,
        address=ANNA,
        revision=added.revision,
    )
    assert await tls_public_keys.get(house.store, LAPTOP.fingerprint) == added


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("rsa-2048", "rsa-2048"),
        ("rsa-3072", "rsa-3072"),
        ("ecdsa-p256", "ecdsa-p256"),
        ("ecdsa-p384", "ecdsa-p384"),
        ("ecdsa-p521", "ecdsa-p521"),
        ("ed25519", "ed25519"),
    ],
)
async def test_types_of_keys(house: House, kind: str, named: str) -> None:
    assert (await house.add(make_client_key(kind=kind))).type == named


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("rsa-1024", "of 1024 bits is too weak"),
        ("dsa", "of this type"),
        ("ecdsa-k256", "of this type"),
        ("ed448", "of this type"),
    ],
)
async def test_keys_that_are_refused(house: House, kind: str, why: str) -> None:
    with pytest.raises(TlsKeyInvalid, match=why):
        await house.add(make_client_key(kind=kind))


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        ("", "expected one certificate"),
        ("not a certificate", "expected one certificate"),
        (LAPTOP.pem + LAPTOP.pem, "expected one certificate"),
        (LAPTOP.key_pem, "private key"),
        (LAPTOP.pem + LAPTOP.key_pem, "private key"),
        (LAPTOP.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "expected one certificate"),
        (LAPTOP.pem.replace("CERTIFICATE", "X509 CRL"), "expected one certificate"),
        (LAPTOP.pem[:200] + "\n-----END CERTIFICATE-----\n", "damaged"),
        (LAPTOP.pem.replace("M", "\ud800", 1), "damaged"),
        (make_client_key(serial=1, name="x" * 60, kind="rsa-2048").pem[:-60], "damaged"),
    ],
    ids=[
        "nothing", "words", "two", "a private key", "both", "a request", "a list", "cut", "no text",
        "no end",
    ],
)  # fmt: skip
async def test_what_is_no_certificate(house: House, pem: str, why: str) -> None:
    with pytest.raises(TlsKeyInvalid, match=why):
        await tls_public_keys.add(house.store, house.clock, ADMIN, "anna", pem, KeySettings(ANNA))
    assert await house.names() == []


async def test_words_around_a_certificate_do_no_harm(house: House) -> None:
    pem = f"Certificate:\n    Data:\n{LAPTOP.pem}\nthe end\n".replace("\n", "\r\n")
    settings = KeySettings(ANNA)
    await tls_public_keys.add(house.store, house.clock, ADMIN, "anna", pem, settings)
    assert await house.names() == ["a laptop"]


@pytest.mark.parametrize(
    ("common_name", "said", "name"),
    [
        ("a laptop", "", "a laptop"),
        ("a laptop", " my laptop ", "my laptop"),
        (None, "", "serial 1ff"),
        ("tab\tand\nline", "", "serial 1ff"),
        ("\u202edraw", "", "serial 1ff"),
    ],
    ids=["common name", "said", "no common name", "control characters", "turned round"],
)
async def test_names(house: House, common_name: str | None, said: str, name: str) -> None:
    client = make_client_key(common_name, serial=0x1FF)
    assert (await house.add(client, name=said)).name == name


@pytest.mark.parametrize("name", ["a\tb", "x" * 201, "\u202e"], ids=["tab", "long", "turned"])
async def test_names_that_are_refused(house: House, name: str) -> None:
    with pytest.raises(TlsKeyInvalid, match="its name"):
        await house.add(name=name)


async def test_a_key_is_unique_over_all_accounts(house: House) -> None:
    await house.add()
    for account, address in (("anna", ANNA), ("bob", BOB)):
        with pytest.raises(TlsKeyExists) as caught:
            await house.add(make_client_key(key=LAPTOP.key), account, address)
        assert "anna" not in str(caught.value)


@pytest.mark.parametrize(
    ("account", "address", "error"),
    [
        ("anna", BOB, AddressForeign),
        ("anna", Address.parse("nobody@example.org"), AddressUnknown),
        ("nobody", ANNA, AccountUnknown),
    ],
    ids=["another's", "nobody's", "no account"],
)
async def test_the_login_address_is_the_accounts_own(
    house: House, account: str, address: Address, error: type[ServiceError]
) -> None:
    with pytest.raises(error):
        await house.add(account=account, address=address)
    await house.add()
    if account == "anna":
        with pytest.raises(error):
            await house.change(KeySettings(address, "a laptop"))


async def test_a_login_address_is_kept_as_it_is_known(house: House) -> None:
    added = await house.add(address=Address.parse("ANNA+tag@EXAMPLE.org"))
    assert added.address == ANNA


async def test_what_is_said_of_a_key_can_be_changed(house: House) -> None:
    added = await house.add()
    wanted = KeySettings(OFFICE, "office", no_imap_preauth=True)
    changed = await house.change(wanted, added.revision)
    assert changed == replace(
        added, address=OFFICE, name="office", no_imap_preauth=True, revision=changed.revision
    )
    with pytest.raises(StaleRevision, match="changed address, name, no_imap_preauth"):
        await house.change(KeySettings(ANNA, "laptop"), added.revision)
    with pytest.raises(TlsKeyInvalid, match="its name"):
        await house.change(KeySettings(ANNA, ""))


async def test_a_key_can_go_and_come_again(house: House) -> None:
    await house.add()
    for _ in range(2):
        await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)
        with pytest.raises(TlsKeyUnknown):
            await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)
        await house.add(account="bob", address=BOB)


async def test_every_change_can_be_undone(house: House) -> None:
    added = await house.add()
    await house.change(KeySettings(OFFICE, "office", no_imap_preauth=True))
    await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)
    removed = (await revisions.page(house.store))[0].id
    again = await revisions.undo(house.store, house.clock, ADMIN, removed)
    back = await tls_public_keys.get(house.store, LAPTOP.fingerprint)
    assert (back.name, back.address, back.no_imap_preauth) == ("office", OFFICE, True)
    assert back.certificate == added.certificate
    changed = await house.change(KeySettings(ANNA, "home"))
    await revisions.undo(house.store, house.clock, ADMIN, changed.revision)
    assert await house.names() == ["office"]
    with pytest.raises(UndoImpossible, match=f"changed tls_public_key {LAPTOP.fingerprint}"):
        await revisions.undo(house.store, house.clock, ADMIN, again.id)
    await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)
    added = await house.add()
    await revisions.undo(house.store, house.clock, ADMIN, added.revision)
    assert await house.names() == []


async def test_lists_are_by_account(house: House) -> None:
    await house.add()
    await house.add(make_client_key("bob's"), "bob", BOB)
    assert await house.names() == ["a laptop", "bob's"]
    assert await house.names("bob") == ["bob's"]


async def test_pages(house: House) -> None:
    clients = sorted((make_client_key(str(n)) for n in range(5)), key=lambda one: one.fingerprint)
    for client in clients:
        await house.add(client)
    for owner in (None, (await accounts.get(house.store, "anna")).id):
        after, seen = "", list[str]()
        while page := await tls_public_keys.page(house.store, owner, after, 2):
            seen += [one.fingerprint for one in page]
            after = seen[-1]
        assert seen == [one.fingerprint for one in clients]


async def test_an_account_has_no_more_than_can_be_read_at_once(house: House) -> None:
    for _ in range(tls_public_keys.MAX_KEYS):
        await house.add(make_client_key(kind="ed25519"))
    with pytest.raises(TlsKeyInvalid, match="has 100 keys"):
        await house.add()


async def test_a_login_address_stays_while_a_key_signs_in_with_it(house: House) -> None:
    await house.add(address=OFFICE)
    with pytest.raises(LoginAddressInUse, match=r"office@example\.org.* a laptop"):
        await house.remove_address(Address.parse("Office+x@example.org"))
    with pytest.raises(LoginAddressInUse, match=f"domain example.org.*{LAPTOP.fingerprint}"):
        await domains.remove(house.store, house.clock, ADMIN, Domain.parse("example.org"))
    await house.change(KeySettings(ANNA, "a laptop"))
    await house.remove_address(OFFICE)


async def test_an_address_can_go_once_the_key_is_gone(house: House) -> None:
    await house.add(address=OFFICE)
    await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)
    await house.remove_address(OFFICE)


async def test_a_removed_account_takes_its_keys_along_and_brings_them_back(house: House) -> None:
    before = await house.add()
    await accounts.remove(house.store, house.clock, ADMIN, "anna")
    assert await house.names() == []
    newest = (await revisions.page(house.store))[0].id
    await revisions.undo(house.store, house.clock, ADMIN, newest)
    after = await tls_public_keys.get(house.store, LAPTOP.fingerprint)
    assert after == replace(before, revision=after.revision)
    await accounts.remove(house.store, house.clock, ADMIN, "anna")
    await house.add(account="bob", address=BOB)
    house.clock.advance(timedelta(days=2))
    assert await remove_accounts(house.store, house.clock.now(), house.clock.now()) == 1
    assert await house.names() == ["a laptop"]


async def test_a_login_address_follows_how_its_domain_compares(house: House) -> None:
    await addresses.add(house.store, house.clock, ADMIN, "anna", Address.parse("Desk@example.org"))
    await house.add(address=Address.parse("desk@example.org"))
    for sensitive in (True, False):
        await domains.set_settings(
            house.store, house.clock, ADMIN, Domain.parse("example.org"),
            DomainSettings(localpart_case_sensitive=sensitive), made_from=None,
        )  # fmt: skip
        key = await tls_public_keys.get(house.store, LAPTOP.fingerprint)
        assert str(key.address) == "Desk@example.org"
