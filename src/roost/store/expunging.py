"""Messages leave a mailbox. RFC 9051 section 6.4.3, RFC 4315 section 2.1."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from roost.base.ids import EmailId, MailboxRef, ModSeq, Uid
from roost.store import email_state, expunged, placements, quota
from roost.store.counters import Tally
from roost.store.engine import MAX_INLINE_ROWS, WriteTx
from roost.store.expunged import Expunged
from roost.store.flags import DELETED
from roost.store.placements import ALL_UIDS, Placed
from roost.store.sql_lists import Span, chunks, listed, spans_table
from roost.store.times import micros


class Gone(NamedTuple):
    """A message that left, and the modseq at which it did."""

    uid: Uid
    modseq: ModSeq


async def expunge(
    tx: WriteTx,
    mailbox: MailboxRef,
    spans: Sequence[Span] | None,
    *,
    now: datetime,
    limit: int = MAX_INLINE_ROWS,
) -> list[Gone]:
    """Remove messages that have \\Deleted, ascending, at most `limit`; call it again while full.

    spans: inclusive ranges of uids, ascending; None for the whole mailbox.
    """
    if spans is None and not await _has_deleted(tx, mailbox):
        return []
    leaving: list[Placed] = []
    for some in chunks(spans if spans is not None else [(1, ALL_UIDS)]):
        leaving += await _deleted(tx, mailbox, some, limit - len(leaving))
        if len(leaving) >= limit:
            break
    return await _remove(tx, mailbox, leaving, micros(now))


async def remove(
    tx: WriteTx, mailbox: MailboxRef, uids: Sequence[int], *, now: datetime
) -> list[Gone]:
    """Remove these messages, at most 500, whether they have \\Deleted or not; ascending."""
    leaving = await placements.by_uids(tx, mailbox, uids)
    return await _remove(tx, mailbox, leaving, micros(now))


async def empty_some(tx: WriteTx, mailbox: MailboxRef, *, limit: int, now: datetime) -> int:
    """Remove up to `limit` messages of a mailbox; how many, less than `limit` when it is empty."""
    leaving = await placements.page(tx, mailbox, 1, ALL_UIDS, limit)
    return len(await _remove(tx, mailbox, leaving, micros(now)))


async def _has_deleted(tx: WriteTx, mailbox: MailboxRef) -> bool:
    """By the counter, so that a CLOSE need not walk the mailbox."""
    return bool(
        await tx.value("SELECT deleted FROM mailbox WHERE account_id = $1 AND id = $2", *mailbox)
    )


async def _deleted(
    tx: WriteTx, mailbox: MailboxRef, spans: Sequence[Span], limit: int
) -> list[Placed]:
    table, edges = spans_table(spans)
    account, box, bit, most = range(len(edges) + 1, len(edges) + 5)
    rows = await tx.rows(
        f"{table} SELECT p.uid, p.email_id, p.flags, p.keywords, p.modseq, p.size,"  # noqa: S608
        " p.received, p.saved FROM span CROSS JOIN placement p"
        f" WHERE p.account_id = ${account} AND p.mailbox_id = ${box}"
        f" AND p.uid BETWEEN span.low AND span.high AND p.flags & ${bit} <> 0"
        f" ORDER BY p.uid LIMIT ${most}",
        *edges,
        *mailbox,
        DELETED,
        limit,
    )
    return [Placed(*row) for row in rows]


async def _remove(
    tx: WriteTx, mailbox: MailboxRef, leaving: Sequence[Placed], now: int
) -> list[Gone]:
    if not leaving:
        return []
    first = await quota.give_back(
        tx,
        mailbox.account,
        octets=sum(placed.size for placed in leaving),
        messages=len(leaving),
        modseqs=len(leaving),
    )
    gone = [
        Expunged(placed.uid, ModSeq(modseq), placed.email)
        for modseq, placed in enumerate(leaving, first)
    ]
    await delete_placements(tx, mailbox, [placed.uid for placed in leaving])
    await expunged.add(tx, mailbox, gone, now)
    tally = Tally(mailbox.account)
    tally.count(mailbox.id, ((placed.flags, placed.size) for placed in leaving), -1)
    tally.of(mailbox.id).modseq = gone[-1].modseq
    touched: dict[EmailId, ModSeq] = {one.email: one.modseq for one in gone}
    await email_state.finish(tx, tally, touched, now)
    return [Gone(one.uid, one.modseq) for one in gone]


async def delete_placements(tx: WriteTx, mailbox: MailboxRef, uids: Sequence[Uid]) -> None:
    """Delete the rows of these messages, and nothing else."""
    for some in chunks(uids):
        places, wanted = listed(3, some)
        await tx.execute(
            "DELETE FROM placement WHERE account_id = $1 AND mailbox_id = $2"  # noqa: S608
            f" AND uid IN ({places})",
            *mailbox,
            *wanted,
        )
