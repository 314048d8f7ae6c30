"""Rows of subscriptions: names, there or not, that an account wants to be shown.

What ended stays as a row, so that sessions can be told of it; of those the oldest go when there are
too many.
"""

from collections.abc import Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, ModSeq
from roost.ports.bus import Type
from roost.store import changes, numbers
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, WriteTx
from roost.store.sql_lists import listed

MAX_ENDED = 10_000


class Subscribing(NamedTuple):
    """A name that was subscribed or unsubscribed last at this modseq."""

    name: str
    modseq: ModSeq


async def subscribe(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> bool:
    """Subscribe `acting` to a name among `owner`'s mailboxes; False when it was already.

    RFC 9051 section 6.3.7.
    """
    added = await tx.execute(
        "INSERT INTO subscription AS s (account_id, owner_id, name, modseq) VALUES ($1, $2, $3, 0)"
        " ON CONFLICT (account_id, owner_id, name) DO UPDATE SET ended = 0 WHERE s.ended = 1",
        acting,
        owner,
        name,
    )
    if not added:
        return False
    await _record(tx, acting, owner, name)
    return True


async def unsubscribe(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> bool:
    """End a subscription; False when there was none. RFC 9051 section 6.3.8."""
    removed = await tx.execute(
        "UPDATE subscription SET ended = 1 WHERE account_id = $1 AND owner_id = $2 AND name = $3"
        " AND ended = 0",
        acting,
        owner,
        name,
    )
    if removed:
        await _record(tx, acting, owner, name)
        await _forget_old(tx, acting, owner)
    return bool(removed)


async def page(
    tx: ReadTx, acting: AccountId, owner: AccountId, after: str, limit: int
) -> list[str]:
    """Up to `limit` names in order, those after `after` ("" to begin)."""
    rows = await tx.rows(
        "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2 AND name > $3"
        " AND ended = 0 ORDER BY name LIMIT $4",
        acting,
        owner,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def list_all(tx: ReadTx, acting: AccountId, owner: AccountId) -> list[str]:
    """Every name in order; in a scan or a write, since there may be thousands."""
    rows = await tx.rows(
        "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2 AND ended = 0"
        " ORDER BY name",
        acting,
        owner,
    )
    return [row[0] for row in rows]


async def count(tx: ReadTx, acting: AccountId) -> int:
    """How many names the account is subscribed to."""
    number: int = await tx.value(
        "SELECT count(*) FROM subscription WHERE account_id = $1 AND ended = 0", acting
    )
    return number


async def those_subscribed(
    tx: ReadTx, acting: AccountId, owner: AccountId, names: Sequence[str]
) -> set[str]:
    """Those of at most 500 names that are subscribed."""
    if not names:
        return set()
    places, wanted = listed(3, names)
    rows = await tx.rows(
        "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2"  # noqa: S608
        f" AND name IN ({places}) AND ended = 0",
        acting,
        owner,
        *wanted,
    )
    return {row[0] for row in rows}


async def changed_since(
    tx: ReadTx, acting: AccountId, owner: AccountId, modseq: int, limit: int = MAX_INLINE_ROWS
) -> list[Subscribing]:
    """Names subscribed or unsubscribed after `modseq`, in this order, at most `limit`.

    Complete if less than MAX_ENDED.
    """
    rows = await tx.rows(
        "SELECT name, modseq FROM subscription WHERE account_id = $1 AND owner_id = $2"
        " AND modseq > $3 ORDER BY modseq LIMIT $4",
        acting,
        owner,
        modseq,
        limit,
    )
    return [Subscribing(*row) for row in rows]


async def _forget_old(tx: WriteTx, acting: AccountId, owner: AccountId) -> None:
    oldest = await tx.value(
        "SELECT modseq FROM subscription WHERE account_id = $1 AND owner_id = $2 AND ended = 1"
        " ORDER BY modseq DESC LIMIT 1 OFFSET $3",
        acting,
        owner,
        MAX_ENDED,
    )
    if oldest is not None:
        await tx.execute(
            "DELETE FROM subscription WHERE account_id = $1 AND owner_id = $2 AND modseq <= $3"
            " AND ended = 1",
            acting,
            owner,
            oldest,
        )


async def _record(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> None:
    """Take a modseq for the change, which is also one of the mailbox (RFC 8621: isSubscribed)."""
    modseq = await numbers.reserve_modseqs(tx, acting, 1)
    await tx.execute(
        "UPDATE subscription SET modseq = $1 WHERE account_id = $2 AND owner_id = $3 AND name = $4",
        modseq,
        acting,
        owner,
        name,
    )
    types = [Type.SUBSCRIPTION]
    if acting == owner:
        changed = await tx.execute(
            "UPDATE mailbox SET properties_modseq = $1"
            " WHERE account_id = $2 AND name = $3 AND removed IS NULL",
            modseq,
            owner,
            name,
        )
        types += [Type.MAILBOX] if changed else []
    await changes.record(tx, acting, types, modseq)
    for kind in types:
        tx.changed(acting, kind, None, modseq)
