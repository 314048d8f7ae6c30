"""Threads: decided once, at filing, and never merged (threadId and THREADID do not change).

Two messages share a thread when they have an id in common, their own or one they refer to, and the
same base subject (RFC 8621 section 3). `thread_ref` holds every id met or referred to, so that a
reply that comes before its parent draws the parent to it. A message that would join two threads
takes the older one.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq, ThreadId
from roost.store.counters import Tally
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.row_lists import insert_rows
from roost.store.sql_lists import chunks, listed

MAX_IDS = 64

_Ref = tuple[AccountId, int, int]  # account, hash of an id, hash of a base subject
_REF_COLUMNS = "(account_id, ref, subject, thread_id)"


def thread_ids(message_id: str | None, references: Sequence[str]) -> list[str]:
    """The ids that decide a message's thread: its own, the root's and the nearest it refers to."""
    nearest = references[-(MAX_IDS - 2) :]
    own = [message_id] if message_id else []
    return list(dict.fromkeys([*own, *references[:1], *nearest]))


class Claim(NamedTuple):
    """What decides the thread of a message: its ids, at most MAX_IDS without doubles.

    fresh: the thread it begins if it belongs to none.
    """

    account: AccountId
    ids: Sequence[str]
    base_subject: str
    fresh: ThreadId


async def find_or_claim(tx: WriteTx, claims: Sequence[Claim]) -> list[ThreadId]:
    """The thread of each message: an older one it belongs to, else its fresh one.

    Decided one after another, as if each had come alone; an account's `fresh` ascend. Afterwards
    every id of every message leads to a thread.
    """
    refs_of = [_refs_of(claim) for claim in claims]
    first: dict[_Ref, ThreadId] = {}
    for claim, refs in zip(claims, refs_of, strict=True):
        for ref in refs:
            first.setdefault(ref, claim.fresh)
    rows = await insert_rows(
        tx,
        f"thread_ref AS t {_REF_COLUMNS}",
        [(*ref, thread) for ref, thread in first.items()],
        "ON CONFLICT (account_id, ref, subject) DO UPDATE SET thread_id = t.thread_id"
        " RETURNING account_id, ref, subject, thread_id",
    )
    known: dict[_Ref, ThreadId] = {row[:3]: row[3] for row in rows}
    decided, moved = [], dict[_Ref, ThreadId]()
    for claim, refs in zip(claims, refs_of, strict=True):
        oldest = min((known[ref] for ref in refs), default=claim.fresh)
        if oldest != claim.fresh:
            newly = [ref for ref in refs if known[ref] == claim.fresh]
            moved.update(dict.fromkeys(newly, oldest))
            known.update(dict.fromkeys(newly, oldest))
        decided.append(oldest)
    await insert_rows(
        tx,
        f"thread_ref {_REF_COLUMNS}",
        [(*ref, thread) for ref, thread in moved.items()],
        "ON CONFLICT (account_id, ref, subject) DO UPDATE SET thread_id = excluded.thread_id",
    )
    return decided


def _refs_of(claim: Claim) -> list[_Ref]:
    subject = _hash(claim.base_subject)
    return [(claim.account, _hash(one), subject) for one in claim.ids]


def _hash(text: str) -> int:
    octets = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(octets, "big", signed=True)


async def count_emails(
    tx: WriteTx, steps: Mapping[tuple[AccountId, ThreadId], tuple[int, ModSeq]]
) -> None:
    """Count visible emails in or out of their threads, each step with the modseq it happens at.

    A thread without a visible email is destroyed, and created again by the next one.
    """
    await insert_rows(
        tx,
        "thread AS t (account_id, id, created_modseq, modseq, emails, destroyed_modseq)",
        [
            (account, thread, modseq, modseq, step, None if step > 0 else modseq)
            for (account, thread), (step, modseq) in steps.items()
        ],
        "ON CONFLICT (account_id, id) DO UPDATE SET"
        " emails = t.emails + excluded.emails, modseq = excluded.modseq,"
        " created_modseq = CASE WHEN t.emails > 0 THEN t.created_modseq"
        " ELSE excluded.modseq END,"
        " destroyed_modseq = CASE WHEN t.emails + excluded.emails > 0 THEN NULL"
        " ELSE excluded.modseq END",
    )


async def count_in(
    tx: WriteTx, steps: Mapping[tuple[MailboxRef, ThreadId], tuple[int, int]]
) -> dict[tuple[MailboxRef, ThreadId], tuple[int, int]]:
    """Count visible and unread emails into threads of mailboxes; returns what there is now."""
    rows = await insert_rows(
        tx,
        "thread_mailbox AS t (account_id, mailbox_id, thread_id, emails, unread)",
        [(*mailbox, thread, *counts) for (mailbox, thread), counts in steps.items()],
        "ON CONFLICT (account_id, mailbox_id, thread_id) DO UPDATE SET"
        " emails = t.emails + excluded.emails, unread = t.unread + excluded.unread"
        " RETURNING account_id, mailbox_id, thread_id, emails, unread",
    )
    return {(MailboxRef(row[0], row[1]), row[2]): (row[3], row[4]) for row in rows}


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
