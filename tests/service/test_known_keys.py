"""The registered keys in memory, and what becomes of them while the store changes."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from roost.base.address import Address
from roost.base.domain import Domain
from roost.service import accounts, domains, tls_public_keys
from roost.service.known_keys import KnownKeys
from roost.service.tls_public_keys import KeySettings
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.bus import ListBus
from roost.testing.client_keys import ClientKey, make_client_key
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")


class House:
    """Accounts a and b, and the keys that are known."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.work: list[Coroutine[Any, Any, None]] = []
        self.known = KnownKeys(store, self.work.append)

    async def add(self, client: ClientKey, account: str = "a") -> None:
        settings = KeySettings(Address.parse(f"{account}@example.org"))
        await tls_public_keys.add(self.store, self.clock, ADMIN, account, client.pem, settings)

    async def remove(self, client: ClientKey) -> None:
        await tls_public_keys.remove(self.store, self.clock, ADMIN, client.fingerprint)

    async def catch_up(self) -> None:
        work, self.work[:] = list(self.work), []
        await asyncio.gather(*work)

    def drop_hints(self) -> None:
        """They are lost on their way."""
        for work in self.work:
            work.close()
        self.work.clear()


async def new_house() -> House:
    store = await new_store(bus=ListBus())
    house = House(store)
    await domains.add(store, house.clock, ADMIN, Domain.parse("example.org"))
    for name in ("a", "b"):
        address = Address.parse(f"{name}@example.org")
        await accounts.add(store, house.clock, ADMIN, name, address=address)
    return house


async def test_keys_of_before_are_known_once_loaded() -> None:
    house = await new_house()
    clients = [make_client_key(kind="ed25519") for _ in range(3)]
    for client in clients:
        await house.add(client)
    house.drop_hints()
    assert clients[0].fingerprint not in house.known
    await house.known.load()
    assert all(client.fingerprint in house.known for client in clients)


async def test_keys_are_known_from_their_hint_and_gone_with_it() -> None:
    house = await new_house()
    kept, client = make_client_key(), make_client_key()
    await house.add(kept)
    await house.add(client)
    await house.catch_up()
    assert client.fingerprint in house.known
    await house.remove(client)
    await house.catch_up()
    assert client.fingerprint not in house.known
    assert kept.fingerprint in house.known


async def test_a_key_that_went_to_another_account_stays_known_in_any_order() -> None:
    house = await new_house()
    client = make_client_key()
    await house.add(client, "b")
    await house.catch_up()
    await house.remove(client)
    await house.add(client, "a")
    house.work.reverse()
    await house.catch_up()
    assert client.fingerprint in house.known
    await house.remove(client)
    await house.catch_up()
    assert client.fingerprint not in house.known


async def test_lost_and_doubled_hints_do_no_harm() -> None:
    house = await new_house()
    client, other = make_client_key(), make_client_key()
    await house.add(client)
    house.drop_hints()
    await house.add(other)
    for hint in list(house.store.bus.hints):  # type: ignore[attr-defined]
        house.store.bus.publish(hint)
    await house.catch_up()
    assert client.fingerprint in house.known
    await house.remove(client)
    house.drop_hints()
    assert client.fingerprint in house.known
    await house.known.load()
    assert client.fingerprint not in house.known
    assert other.fingerprint in house.known


async def test_a_removed_account_has_no_keys() -> None:
    house = await new_house()
    client = make_client_key()
    await house.add(client)
    await accounts.remove(house.store, house.clock, ADMIN, "a")
    await house.catch_up()
    assert client.fingerprint not in house.known
