"""Messages leave a mailbox. RFC 9051 section 6.4.3, RFC 4315 section 2.1."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from roost.base.ids import MailboxRef, ModSeq, Uid
from roost.store import email_state, placements, quota
from roost.store.counters import Tally
from roost.store.engine import MAX_INLINE_ROWS, WriteTx
from roost.store.flags import DELETED
from roost.store.placements import ALL_UIDS, Placed
from roost.store.sql_lists import Span, chunks, runs, spans_table
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
    gone = [Gone(placed.uid, ModSeq(modseq)) for modseq, placed in enumerate(leaving, first)]
    await delete_placements(tx, mailbox, gone, now)
    tally = Tally(mailbox.account)
    tally.count(mailbox.id, ((placed.flags, placed.size) for placed in leaving), -1)
    tally.of(mailbox.id).modseq = gone[-1].modseq
    touches = email_state.Touches()
    for placed, one in zip(leaving, gone, strict=True):
        touches.add(placed.email, one.modseq, placed.flags, None)
    await email_state.finish(tx, tally, touches, now)
    return gone


async def delete_placements(
    tx: WriteTx, mailbox: MailboxRef, gone: Sequence[Gone], now: int
) -> None:
    """Delete the rows of these messages, ascending, and remember that they left; nothing else."""
    ranges = runs((one.uid, one.modseq - one.uid) for one in gone)
    await tx.execute_many(
        "INSERT INTO expunged (account_id, mailbox_id, modseq, uid, email_id, happened)"
        " SELECT account_id, mailbox_id, uid + $1, uid, email_id, $2 FROM placement"
        " WHERE account_id = $3 AND mailbox_id = $4 AND uid BETWEEN $5 AND $6",
        [(shift, now, *mailbox, low, high) for low, high, shift in ranges],
    )
    await tx.execute_many(
        "DELETE FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND uid BETWEEN $3 AND $4",
        [(*mailbox, low, high) for low, high, _ in ranges],
    )
