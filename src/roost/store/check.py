"""Compare counters with rows and rows with octets, and say every difference. `roost check`."""

import hashlib
from functools import partial

from roost.base.ids import AccountId, BlobId
from roost.ports.clock import Clock
from roost.store import blob_rows
from roost.store import repair as mending
from roost.store.check_rows import Difference, Kind, differences
from roost.store.engine import ReadTx, Store
from roost.store.stowed import BlobGone

_SERVER = AccountId(0)
_PIECE_OCTETS = 1 << 20
_BLOBS_AT_ONCE = 100


async def check(
    store: Store, clock: Clock, *, repair: bool = False, octets: bool = True
) -> list[Difference]:
    """Every difference found, each in one line; none when all is well.

    repair: mend what follows from other rows (counters, states, lists, threads) and drop blobs
    that nothing refers to; what is returned is what was found before. octets: also read every
    blob and compare size and SHA-256. Damage in one place never stops the rest.
    """
    found: list[Difference] = []
    for account in await store.scan(_accounts):
        wrong = await store.scan(partial(differences, account=account))
        if repair and wrong:
            await mending.repair(store, account, {one.kind for one in wrong})
        found += wrong
    unused = await store.scan(_unused)
    if repair and unused:
        await mending.doom_unused(store, unused, clock.now())
    found += [
        Difference(Kind.BLOB, _SERVER, f"blob {blob}: nothing refers to it") for blob in unused
    ]
    if octets:
        found += await _check_octets(store)
    return found


async def _accounts(tx: ReadTx) -> list[AccountId]:
    rows = await tx.rows("SELECT account_id FROM account_counter ORDER BY account_id")
    return [_SERVER, *(AccountId(row[0]) for row in rows)]


async def _unused(tx: ReadTx) -> list[BlobId]:
    """Blobs that are stored though no email and no waiting submission refers to them."""
    rows = await tx.rows(
        "SELECT b.id FROM blob b WHERE b.state = 1"
        " AND NOT EXISTS (SELECT 1 FROM email e WHERE e.blob_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM submission s WHERE s.blob_id = b.id"
        " AND s.finished IS NULL)"
    )
    return [BlobId(row[0]) for row in rows]


async def _check_octets(store: Store) -> list[Difference]:
    found: list[Difference] = []
    after = BlobId(0)
    while True:
        some = await store.scan(partial(_check_some, after=after))
        found += [Difference(Kind.BLOB, _SERVER, text) for _, text in some if text]
        if len(some) < _BLOBS_AT_ONCE:
            return found
        after = some[-1][0]


async def _check_some(tx: ReadTx, after: BlobId) -> list[tuple[BlobId, str]]:
    """The next blobs in order of id, and what is wrong with each, empty when nothing is."""
    rows = await tx.rows(
        "SELECT id, size, sha256 FROM blob WHERE state = 1 AND id > $1 ORDER BY id LIMIT $2",
        after,
        _BLOBS_AT_ONCE,
    )
    return [(BlobId(row[0]), await _wrong_with(tx, *row)) for row in rows]


async def _wrong_with(tx: ReadTx, blob: BlobId, size: int, sha256: bytes | None) -> str:
    digest, read = hashlib.sha256(usedforsecurity=False), 0
    try:
        while piece := await blob_rows.octets(tx, blob, read, _PIECE_OCTETS):
            digest.update(piece)
            read += len(piece)
    except (BlobGone, OSError):
        return f"blob {blob}: its octets cannot be read"
    if read != size:
        return f"blob {blob}: has {read} octets, should have {size}"
    if sha256 is not None and digest.digest() != sha256:
        return f"blob {blob}: its octets are not those that were stored"
    return ""
