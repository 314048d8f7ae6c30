"""Filing: new messages into mailboxes. One delivery, APPEND, MULTIAPPEND, import.

The hot path of the server: every table is written by one statement for all messages of an account.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from roost.base.ids import AccountId, BlobId, EmailId, MailboxId, MailboxRef, ModSeq, ThreadId, Uid
from roost.ports.bus import Type
from roost.store import blob_rows, quota, threads
from roost.store.counters import Step, is_unread
from roost.store.email_state import tell
from roost.store.emails import EMAIL_SHIFT, Columns, insert_emails
from roost.store.engine import WriteTx
from roost.store.flags import DELETED, NO_FLAGS, Flags
from roost.store.numbers import Reserved
from roost.store.stowed import Stowed
from roost.store.times import micros
from roost.store.uids import MailboxGone


@dataclass(frozen=True, slots=True)
class Filing:
    """One message for one mailbox.

    blob: its octets but for `prefix`; a BlobId, or the same Stowed object, is shared by row.
    columns: rendered from prefix and blob together. quota_octets: what the account may hold, less
    than 0 for no limit. delivered: it came as new mail, for push (RFC 8621 section 1.5).
    """

    mailbox: MailboxRef
    blob: Stowed | BlobId
    columns: Columns
    received: datetime
    saved: datetime
    prefix: bytes = b""
    flags: Flags = NO_FLAGS
    quota_octets: int = quota.UNLIMITED
    delivered: bool = False


class Filed(NamedTuple):
    """Where a message went."""

    mailbox: MailboxRef
    uid: Uid
    email: EmailId
    thread: ThreadId
    modseq: ModSeq


@dataclass(slots=True)
class _Placing:
    """A message between its numbers and its rows; thread and uid are 0 until they are known."""

    filing: Filing
    blob: BlobId
    email: EmailId
    modseq: ModSeq
    received: int
    thread: ThreadId
    uid: Uid


@dataclass(slots=True)
class _Into:
    """What one mailbox receives."""

    step: Step = field(default_factory=Step)
    placings: list[_Placing] = field(default_factory=list)


async def file_messages(tx: WriteTx, filings: Sequence[Filing]) -> list[Filed]:
    """Store new messages, all or none; returns where each went, in the order given.

    Messages for one mailbox get ascending uids in the order given (RFC 3502). At most
    MAX_INLINE_ROWS messages. Raises QuotaExceeded, with the account, and MailboxGone.
    """
    blobs = await _blobs(tx, filings)
    filed: list[Filed | None] = [None] * len(filings)
    accounts: dict[AccountId, list[int]] = {}
    for index, filing in enumerate(filings):
        accounts.setdefault(filing.mailbox.account, []).append(index)
    for account in sorted(accounts):  # locks in order of account, then mailbox
        indexes = accounts[account]
        ordered = sorted(indexes, key=lambda index: filings[index].mailbox.id)
        some = [(filings[index], blobs[index]) for index in ordered]
        for index, one in zip(ordered, await _file_in_account(tx, account, some), strict=True):
            filed[index] = one
    return [one for one in filed if one is not None]


async def _blobs(tx: WriteTx, filings: Sequence[Filing]) -> list[BlobId]:
    """The blob of each filing; a Stowed object met for the first time becomes a row."""
    rows: dict[int, BlobId] = {}
    blobs = []
    for filing in filings:
        blob = filing.blob
        if isinstance(blob, Stowed):
            known = rows.get(id(blob))
            if known is None:
                known = rows[id(blob)] = await blob_rows.insert(tx, blob, filing.saved)
            blobs.append(known)
        else:
            blobs.append(blob)
    return blobs


async def _file_in_account(
    tx: WriteTx, account: AccountId, some: Sequence[tuple[Filing, BlobId]]
) -> list[Filed]:
    numbers = await _take(tx, account, [filing for filing, _ in some])
    placings = [
        _Placing(
            filing,
            blob,
            EmailId(numbers.email + n),
            ModSeq(numbers.modseq + n),
            micros(filing.received),
            ThreadId(0),
            Uid(0),
        )
        for n, (filing, blob) in enumerate(some)
    ]
    await _decide_threads(tx, account, placings, numbers.thread)
    into: dict[MailboxId, _Into] = {}
    for placing in placings:
        mailbox = into.setdefault(placing.filing.mailbox.id, _Into())
        mailbox.placings.append(placing)
    for mailbox_id, one in into.items():
        await _count_threads(tx, account, mailbox_id, one)
        await _take_uids(tx, MailboxRef(account, mailbox_id), one)
    await _insert(tx, account, placings)
    await _tell(tx, account, into)
    return [
        Filed(one.filing.mailbox, one.uid, one.email, one.thread, one.modseq) for one in placings
    ]


async def _take(tx: WriteTx, account: AccountId, filings: Sequence[Filing]) -> Reserved:
    count = len(filings)
    return await quota.take(
        tx,
        account,
        octets=sum(filing.columns.size for filing in filings),
        messages=count,
        limit=filings[0].quota_octets,
        modseqs=count,
        emails=count,
        threads=count,
    )


async def _decide_threads(
    tx: WriteTx, account: AccountId, placings: Sequence[_Placing], first: ThreadId
) -> None:
    steps: dict[ThreadId, tuple[int, ModSeq]] = {}
    for n, placing in enumerate(placings):
        columns = placing.filing.columns
        fresh = ThreadId(first + n)
        ids = threads.thread_ids(columns.message_id, columns.reference_ids.split())
        placing.thread = await threads.find_or_claim(tx, account, ids, columns.base_subject, fresh)
        visible = not placing.filing.flags.bits & DELETED
        if visible or placing.thread == fresh:
            before = steps.get(placing.thread, (0, 0))[0]
            steps[placing.thread] = (before + visible, placing.modseq)
    if steps:
        await threads.count_emails(tx, account, steps)


async def _count_threads(tx: WriteTx, account: AccountId, mailbox: MailboxId, into: _Into) -> None:
    """Count the visible emails in, by thread; every email here is new to the mailbox."""
    steps: dict[ThreadId, list[int]] = {}
    for placing in into.placings:
        flags = placing.filing.flags.bits
        into.step.count(flags, placing.filing.columns.size, 1)
        if not flags & DELETED:
            counts = steps.setdefault(placing.thread, [0, 0])
            counts[0] += 1
            counts[1] += is_unread(flags)
    for thread, (emails, unread) in steps.items():
        row = await tx.row(
            "INSERT INTO thread_mailbox AS t (account_id, mailbox_id, thread_id, emails, unread)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, mailbox_id, thread_id)"
            " DO UPDATE SET emails = t.emails + excluded.emails,"
            " unread = t.unread + excluded.unread RETURNING emails, unread",
            account,
            mailbox,
            thread,
            emails,
            unread,
        )
        assert row is not None, "an upsert returns its row"
        into.step.emails += emails
        into.step.unread += unread
        into.step.threads += row[0] == emails
        into.step.unread_threads += unread > 0 and row[1] == unread


async def _take_uids(tx: WriteTx, mailbox: MailboxRef, into: _Into) -> None:
    step, count = into.step, len(into.placings)
    after = await tx.value(
        "UPDATE mailbox SET uid_next = uid_next + $1, messages = messages + $1,"
        " unseen = unseen + $2, deleted = deleted + $3, octets = octets + $4,"
        " deleted_octets = deleted_octets + $5, emails = emails + $6, unread = unread + $7,"
        " threads = threads + $8, unread_threads = unread_threads + $9, counts_modseq = $10,"
        " highest_modseq = $10 WHERE account_id = $11 AND id = $12 AND removed IS NULL"
        " RETURNING uid_next",
        count,
        step.unseen,
        step.deleted,
        step.octets,
        step.deleted_octets,
        step.emails,
        step.unread,
        step.threads,
        step.unread_threads,
        into.placings[-1].modseq,
        mailbox.account,
        mailbox.id,
    )
    if after is None:
        raise MailboxGone(mailbox)
    for uid, placing in enumerate(into.placings, after - count):
        placing.uid = Uid(uid)


async def _insert(tx: WriteTx, account: AccountId, placings: Sequence[_Placing]) -> None:
    await insert_emails(
        tx,
        [
            (
                (account << EMAIL_SHIFT) + one.email,
                one.blob,
                one.thread,
                one.received,
                one.filing.prefix,
                *one.filing.columns,
            )
            for one in placings
        ],
    )
    await tx.execute_many(
        "INSERT INTO placement (account_id, mailbox_id, uid, email_id, flags, keywords, modseq,"
        " size, received, saved) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [_placement_row(account, one) for one in placings],
    )
    await tx.execute_many(
        "INSERT INTO email_state (account_id, email_id, created_modseq, modseq, destroyed_modseq,"
        " visible, flags, keywords, mailboxes, thread_id, received)"
        " VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10)",
        [_state_row(account, one) for one in placings],
    )
    await tx.execute_many(
        "INSERT INTO list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        _list_rows(account, placings),
    )


def _placement_row(account: AccountId, one: _Placing) -> tuple[int | str, ...]:
    filing = one.filing
    return (
        account,
        filing.mailbox.id,
        one.uid,
        one.email,
        filing.flags.bits,
        filing.flags.keywords,
        one.modseq,
        filing.columns.size,
        one.received,
        micros(filing.saved),
    )


def _state_row(account: AccountId, one: _Placing) -> tuple[int | str | None, ...]:
    flags = one.filing.flags
    key = (account, one.email, one.modseq)
    if flags.bits & DELETED:
        return (*key, one.modseq, 0, 0, "", "", one.thread, one.received)
    mailboxes = str(one.filing.mailbox.id)
    return (*key, None, 1, flags.bits, flags.keywords, mailboxes, one.thread, one.received)


def _list_rows(account: AccountId, placings: Iterable[_Placing]) -> list[tuple[int, ...]]:
    return [
        (account, one.filing.mailbox.id, one.received, one.email, one.thread, one.filing.flags.bits)
        for one in placings
        if not one.filing.flags.bits & DELETED
    ]


async def _tell(tx: WriteTx, account: AccountId, into: dict[MailboxId, _Into]) -> None:
    mailboxes = {mailbox: one.placings[-1].modseq for mailbox, one in into.items()}
    types = [Type.EMAIL, Type.THREAD, Type.MAILBOX]
    if any(placing.filing.delivered for one in into.values() for placing in one.placings):
        types.append(Type.EMAIL_DELIVERY)
    await tell(tx, account, types, max(mailboxes.values()), mailboxes)
