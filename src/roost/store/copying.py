"""COPY and MOVE. RFC 9051 sections 6.4.7 and 6.4.8, RFC 8474 section 5.1.

Within an account a copy is one more placement of the same email, with flags of its own; between
accounts it is a new email that shares the blob.
"""

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from roost.base.ids import MailboxRef, ModSeq, ThreadId, Uid
from roost.ports.bus import Type
from roost.store import email_state, numbers, placements, quota, threads
from roost.store.counters import Step, Tally, is_unread
from roost.store.engine import WriteTx
from roost.store.expunging import Gone, delete_placements
from roost.store.flags import DELETED, SEEN
from roost.store.sql_lists import Span, chunks, runs, spans_table
from roost.store.times import micros
from roost.store.uids import take_uids


class Copied(NamedTuple):
    """Which messages were copied, and where to.

    sources: an array('I') of uids, ascending. first: the uid of the first copy; the others follow
    it one by one in the same order (RFC 4315 section 3, COPYUID).
    """

    sources: "array[int]"
    first: Uid
    modseq: ModSeq


class Moved(NamedTuple):
    """A message that moved: its uid before and after, and the modseq at which it left."""

    source: Uid
    target: Uid
    modseq: ModSeq


async def copy(
    tx: WriteTx,
    source: MailboxRef,
    spans: Sequence[Span],
    target: MailboxRef,
    *,
    now: datetime,
    quota_octets: int = quota.UNLIMITED,
) -> Copied | None:
    """Copy the messages in these ranges to a mailbox of the same account, all or none.

    spans: inclusive ranges of uids, ascending, without overlap. Returns None when no message is in
    them. quota_octets: what the account may hold, less than 0 for no limit. Raises QuotaExceeded
    and MailboxGone.
    """
    assert source.account == target.account, "another account takes new emails: see copy_across"
    sources, step = await _measure(tx, source, spans)
    if not sources:
        return None
    wanted = quota.Wanted(
        target.account, step.octets, step.messages, quota_octets, modseqs=step.messages
    )
    numbers_taken = (await quota.take(tx, [wanted]))[target.account]
    last = ModSeq(numbers_taken.modseq + step.messages - 1)
    first = await take_uids(tx, target, step.messages, last)
    await _place(tx, source, spans, target, first, numbers_taken.modseq, micros(now))
    await _finish(tx, target, first, step, last)
    return Copied(sources, first, last)


async def _measure(
    tx: WriteTx, source: MailboxRef, spans: Sequence[Span]
) -> tuple["array[int]", Step]:
    """The uids there are, and what they add to the counters of a mailbox."""
    uids, step = array("I"), Step()
    for some in chunks(spans):
        table, edges = spans_table(some)
        account, box = len(edges) + 1, len(edges) + 2
        rows = await tx.rows(
            f"{table} SELECT p.uid, p.flags & {SEEN | DELETED}, p.size"  # noqa: S608
            f" FROM span CROSS JOIN placement p WHERE p.account_id = ${account}"
            f" AND p.mailbox_id = ${box} AND p.uid BETWEEN span.low AND span.high"
            " ORDER BY p.uid",
            *edges,
            *source,
        )
        for uid, flags, size in rows:
            uids.append(uid)
            step.count(flags, size, 1)
    return uids, step


async def _place(
    tx: WriteTx,
    source: MailboxRef,
    spans: Sequence[Span],
    target: MailboxRef,
    first: Uid,
    modseq: ModSeq,
    now: int,
) -> None:
    """Insert the placements; a set with many gaps takes several statements of one work."""
    done = 0
    for some in chunks(spans):
        table, edges = spans_table(some)
        base = len(edges)
        sql = (
            f"{table} INSERT INTO placement (account_id, mailbox_id, uid, email_id, flags,"  # noqa: S608
            " keywords, modseq, size, received, saved)"
            f" SELECT p.account_id, ${base + 1},"
            f" ${base + 2} - 1 + ROW_NUMBER() OVER (ORDER BY p.uid), p.email_id, p.flags,"
            f" p.keywords, ${base + 3} - 1 + ROW_NUMBER() OVER (ORDER BY p.uid), p.size,"
            f" p.received, ${base + 4} FROM span CROSS JOIN placement p"
            f" WHERE p.account_id = ${base + 5} AND p.mailbox_id = ${base + 6}"
            " AND p.uid BETWEEN span.low AND span.high ORDER BY p.uid"
        )
        done += await tx.execute(sql, *edges, target.id, first + done, modseq + done, now, *source)


