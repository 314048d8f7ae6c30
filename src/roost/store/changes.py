"""The states of an account's data types. RFC 8620 section 1.6.2: a state is a string that changes
whenever data of the type does; ours is the highest modseq of the type's changes."""

from collections.abc import Iterable
from functools import cache

from roost.base.ids import AccountId, ModSeq
from roost.ports.bus import Type
from roost.store.engine import ReadTx, WriteTx


async def record(tx: WriteTx, account: AccountId, types: Iterable[Type], modseq: int) -> None:
    """Raise the state of each of these types to `modseq`; a state never falls."""
    names = [kind.value for kind in types]
    if names:
        await tx.execute(_record_sql(len(names)), account, modseq, *names)


@cache
def _record_sql(count: int) -> str:
    """One statement for all types of a change: each statement costs more than its rows."""
    rows = ", ".join(f"($1, $2, ${n})" for n in range(3, count + 3))
    return (
        f"INSERT INTO type_state AS s (account_id, modseq, type) VALUES {rows}"  # noqa: S608
        " ON CONFLICT (account_id, type) DO UPDATE SET modseq = excluded.modseq"
        " WHERE s.modseq < excluded.modseq"
    )


async def state(tx: ReadTx, account: AccountId, kind: Type) -> ModSeq:
    """The highest modseq of the type's changes; 0 when nothing of it was ever changed."""
    found = await tx.value(
        "SELECT modseq FROM type_state WHERE account_id = $1 AND type = $2", account, kind.value
    )
    return ModSeq(found or 0)
