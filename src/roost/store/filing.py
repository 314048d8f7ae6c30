"""Filing: new messages into mailboxes. One delivery, APPEND, MULTIAPPEND, import.

The hot path of the server: every table is written by one statement for all messages, of whatever
accounts they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import msgspec

from roost.base.ids import AccountId, BlobId, EmailId, MailboxRef, ModSeq, ThreadId, Uid
from roost.ports.bus import Type
from roost.store import blob_rows, quota, threads
from roost.store.counters import Step, is_unread
from roost.store.email_state import Told, tell
from roost.store.emails import Columns, email_key, insert_emails
from roost.store.engine import Value, WriteTx
from roost.store.flags import DELETED, NO_FLAGS, Flags
from roost.store.row_lists import insert_rows, update_rows
from roost.store.stowed import Stowed
from roost.store.times import micros
from roost.store.uids import MailboxGone


class Filing(msgspec.Struct, frozen=True):
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
    """A message on its way into its rows; thread and uid are 0 until they are known."""

    filing: Filing
    blob: BlobId
    email: EmailId
    modseq: ModSeq
    received: int
    thread: ThreadId
    uid: Uid

    @property
    def account(self) -> AccountId:
        return self.filing.mailbox.account

    @property
    def visible(self) -> bool:
        """Whether JMAP sees it. RFC 8621 section 4.1.1."""
        return not self.filing.flags.bits & DELETED


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
    if not filings:
        return []
    blobs = await _blobs(tx, filings)
    # Locks in order of account, then mailbox; the sort keeps the order within each.
    order = sorted(range(len(filings)), key=lambda n: filings[n].mailbox)
    placings = await _number(tx, [(filings[n], blobs[n]) for n in order])
    await _decide_threads(tx, placings)
    into: dict[MailboxRef, _Into] = {}
    for placing in placings:
        into.setdefault(placing.filing.mailbox, _Into()).placings.append(placing)
    await _count_threads(tx, into)
    await _take_uids(tx, into)
    await _insert(tx, placings)
    await tell(tx, _told(into))
    filed = {
        n: Filed(one.filing.mailbox, one.uid, one.email, one.thread, one.modseq)
        for n, one in zip(order, placings, strict=True)
    }
    return [filed[n] for n in range(len(filings))]


async def _blobs(tx: WriteTx, filings: Sequence[Filing]) -> list[BlobId]:
    """The blob of each filing; each Stowed object becomes one row."""
    stowed = {id(one.blob): one.blob for one in filings if isinstance(one.blob, Stowed)}
    rows = await blob_rows.insert_all(tx, list(stowed.values()), filings[0].saved)
    numbers = dict(zip(stowed, rows, strict=True))
    return [numbers[id(one.blob)] if isinstance(one.blob, Stowed) else one.blob for one in filings]


async def _number(tx: WriteTx, some: Sequence[tuple[Filing, BlobId]]) -> list[_Placing]:
    """Count the messages into their accounts; each gets numbers, and a thread of its own."""
    groups = [list(group) for _, group in groupby(some, key=lambda one: one[0].mailbox.account)]
    reserved = await quota.take(tx, [_wanted([filing for filing, _ in group]) for group in groups])
    placings = []
    for group in groups:
        first = reserved[group[0][0].mailbox.account]
        for n, (filing, blob) in enumerate(group):
            placings.append(
                _Placing(
                    filing,
                    blob,
                    EmailId(first.email + n),
                    ModSeq(first.modseq + n),
                    micros(filing.received),
                    ThreadId(first.thread + n),
                    Uid(0),
                )
            )
    return placings


def _wanted(filings: Sequence[Filing]) -> quota.Wanted:
    """What messages of one account count. The lowest of their limits holds for all."""
    count = len(filings)
    limits = [filing.quota_octets for filing in filings if filing.quota_octets >= 0]
    return quota.Wanted(
        filings[0].mailbox.account,
        octets=sum(filing.columns.size for filing in filings),
        messages=count,
        limit=min(limits, default=quota.UNLIMITED),
        modseqs=count,
        emails=count,
        threads=count,
    )


async def _decide_threads(tx: WriteTx, placings: Sequence[_Placing]) -> None:
    """Replace the thread a message was given by the one it belongs to; count it in there."""
    decided = await threads.find_or_claim(tx, [_claim(placing) for placing in placings])
    steps: dict[tuple[AccountId, ThreadId], tuple[int, ModSeq]] = {}
    for placing, thread in zip(placings, decided, strict=True):
        begins, placing.thread = thread == placing.thread, thread
        if placing.visible or begins:
            key = (placing.account, thread)
            before = steps.get(key, (0, 0))[0]
            steps[key] = (before + placing.visible, placing.modseq)
    await threads.count_emails(tx, steps)


def _claim(placing: _Placing) -> threads.Claim:
    columns = placing.filing.columns
    ids = threads.thread_ids(columns.message_id, columns.reference_ids.split())
    return threads.Claim(placing.account, ids, columns.base_subject, placing.thread)


async def _count_threads(tx: WriteTx, into: dict[MailboxRef, _Into]) -> None:
    """Count the visible emails in, by thread; every email here is new to its mailbox."""
    steps: dict[tuple[MailboxRef, ThreadId], tuple[int, int]] = {}
    for mailbox, one in into.items():
        for placing in one.placings:
            flags = placing.filing.flags.bits
            one.step.count(flags, placing.filing.columns.size, 1)
            if placing.visible:
                emails, unread = steps.get((mailbox, placing.thread), (0, 0))
                steps[mailbox, placing.thread] = (emails + 1, unread + is_unread(flags))
    after = await threads.count_in(tx, steps)
    for (mailbox, thread), (emails, unread) in steps.items():
        step, (has_emails, has_unread) = into[mailbox].step, after[mailbox, thread]
        step.emails += emails
        step.unread += unread
        step.threads += has_emails == emails
        step.unread_threads += unread > 0 and has_unread == unread


async def _take_uids(tx: WriteTx, into: dict[MailboxRef, _Into]) -> None:
    """Write the counters of the mailboxes and hand out uids."""
    rows = await update_rows(
        tx,
        "UPDATE mailbox AS m SET uid_next = m.uid_next + g.messages,"
        " messages = m.messages + g.messages, unseen = m.unseen + g.unseen,"
        " deleted = m.deleted + g.deleted, octets = m.octets + g.octets,"
        " deleted_octets = m.deleted_octets + g.deleted_octets, emails = m.emails + g.emails,"
        " unread = m.unread + g.unread, threads = m.threads + g.threads,"
        " unread_threads = m.unread_threads + g.unread_threads, counts_modseq = g.modseq,"
        " highest_modseq = g.modseq, arrived_modseq = g.modseq FROM given g"
        " WHERE m.account_id = g.account AND m.id = g.mailbox AND m.removed IS NULL"
        " RETURNING account_id, id, uid_next",
        "account, mailbox, modseq, messages, unseen, deleted, octets, deleted_octets,"
        " emails, unread, threads, unread_threads",
        [(*mailbox, one.placings[-1].modseq, *_counts(one.step)) for mailbox, one in into.items()],
    )
    after = {MailboxRef(row[0], row[1]): row[2] for row in rows}
    for mailbox, one in into.items():
        if mailbox not in after:
            raise MailboxGone(mailbox)
        for uid, placing in enumerate(one.placings, after[mailbox] - len(one.placings)):
            placing.uid = Uid(uid)


def _counts(step: Step) -> tuple[int, ...]:
    return (
        step.messages,
        step.unseen,
        step.deleted,
        step.octets,
        step.deleted_octets,
        step.emails,
        step.unread,
        step.threads,
        step.unread_threads,
    )


async def _insert(tx: WriteTx, placings: Sequence[_Placing]) -> None:
    await insert_emails(tx, [_email_row(one) for one in placings])
    await insert_rows(
        tx,
        "placement (account_id, mailbox_id, uid, email_id, flags, keywords, modseq, size,"
        " received, saved)",
        [_placement_row(one) for one in placings],
    )
    await insert_rows(
        tx,
        "email_state (account_id, email_id, created_modseq, modseq, destroyed_modseq,"
        " visible, flags, keywords, mailboxes, thread_id, received)",
        [_state_row(one) for one in placings],
    )
    await insert_rows(
        tx,
        "list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)",
        [_list_row(one) for one in placings if one.visible],
    )


def _email_row(one: _Placing) -> tuple[Value, ...]:
    key = email_key(one.account, one.email)
    filing = one.filing
    return (key, one.blob, one.thread, one.received, filing.prefix, *filing.columns)


def _placement_row(one: _Placing) -> tuple[Value, ...]:
    filing = one.filing
    return (
        *filing.mailbox,
        one.uid,
        one.email,
        filing.flags.bits,
        filing.flags.keywords,
        one.modseq,
        filing.columns.size,
        one.received,
        micros(filing.saved),
    )


def _state_row(one: _Placing) -> tuple[Value, ...]:
    flags, mailbox = one.filing.flags, one.filing.mailbox
    key = (mailbox.account, one.email, one.modseq, one.modseq)
    if not one.visible:
        return (*key, one.modseq, 0, 0, "", "", one.thread, one.received)
    return (*key, None, 1, flags.bits, flags.keywords, str(mailbox.id), one.thread, one.received)


def _list_row(one: _Placing) -> tuple[Value, ...]:
    return (*one.filing.mailbox, one.received, one.email, one.thread, one.filing.flags.bits)


def _told(into: dict[MailboxRef, _Into]) -> list[Told]:
    """What is to be said of each account; mailboxes come in order of account."""
    told = []
    for account, group in groupby(into.items(), key=lambda one: one[0].account):
        mailboxes = {mailbox.id: one for mailbox, one in group}
        types = [Type.EMAIL, Type.THREAD, Type.MAILBOX]
        if any(placing.filing.delivered for one in mailboxes.values() for placing in one.placings):
            types.append(Type.EMAIL_DELIVERY)
        highest = {mailbox: one.placings[-1].modseq for mailbox, one in mailboxes.items()}
        told.append(Told(account, types, max(highest.values()), highest))
    return told
