"""Rows of subscriptions: names, there or not, that an account wants to be shown."""

from roost.base.ids import AccountId
from roost.ports.bus import Type
from roost.store import changes, numbers
from roost.store.engine import ReadTx, WriteTx


async def subscribe(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> bool:
    """Subscribe `acting` to a name among `owner`'s mailboxes; False when it was already.

    RFC 9051 section 6.3.7.
    """
    added = await tx.execute(
        "INSERT INTO subscription (account_id, owner_id, name, modseq) VALUES ($1, $2, $3, 0)"
        " ON CONFLICT (account_id, owner_id, name) DO NOTHING",
        acting,
        owner,
        name,
    )
    if not added:
        return False
    modseq = await _record(tx, acting, owner, name)
    await tx.execute(
        "UPDATE subscription SET modseq = $1 WHERE account_id = $2 AND owner_id = $3 AND name = $4",
        modseq,
        acting,
        owner,
        name,
    )
    return True


async def unsubscribe(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> bool:
    """End a subscription; False when there was none. RFC 9051 section 6.3.8."""
    removed = await tx.execute(
        "DELETE FROM subscription WHERE account_id = $1 AND owner_id = $2 AND name = $3",
        acting,
        owner,
        name,
    )
    if removed:
        await _record(tx, acting, owner, name)
    return bool(removed)


async def page(
    tx: ReadTx, acting: AccountId, owner: AccountId, after: str, limit: int
) -> list[str]:
    """Up to `limit` names in order, those after `after` ("" to begin)."""
    rows = await tx.rows(
        "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2 AND name > $3"
        " ORDER BY name LIMIT $4",
        acting,
        owner,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def list_all(tx: ReadTx, acting: AccountId, owner: AccountId) -> list[str]:
    """Every name in order; in a scan or a write, since there may be thousands."""
    rows = await tx.rows(
        "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2 ORDER BY name",
        acting,
        owner,
    )
    return [row[0] for row in rows]


async def count(tx: ReadTx, acting: AccountId) -> int:
    """How many names the account is subscribed to."""
    number: int = await tx.value("SELECT count(*) FROM subscription WHERE account_id = $1", acting)
    return number


async def _record(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> int:
    """Take a modseq for the change, which is also one of the mailbox (RFC 8621: isSubscribed)."""
    modseq = await numbers.reserve_modseqs(tx, acting, 1)
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
    return modseq
