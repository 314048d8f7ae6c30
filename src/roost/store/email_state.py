"""Emails as JMAP sees them, brought up to date by every work that touches a placement.

An email is visible while a placement without \\Deleted is left (RFC 8621 section 4.1.1). It has a
keyword when any visible placement has it, and `$seen` when all have. Becoming invisible is recorded
as destroyed, becoming visible again as created. `list_entry`, `thread_mailbox`, the threads and the
JMAP counters of mailboxes follow from the difference between before and after.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from roost.base.ids import AccountId, EmailId, MailboxId, ModSeq, ThreadId
from roost.ports.bus import Type
from roost.store import changes, threads
from roost.store.counters import Tally, is_unread
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.flags import DELETED, SEEN, with_keywords
from roost.store.sql_lists import chunks, listed, runs


class Merged(NamedTuple):
    """What the visible placements of an email come to."""

    visible: int = 0
    flags: int = 0
    keywords: str = ""
    mailboxes: frozenset[int] = frozenset()


@dataclass(slots=True)
class Touch:
    """What a work did to the placements of one email.

    modseq: the highest of them, which the email takes if anything of it that JMAP shows is
    different now. were_visible: how many of the touched ones were visible before.
    left: (mailbox, flags, keywords) of the touched ones that are there now.
    """

    modseq: ModSeq
    were_visible: int
    left: list[Row]


class Touches:
    """The emails that a work touches, and how."""

    def __init__(self) -> None:
        self.emails: dict[EmailId, Touch] = {}

    def add(self, email: EmailId, modseq: ModSeq, flags: int, left: Row | None) -> None:
        """Note a placement. flags: it had before; left: as it is now, None when it is gone."""
        touch = self.emails.get(email)
        if touch is None:
            self.emails[email] = Touch(modseq, not flags & DELETED, [] if left is None else [left])
            return
        touch.modseq = max(touch.modseq, modseq)
        touch.were_visible += not flags & DELETED
        if left is not None:
            touch.left.append(left)


class _Change(NamedTuple):
    """What becomes of a row of email_state, but for its numbers; alike in many rows of a work."""

    created: int
    shown: int
    visible: int
    flags: int
    keywords: str
    mailboxes: str
    died: int | None


class _Step(NamedTuple):
    """What becomes of an email in lists and counts; alike in many emails of a work.

    unlisted, listed, relisted: of which mailboxes. counts: mailbox, and by how much its visible
    and its unread emails change. in_thread: by how much the visible emails of the thread do.
    """

    change: _Change
    unlisted: tuple[int, ...] = ()
    listed: tuple[int, ...] = ()
    relisted: tuple[int, ...] = ()
    counts: tuple[tuple[int, int, int], ...] = ()
    in_thread: int = 0


@dataclass(slots=True)
class _Difference:
    """What a work must write, collected over its emails. Pairs are of a mailbox and an email."""

    states: list[tuple[EmailId, tuple[int, _Change]]] = field(default_factory=list)
    listed: list[tuple[int, EmailId]] = field(default_factory=list)
    unlisted: list[tuple[int, EmailId]] = field(default_factory=list)
    relisted: list[tuple[int, EmailId]] = field(default_factory=list)
    in_mailboxes: threads.MailboxSteps = field(default_factory=dict)
    in_threads: dict[ThreadId, tuple[int, ModSeq]] = field(default_factory=dict)
    modseq: ModSeq | None = None


def merge(placements: Iterable[Row]) -> Merged:
    """Merge (mailbox, flags, keywords) of an email's placements."""
    visible, union, seen, keywords, mailboxes = 0, 0, SEEN, "", set[int]()
    for mailbox, bits, words in placements:
        if bits & DELETED:
            continue
        visible += 1
        union |= bits
        seen &= bits
        mailboxes.add(mailbox)
        if words:
            keywords = with_keywords(keywords, words)
    if not visible:
        return Merged()
    return Merged(visible, union & ~SEEN | seen, keywords, frozenset(mailboxes))


@lru_cache(maxsize=1_024)
def parse_mailboxes(text: str) -> frozenset[int]:
    """The mailbox ids of a `mailboxes` column."""
    return frozenset(map(int, text.split(","))) if text else frozenset()


@lru_cache(maxsize=1_024)
def _spell_mailboxes(mailboxes: frozenset[int]) -> str:
    return ",".join(map(str, sorted(mailboxes)))


@lru_cache(maxsize=1_024)
def _merge_one(placement: Row) -> Merged:
    """An email with one placement looks like it; most are alike in all of this."""
    return merge((placement,))


@lru_cache(maxsize=1_024)
def _known(visible: int, flags: int, keywords: str, mailboxes: str) -> Merged:
    """What a row of email_state says."""
    return Merged(visible, flags, keywords, parse_mailboxes(mailboxes))


