"""Emails as JMAP sees them, brought up to date by every work that touches a placement.

An email is visible while a placement without \\Deleted is left (RFC 8621 section 4.1.1). It has a
keyword when any visible placement has it, and `$seen` when all have. Becoming invisible is recorded
as destroyed, becoming visible again as created. `list_entry`, `thread_mailbox`, the threads and the
JMAP counters of mailboxes follow from the difference between before and after.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from roost.base.ids import AccountId, EmailId, MailboxId, ModSeq, ThreadId
from roost.ports.bus import Type
from roost.store import changes, threads
from roost.store.counters import Tally, is_unread
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.flags import DELETED, SEEN, with_keywords
from roost.store.sql_lists import chunks, listed


class Merged(NamedTuple):
    """What the visible placements of an email come to."""

    visible: int = 0
    flags: int = 0
    keywords: str = ""
    mailboxes: frozenset[int] = frozenset()


class _Known(NamedTuple):
    """A row of email_state before the work."""

    merged: Merged
    thread: ThreadId
    received: int
    created_modseq: ModSeq
    died: int | None


@dataclass(slots=True)
class _Difference:
    """What a work must write, collected over its emails."""

    states: list[tuple[int | str | None, ...]] = field(default_factory=list)
    listed: list[tuple[int, ...]] = field(default_factory=list)
    unlisted: list[tuple[int, ...]] = field(default_factory=list)
    relisted: list[tuple[int, ...]] = field(default_factory=list)
    in_mailboxes: threads.MailboxSteps = field(default_factory=dict)
    in_threads: dict[ThreadId, tuple[int, ModSeq]] = field(default_factory=dict)
    modseq: ModSeq | None = None


def merge(placements: Iterable[Row]) -> Merged:
    """Merge (mailbox, flags, keywords) of an email's placements."""
    visible, union, seen, keywords, mailboxes = 0, 0, SEEN, "", set()
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


def parse_mailboxes(text: str) -> frozenset[int]:
    """The mailbox ids of a `mailboxes` column."""
    return frozenset(map(int, text.split(","))) if text else frozenset()


async def recompute(
    tx: WriteTx, tally: Tally, touched: Mapping[EmailId, ModSeq], now: int
) -> set[Type]:
    """Bring the emails whose placements changed up to date; returns the JMAP types that changed.

    touched: the modseq each email takes if anything of it that JMAP shows is different now.
    tally: receives the steps of the JMAP counters; the caller writes it. now: in microseconds.
    """
    difference = _Difference()
    for some in chunks(list(touched)):
        before = await _states_of(tx, tally.account, some)
        after = await _placements_of(tx, tally.account, some)
        for email in some:
            merged = merge(after.get(email, ()))
            died = None if email in after else now
            _compare(
                difference, (tally.account, email), before[email], merged, died, touched[email]
            )
    return await _write(tx, tally, difference)


async def _states_of(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId]
) -> dict[EmailId, _Known]:
    places, wanted = listed(2, emails)
    rows = await tx.rows(
        "SELECT email_id, visible, flags, keywords, mailboxes, thread_id, received,"  # noqa: S608
        f" created_modseq, died FROM email_state WHERE account_id = $1 AND email_id IN ({places})",
        account,
        *wanted,
    )
    return {
        row[0]: _Known(Merged(row[1], row[2], row[3], parse_mailboxes(row[4])), *row[5:])
        for row in rows
    }


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


def _compare(
    difference: _Difference,
    key: tuple[AccountId, EmailId],
    known: _Known,
    merged: Merged,
    died: int | None,
    modseq: ModSeq,
) -> None:
    before = known.merged
    if merged == before and (died is None) == (known.died is None):
        return
    shown = merged[1:] != before[1:] or bool(merged.visible) != bool(before.visible)
    created = modseq if merged.visible and not before.visible else known.created_modseq
    difference.states.append(
        (
            created if shown else None,
            modseq if shown else None,
            None if merged.visible else modseq,
            merged.visible,
            merged.flags,
            merged.keywords,
            ",".join(map(str, sorted(merged.mailboxes))),
            died,
            *key,
        )
    )
    if shown:
        difference.modseq = max(modseq, difference.modseq or modseq)
        _compare_lists(difference, key, known, merged, modseq)