async def _finish(tx: WriteTx, target: MailboxRef, first: Uid, step: Step, modseq: ModSeq) -> None:
    """Bring lists, email states, counters and the change log up to date.

    A visible copy has the flags of a visible placement, so the merged flags of no email change;
    copies with \\Deleted show nowhere.
    """
    fresh = await _list(tx, target, first)
    await _show(tx, target, first)
    tally = Tally(target.account, {target.id: step})
    steps: threads.MailboxSteps = {}
    for thread, flags in fresh:
        counts = steps.setdefault((target.id, ThreadId(thread)), [0, 0])
        counts[0] += 1
        counts[1] += is_unread(flags)
    await threads.count_in_mailboxes(tx, tally, steps)
    step.modseq = modseq
    counted = await tally.write(tx)
    types = {Type.EMAIL} if fresh else set()
    told = [email_state.Told(target.account, types, modseq, {target.id: modseq})]
    if counted is not None:
        told.append(email_state.Told(target.account, {Type.MAILBOX}, counted))
    await email_state.tell(tx, told)


async def _list(tx: WriteTx, target: MailboxRef, first: Uid) -> list[tuple[int, int]]:
    """List the emails that are new to the target; thread and merged flags of each."""
    rows = await tx.rows(
        "INSERT INTO list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)"
        " SELECT p.account_id, p.mailbox_id, s.received, p.email_id, s.thread_id, s.flags"
        " FROM placement p JOIN email_state s"
        " ON s.account_id = p.account_id AND s.email_id = p.email_id"
        " WHERE p.account_id = $1 AND p.mailbox_id = $2 AND p.uid >= $3 AND p.flags & $4 = 0"
        " ON CONFLICT (account_id, mailbox_id, received, email_id) DO NOTHING"
        " RETURNING thread_id, flags",
        *target,
        first,
        DELETED,
    )
    return [(row[0], row[1]) for row in rows]


async def _show(tx: WriteTx, target: MailboxRef, first: Uid) -> None:
    """Count the visible copies in email_state; an email new to the target changes for JMAP."""
    unlisted = "',' || s.mailboxes || ',' NOT LIKE $5"
    await tx.execute(
        "WITH copied (email_id, times, modseq) AS (SELECT email_id, COUNT(*), MAX(modseq)"  # noqa: S608
        " FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND uid >= $3"
        " AND flags & $4 = 0 GROUP BY email_id)"
        " UPDATE email_state AS s SET visible = s.visible + copied.times,"
        f" modseq = CASE WHEN {unlisted} THEN copied.modseq ELSE s.modseq END,"
        f" mailboxes = CASE WHEN {unlisted} THEN s.mailboxes || $6 ELSE s.mailboxes END"
        " FROM copied WHERE s.account_id = $1 AND s.email_id = copied.email_id",
        *target,
        first,
        DELETED,
        f"%,{target.id},%",
        f",{target.id}",
    )


async def move_some(
    tx: WriteTx, source: MailboxRef, uids: Sequence[int], target: MailboxRef, *, now: datetime
) -> list[Moved]:
    """Move these messages, at most 500, to another mailbox of the same account; ascending.

    They keep flags and email; uids that are not there are left out. Raises MailboxGone.
    """
    assert source.account == target.account, "another account takes new emails"
    assert source.id != target.id, "a message moves to another mailbox"
    placed = await placements.by_uids(tx, source, uids)
    if not placed:
        return []
    modseq = await numbers.reserve_modseqs(tx, source.account, len(placed))
    first = await take_uids(tx, target, len(placed), ModSeq(modseq + len(placed) - 1))
    moved = [Moved(one.uid, Uid(first + n), ModSeq(modseq + n)) for n, one in enumerate(placed)]
    await _move_rows(tx, source, target, moved, micros(now))
    sizes = [(one.flags, one.size) for one in placed]
    tally = Tally(source.account)
    for mailbox, sign in ((source.id, -1), (target.id, 1)):
        tally.count(mailbox, sizes, sign)
        tally.of(mailbox).modseq = moved[-1].modseq
    touches = email_state.Touches()
    for one, went in zip(placed, moved, strict=True):
        left = (target.id, one.flags, one.keywords)
        touches.add(one.email, went.modseq, one.flags, left)
    await email_state.finish(tx, tally, touches, micros(now))
    return moved


async def _move_rows(
    tx: WriteTx, source: MailboxRef, target: MailboxRef, moved: Sequence[Moved], now: int
) -> None:
    """Uids that follow one another move together; their new uids and modseqs follow as well."""
    shifts = ((one.source, (one.target - one.source, one.modseq - one.source)) for one in moved)
    await tx.execute_many(
        "INSERT INTO placement (account_id, mailbox_id, uid, email_id, flags, keywords, modseq,"
        " size, received, saved) SELECT account_id, $1, uid + $2, email_id, flags, keywords,"
        " uid + $3, size, received, $4 FROM placement"
        " WHERE account_id = $5 AND mailbox_id = $6 AND uid BETWEEN $7 AND $8",
        [(target.id, *shift, now, *source, low, high) for low, high, shift in runs(shifts)],
    )
    await delete_placements(tx, source, [Gone(one.source, one.modseq) for one in moved], now)