async def recompute(tx: WriteTx, tally: Tally, touches: Touches, now: int) -> set[Type]:
    """Bring the emails whose placements changed up to date; returns the JMAP types that changed.

    tally: receives the steps of the JMAP counters; the caller writes it. now: in microseconds.
    """
    difference = _Difference()
    for some in chunks(list(touches.emails)):
        rows = await _states_of(tx, tally.account, some)
        alone = [_alone(_known(*rows[email][1:5]), touches.emails[email]) for email in some]
        unclear = [email for email, merged in zip(some, alone, strict=True) if merged is None]
        others = await _placements_of(tx, tally.account, unclear) if unclear else {}
        for email, known in zip(some, alone, strict=True):
            merged, died = known, None
            if merged is None:
                merged = merge(others.get(email, ()))
                died = None if email in others else now
            _, visible, flags, keywords, mailboxes, thread, was_dead = rows[email]
            step = _step(_known(visible, flags, keywords, mailboxes), bool(was_dead), merged, died)
            if step is not None:
                _collect(difference, email, thread, step, touches.emails[email].modseq)
    return await _write(tx, tally, difference)


def _alone(before: Merged, touch: Touch) -> Merged | None:
    """What the email comes to where its touched placements tell; None where others must be read.

    That saves most works a look at every other placement of each email.
    """
    if before.visible == touch.were_visible:
        if len(touch.left) == 1:
            return _merge_one(touch.left[0])
        return merge(touch.left) if touch.left else None
    if not touch.were_visible and all(row[1] & DELETED for row in touch.left):
        return before
    return None


async def _states_of(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId]
) -> dict[EmailId, Row]:
    """By email: email, visible, flags, keywords, mailboxes, thread, whether it is dead.

    emails: each once, in any order.
    """
    columns = "email_id, visible, flags, keywords, mailboxes, thread_id, died IS NOT NULL"
    low, high = min(emails), max(emails)
    if high - low + 1 == len(emails):  # as most are: one range
        where, args = "BETWEEN $2 AND $3", [int(low), int(high)]
    else:
        places, args = listed(2, emails)
        where = f"IN ({places})"
    rows = await tx.rows(
        f"SELECT {columns} FROM email_state WHERE account_id = $1 AND email_id {where}",  # noqa: S608
        account,
        *args,
    )
    return {row[0]: row for row in rows}


async def _placements_of(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId]
) -> dict[EmailId, list[Row]]:
    places, wanted = listed(2, emails)
    rows = await tx.rows(
        "SELECT email_id, mailbox_id, flags, keywords FROM placement"  # noqa: S608
        f" WHERE account_id = $1 AND email_id IN ({places})",
        account,
        *wanted,
    )
    found: dict[EmailId, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1:])
    return found


@lru_cache(maxsize=1_024)
def _step(before: Merged, was_dead: bool, merged: Merged, died: int | None) -> _Step | None:
    """What becomes of an email; None where nothing does."""
    if merged == before and (died is not None) == was_dead:
        return None
    shown = merged[1:] != before[1:] or bool(merged.visible) != bool(before.visible)
    change = _Change(
        int(shown and merged.visible > 0 and not before.visible),
        int(shown),
        merged.visible,
        merged.flags,
        merged.keywords,
        _spell_mailboxes(merged.mailboxes),
        died,
    )
    if not shown:
        return _Step(change)
    was_unread, now_unread = is_unread(before.flags), is_unread(merged.flags)
    unlisted, listed_in = before.mailboxes - merged.mailboxes, merged.mailboxes - before.mailboxes
    stayed = merged.mailboxes & before.mailboxes if merged.flags != before.flags else frozenset()
    counts = [(mailbox, -1, -was_unread) for mailbox in unlisted]
    counts += [(mailbox, 1, now_unread) for mailbox in listed_in]
    if now_unread != was_unread:
        counts += [(mailbox, 0, now_unread - was_unread) for mailbox in stayed]
    return _Step(
        change,
        tuple(unlisted),
        tuple(listed_in),
        tuple(stayed),
        tuple(counts),
        (merged.visible > 0) - (before.visible > 0),
    )


def _collect(
    difference: _Difference, email: EmailId, thread: ThreadId, step: _Step, modseq: ModSeq
) -> None:
    change, unlisted, listed_in, relisted, counts, in_thread = step
    difference.states.append((email, (modseq - email, change)))
    if not change.shown:
        return
    difference.modseq = max(modseq, difference.modseq or modseq)
    for pairs, mailboxes in (
        (difference.unlisted, unlisted),
        (difference.listed, listed_in),
        (difference.relisted, relisted),
    ):
        for mailbox in mailboxes:
            pairs.append((mailbox, email))
    for mailbox, emails, unread in counts:
        totals = difference.in_mailboxes.setdefault((MailboxId(mailbox), thread), [0, 0])
        totals[0] += emails
        totals[1] += unread
    if in_thread:
        had, last = difference.in_threads.get(thread, (0, modseq))
        difference.in_threads[thread] = (had + in_thread, max(last, modseq))


