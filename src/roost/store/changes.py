"""The states of an account's data types. RFC 8620 section 1.6.2: a state is a string that changes
whenever data of the type does; ours is the highest modseq of the type's changes."""

from collections.abc import Iterable

from roost.base.ids import AccountId, ModSeq
from roost.ports.bus import Type
from roost.store.engine import ReadTx, WriteTx
from roost.store.row_lists import insert_rows


async def record(tx: WriteTx, account: AccountId, types: Iterable[Type], modseq: int) -> None:
    """Raise the state of each of these types to `modseq`; a state never falls."""
    await record_all(tx, [(account, types, modseq)])


async def record_all(tx: WriteTx, changed: Iterable[tuple[AccountId, Iterable[Type], int]]) -> None:
    """As `record`, for several accounts in one statement."""
    highest: dict[tuple[AccountId, Type], int] = {}
    for account, types, modseq in changed:
        for kind in types:
            highest[account, kind] = max(modseq, highest.get((account, kind), 0))
    await insert_rows(
        tx,
        "type_state AS s (account_id, type, modseq)",
        [(account, kind.value, modseq) for (account, kind), modseq in highest.items()],
        "ON CONFLICT (account_id, type) DO UPDATE SET modseq = excluded.modseq"
        " WHERE s.modseq < excluded.modseq",
    )


async def state(tx: ReadTx, account: AccountId, kind: Type) -> ModSeq:
    """The highest modseq of the type's changes; 0 when nothing of it was ever changed."""
    found = await tx.value(
        "SELECT modseq FROM type_state WHERE account_id = $1 AND type = $2", account, kind.value
    )
    return ModSeq(found or 0)
