"""Which keys are registered, in memory: a handshake cannot wait for the store."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from roost.base.ids import AccountId
from roost.ports.bus import Hint, Type
from roost.store import tls_public_keys as rows
from roost.store.engine import ReadTx, Store


class KnownKeys:
    """The fingerprints of all registered keys, kept fresh by the hints of the bus.

    It may be behind for a moment, and a hint may be lost: it says who may go on in a handshake, and
    the store is asked again after it. `load` fills it, and mends what a lost hint left behind.
    """

    def __init__(
        self, store: Store, in_background: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._store = store
        self._in_background = in_background
        self._owners: dict[str, AccountId] = {}
        self._keys: dict[AccountId, list[str]] = {}
        self._reading = asyncio.Lock()
        store.bus.listen(None, self._hear)

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._owners

    async def load(self) -> None:
        """Read all of them anew."""
        async with self._reading:
            self._owners, self._keys = await self._store.scan(_read_all)

    def _hear(self, hint: Hint) -> None:
        if Type.SETTINGS in hint.types:
            self._in_background(self._read(hint.account))

    async def _read(self, account: AccountId) -> None:
        """Read those of one account anew."""
        async with self._reading:
            found = await self._store.read(lambda tx: rows.fingerprints_of(tx, account))
            for gone in self._keys.pop(account, ()):
                if self._owners.get(gone) == account:  # another may have it by now
                    del self._owners[gone]
            self._owners.update(dict.fromkeys(found, account))
            if found:
                self._keys[account] = found


async def _read_all(tx: ReadTx) -> tuple[dict[str, AccountId], dict[AccountId, list[str]]]:
    owners = dict(await rows.all_fingerprints(tx))
    keys: dict[AccountId, list[str]] = {}
    for fingerprint, account in owners.items():
        keys.setdefault(account, []).append(fingerprint)
    return owners, keys