async def _write(tx: WriteTx, tally: Tally, difference: _Difference) -> set[Type]:
    await _write_states(tx, tally.account, difference)
    await _write_lists(tx, tally.account, difference)
    types = {Type.EMAIL} if difference.modseq else set()
    if difference.in_mailboxes:
        await threads.count_in_mailboxes(tx, tally, difference.in_mailboxes)
    if difference.in_threads:
        steps = difference.in_threads.items()
        await threads.count_emails(tx, {(tally.account, thread): step for thread, step in steps})
        types.add(Type.THREAD)
    return types


async def _write_states(tx: WriteTx, account: AccountId, difference: _Difference) -> None:
    """Emails that follow one another take modseqs that do, so that one statement serves many."""
    if not difference.states:
        return
    await tx.execute_many(
        "UPDATE email_state SET"
        " created_modseq = CASE WHEN $1 = 1 THEN email_id + $2 ELSE created_modseq END,"
        " modseq = CASE WHEN $3 = 1 THEN email_id + $2 ELSE modseq END,"
        " destroyed_modseq = CASE WHEN $4 > 0 THEN NULL"
        " ELSE COALESCE(destroyed_modseq, email_id + $2) END,"
        " visible = $4, flags = $5, keywords = $6, mailboxes = $7, died = $8"
        " WHERE account_id = $9 AND email_id BETWEEN $10 AND $11",
        [
            (change.created, shift, *change[1:], account, low, high)
            for low, high, (shift, change) in runs(difference.states)
        ],
    )


async def _write_lists(tx: WriteTx, account: AccountId, difference: _Difference) -> None:
    """After the states are written, from which the entries take what they show."""
    those = (
        "WHERE account_id = $1 AND mailbox_id = $2 AND (received, email_id) IN (SELECT s.received,"
        " s.email_id FROM email_state s WHERE s.account_id = $1 AND s.email_id BETWEEN $3 AND $4)"
    )
    for pairs, sql in (
        (difference.unlisted, f"DELETE FROM list_entry {those}"),  # noqa: S608
        (
            difference.listed,
            "INSERT INTO list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)"
            " SELECT $1, $2, received, email_id, thread_id, flags FROM email_state"
            " WHERE account_id = $1 AND email_id BETWEEN $3 AND $4",
        ),
    ):
        if pairs:
            await tx.execute_many(sql, _ranges(account, pairs))
    if difference.relisted:
        await tx.execute_many(
            "UPDATE list_entry AS l SET flags = s.flags FROM email_state s"
            " WHERE s.account_id = $1 AND s.email_id BETWEEN $2 AND $3 AND l.account_id = $1"
            " AND l.mailbox_id = $4 AND l.received = s.received AND l.email_id = s.email_id",
            [
                (account, low, high, mailbox)
                for _, mailbox, low, high in _ranges(account, difference.relisted)
            ],
        )


def _ranges(
    account: AccountId, pairs: Sequence[tuple[int, EmailId]]
) -> list[tuple[int, int, int, int]]:
    """Account, mailbox, first and last email of as few ranges as there can be."""
    in_order = ((email, mailbox) for mailbox, email in sorted(pairs))
    return [(account, mailbox, low, high) for low, high, mailbox in runs(in_order)]


async def finish(tx: WriteTx, tally: Tally, touches: Touches, now: int) -> None:
    """End a work that touched placements, one at least: recompute, write the counters, tell."""
    types = await recompute(tx, tally, touches, now)
    counted = await tally.write(tx)
    mailboxes = {
        mailbox: step.modseq for mailbox, step in tally.steps.items() if step.modseq is not None
    }
    highest = max(touch.modseq for touch in touches.emails.values())
    told = [Told(tally.account, types, highest, mailboxes)]
    if counted is not None:
        told.append(Told(tally.account, {Type.MAILBOX}, counted))
    await tell(tx, told)


class Told(NamedTuple):
    """What a work changed in an account: the states of these types, and messages in mailboxes."""

    account: AccountId
    types: Collection[Type]
    modseq: ModSeq
    mailboxes: Mapping[MailboxId, ModSeq] = MappingProxyType({})


async def tell(tx: WriteTx, changed: Sequence[Told]) -> None:
    """Raise the states of these types; hint at them and at mailboxes with changed messages."""
    await changes.record_all(tx, [one[:3] for one in changed])
    for one in changed:
        for kind in one.types:
            tx.changed(one.account, kind, modseq=one.modseq)
        for mailbox, highest in one.mailboxes.items():
            tx.changed(one.account, Type.EMAIL, mailbox, highest)
