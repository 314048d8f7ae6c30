"""Threads: decided once, at filing, and never merged (threadId and THREADID do not change).

Two messages share a thread when they have an id in common, their own or one they refer to, and the
same base subject (RFC 8621 section 3). `thread_ref` holds every id met or referred to, so that a
reply that comes before its parent draws the parent to it. A message that would join two threads
takes the older one.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b

from roost.base.ids import AccountId, MailboxId, ModSeq, ThreadId
from roost.store.counters import Tally
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.sql_lists import chunks, listed

MAX_IDS = 64
_ROW_OF_REF = 4


def thread_ids(message_id: str | None, references: Sequence[str]) -> list[str]:
    """The ids that decide a message's thread: its own, the root's and the nearest it refers to."""
    nearest = references[-(MAX_IDS - 2) :]
    own = [message_id] if message_id else []
    return list(dict.fromkeys([*own, *references[:1], *nearest]))


async def find_or_claim(
    tx: WriteTx, account: AccountId, ids: Sequence[str], base_subject: str, fresh: ThreadId
) -> ThreadId:
    """The thread of a message with these ids: an older one it belongs to, else `fresh`.

    ids: at most MAX_IDS, without doubles. Afterwards every one of them leads to a thread.
    """
    if not ids:
        return fresh
    subject = _hash(base_subject)
    args: list[int] = []
    for one in ids:
        args += (account, _hash(one), subject, fresh)
    rows = await tx.rows(_claim_sql(len(ids)), *args)
    oldest = min(row[0] for row in rows)
    if oldest == fresh:
        return fresh
    newly = [row[1] for row in rows if row[0] == fresh]
    if newly:
        places, refs = listed(3, newly)
        await tx.execute(
            f"UPDATE thread_ref SET thread_id = $1 WHERE account_id = $2 AND ref IN ({places})"  # noqa: S608
            f" AND subject = ${len(refs) + 3}",
            oldest,
            account,
            *refs,
            subject,
        )
    return ThreadId(oldest)


@cache
def _claim_sql(count: int) -> str:
    rows = ", ".join(
        f"(${n}, ${n + 1}, ${n + 2}, ${n + 3})" for n in range(1, _ROW_OF_REF * count, _ROW_OF_REF)
    )
    return (
        f"INSERT INTO thread_ref AS t (account_id, ref, subject, thread_id) VALUES {rows}"  # noqa: S608
        " ON CONFLICT (account_id, ref, subject) DO UPDATE SET thread_id = t.thread_id"
        " RETURNING thread_id, ref"
    )


def _hash(text: str) -> int:
    octets = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(octets, "big", signed=True)


async def count_emails(
    tx: WriteTx, account: AccountId, steps: Mapping[ThreadId, tuple[int, ModSeq]]
) -> None:
    """Count visible emails in or out of their threads, each step with the modseq it happens at.

    A thread without a visible email is destroyed, and created again by the next one.
    """
    await tx.execute_many(
        "INSERT INTO thread AS t (account_id, id, created_modseq, modseq, emails, destroyed_modseq)"
        " VALUES ($1, $2, $3, $3, $4, CASE WHEN $4 > 0 THEN NULL ELSE $3 END)"
        " ON CONFLICT (account_id, id) DO UPDATE SET"
        " emails = t.emails + excluded.emails, modseq = excluded.modseq,"
        " created_modseq = CASE WHEN t.emails > 0 THEN t.created_modseq"
        " ELSE excluded.modseq END,"
        " destroyed_modseq = CASE WHEN t.emails + excluded.emails > 0 THEN NULL"
        " ELSE excluded.modseq END",
        [(account, thread, modseq, step) for thread, (step, modseq) in steps.items()],
    )


MailboxSteps = dict[tuple[MailboxId, ThreadId], list[int]]


async def count_in_mailboxes(tx: WriteTx, tally: Tally, steps: MailboxSteps) -> None:
    """Count visible and unread emails of threads in mailboxes, and so the threads themselves.

    steps: by how many visible and unread emails each pair changes.
    """
    for some in chunks(list(steps.items())):
        before = await _counts_before(tx, tally.account, some)
        kept, gone = [], []
        for (mailbox, thread), (emails, unread) in some:
            had_emails, had_unread = before.get((mailbox, thread), (0, 0))
            has_emails, has_unread = had_emails + emails, had_unread + unread
            step = tally.of(mailbox)
            step.emails += emails
            step.unread += unread
            step.threads += (has_emails > 0) - (had_emails > 0)
            step.unread_threads += (has_unread > 0) - (had_unread > 0)
            if has_emails > 0:
                kept.append((tally.account, mailbox, thread, has_emails, has_unread))
            else:
                gone.append((tally.account, mailbox, thread))
        await _write_counts(tx, kept, gone)


async def _counts_before(
    tx: ReadTx, account: AccountId, some: Sequence[tuple[tuple[MailboxId, ThreadId], list[int]]]
) -> dict[tuple[int, int], tuple[int, int]]:
    by_mailbox: dict[MailboxId, list[ThreadId]] = {}
    for (mailbox, thread), _ in some:
        by_mailbox.setdefault(mailbox, []).append(thread)
    found: list[Row] = []
    for mailbox, threads in by_mailbox.items():
        places, wanted = listed(3, threads)
        found += await tx.rows(
            "SELECT mailbox_id, thread_id, emails, unread FROM thread_mailbox"  # noqa: S608
            f" WHERE account_id = $1 AND mailbox_id = $2 AND thread_id IN ({places})",
            account,
            mailbox,
            *wanted,
        )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


async def _write_counts(
    tx: WriteTx, kept: Sequence[tuple[int, ...]], gone: Sequence[tuple[int, ...]]
) -> None:
    if kept:
        await tx.execute_many(
            "INSERT INTO thread_mailbox (account_id, mailbox_id, thread_id, emails, unread)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, mailbox_id, thread_id)"
            " DO UPDATE SET emails = excluded.emails, unread = excluded.unread",
            kept,
        )
    if gone:
        await tx.execute_many(
            "DELETE FROM thread_mailbox WHERE account_id = $1 AND mailbox_id = $2"
            " AND thread_id = $3",
            gone,
        )