def _compare_lists(
    difference: _Difference,
    key: tuple[AccountId, EmailId],
    known: _Known,
    merged: Merged,
    modseq: ModSeq,
) -> None:
    (account, email), before = key, known.merged
    was_unread, now_unread = is_unread(before.flags), is_unread(merged.flags)
    place = (known.received, email)
    for mailbox in before.mailboxes - merged.mailboxes:
        difference.unlisted.append((account, mailbox, *place))
        _step(difference, mailbox, known.thread, -1, -was_unread)
    for mailbox in merged.mailboxes - before.mailboxes:
        difference.listed.append((account, mailbox, *place, known.thread, merged.flags))
        _step(difference, mailbox, known.thread, 1, now_unread)
    if merged.flags != before.flags:
        for mailbox in merged.mailboxes & before.mailboxes:
            difference.relisted.append((merged.flags, account, mailbox, *place))
            _step(difference, mailbox, known.thread, 0, now_unread - was_unread)
    moved = (merged.visible > 0) - (before.visible > 0)
    if moved:
        had, last = difference.in_threads.get(known.thread, (0, modseq))
        difference.in_threads[known.thread] = (had + moved, max(last, modseq))


def _step(
    difference: _Difference, mailbox: int, thread: ThreadId, emails: int, unread: int
) -> None:
    if emails or unread:
        step = difference.in_mailboxes.setdefault((MailboxId(mailbox), thread), [0, 0])
        step[0] += emails
        step[1] += unread


async def _write(tx: WriteTx, tally: Tally, difference: _Difference) -> set[Type]:
    if difference.states:
        await tx.execute_many(
            "UPDATE email_state SET created_modseq = COALESCE($1, created_modseq),"
            " modseq = COALESCE($2, modseq), destroyed_modseq = CASE WHEN $3 IS NULL THEN NULL"
            " ELSE COALESCE(destroyed_modseq, $3) END, visible = $4, flags = $5, keywords = $6,"
            " mailboxes = $7, died = $8 WHERE account_id = $9 AND email_id = $10",
            difference.states,
        )
    await _write_lists(tx, difference)
    types = {Type.EMAIL} if difference.modseq else set()
    if difference.in_mailboxes:
        await threads.count_in_mailboxes(tx, tally, difference.in_mailboxes)
    if difference.in_threads:
        await threads.count_emails(tx, tally.account, difference.in_threads)
        types.add(Type.THREAD)
    return types


async def _write_lists(tx: WriteTx, difference: _Difference) -> None:
    if difference.unlisted:
        await tx.execute_many(
            "DELETE FROM list_entry WHERE account_id = $1 AND mailbox_id = $2 AND received = $3"
            " AND email_id = $4",
            difference.unlisted,
        )
    if difference.listed:
        await tx.execute_many(
            "INSERT INTO list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            difference.listed,
        )
    if difference.relisted:
        await tx.execute_many(
            "UPDATE list_entry SET flags = $1 WHERE account_id = $2 AND mailbox_id = $3"
            " AND received = $4 AND email_id = $5",
            difference.relisted,
        )


async def finish(tx: WriteTx, tally: Tally, touched: Mapping[EmailId, ModSeq], now: int) -> None:
    """End a work that touched placements: recompute, write the counters, tell what changed.

    touched: not empty; each email with the highest modseq of its placements.
    """
    types = await recompute(tx, tally, touched, now)
    counted = await tally.write(tx)
    mailboxes = {
        mailbox: step.modseq for mailbox, step in tally.steps.items() if step.modseq is not None
    }
    await tell(tx, tally.account, types, max(touched.values()), mailboxes)
    if counted is not None:
        await tell(tx, tally.account, {Type.MAILBOX}, counted)


async def tell(
    tx: WriteTx,
    account: AccountId,
    types: Collection[Type],
    modseq: ModSeq,
    mailboxes: Mapping[MailboxId, ModSeq] = MappingProxyType({}),
) -> None:
    """Raise the states of these types; hint at them and at mailboxes with changed messages."""
    await changes.record(tx, account, types, modseq)
    for kind in types:
        tx.changed(account, kind, modseq=modseq)
    for mailbox, highest in mailboxes.items():
        tx.changed(account, Type.EMAIL, mailbox, highest)
