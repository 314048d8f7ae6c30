"""How mailboxes came by their names: created, deleted, renamed. RFC 5465 section 5.4."""

from typing import NamedTuple

from roost.base.ids import AccountId, ModSeq
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, WriteTx

MAX_KEPT = 10_000


class Naming(NamedTuple):
    """One change. old_name: None for a mailbox that was created. new_name: None for one deleted.

    What lies below a mailbox moves with it without a change of its own.
    """

    modseq: ModSeq
    old_name: str | None
    new_name: str | None


async def record(
    tx: WriteTx, account: AccountId, modseq: int, old_name: str | None, new_name: str | None
) -> None:
    """Keep a change; the oldest goes when there are more than MAX_KEPT."""
    await tx.execute(
        "INSERT INTO mailbox_naming (account_id, modseq, old_name, new_name)"
        " VALUES ($1, $2, $3, $4)",
        account,
        modseq,
        old_name,
        new_name,
    )
    oldest = await tx.value(
        "SELECT modseq FROM mailbox_naming WHERE account_id = $1"
        " ORDER BY modseq DESC LIMIT 1 OFFSET $2",
        account,
        MAX_KEPT,
    )
    if oldest is not None:
        await tx.execute(
            "DELETE FROM mailbox_naming WHERE account_id = $1 AND modseq <= $2", account, oldest
        )


async def since(
    tx: ReadTx, account: AccountId, modseq: int, limit: int = MAX_INLINE_ROWS
) -> list[Naming]:
    """Changes after `modseq`, in their order, at most `limit`; complete if less than MAX_KEPT."""
    rows = await tx.rows(
        "SELECT modseq, old_name, new_name FROM mailbox_naming WHERE account_id = $1"
        " AND modseq > $2 ORDER BY modseq LIMIT $3",
        account,
        modseq,
        limit,
    )
    return [Naming(*row) for row in rows]
