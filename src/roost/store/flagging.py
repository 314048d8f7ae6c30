"""Changing the flags of messages. RFC 9051 section 6.4.6, RFC 7162 section 3.1.3."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from roost.base.ids import MailboxId, MailboxRef, ModSeq, Uid
from roost.store import email_state, numbers, placements
from roost.store.counters import Tally
from roost.store.engine import WriteTx
from roost.store.flags import (
    EVERY_FLAG,
    Changeable,
    Flags,
    with_keywords,
    without_keywords,
)
from roost.store.placements import Placed
from roost.store.sql_lists import runs
from roost.store.times import micros


class How(Enum):
    """What is done with the flags that are given."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


class Changed(NamedTuple):
    """A message whose flags are now different. before: the modseq it had until now."""

    uid: Uid
    bits: int
    keywords: str
    modseq: ModSeq
    before: ModSeq


class Flagged(NamedTuple):
    """What became of each uid that was there; all ascending.

    unchanged: had these flags before, and keep their modseq. modified: changed by another after
    the modseq that was named, and left alone.
    """

    changed: list[Changed]
    unchanged: list[Uid]
    modified: list[Uid]


async def set_flags(
    tx: WriteTx,
    mailbox: MailboxRef,
    uids: Sequence[int],
    how: How,
    flags: Flags,
    *,
    now: datetime,
    unchanged_since: int | None = None,
    changeable: Changeable = EVERY_FLAG,
) -> Flagged:
    """Change the flags of these messages, at most 500, each with a modseq of its own.

    changeable: all others stay as they are (RFC 4314 section 4). unchanged_since: leave messages
    alone whose modseq is higher (RFC 7162 section 3.1.3).
    """
    outcome = Flagged([], [], [])
    flags = changeable.within(flags)
    moving: list[tuple[Placed, _Alike]] = []
    found: dict[tuple[int, str], _Alike] = {}
    for placed in await placements.by_uids(tx, mailbox, uids):
        before = (placed.flags, placed.keywords)
        alike = found.get(before)
        if alike is None:
            after = _changed(Flags(*before), how, flags, changeable)
            alike = found[before] = _Alike(after, (mailbox.id, *after))
        if unchanged_since is not None and placed.modseq > unchanged_since:
            outcome.modified.append(placed.uid)
        elif alike.after == before:
            outcome.unchanged.append(placed.uid)
        else:
            moving.append((placed, alike))
    if moving:
        outcome.changed.extend(await _write(tx, mailbox, moving, micros(now)))
    return outcome


class _Alike(NamedTuple):
    """What becomes of all messages that had the same flags. left: for email_state."""

    after: Flags
    left: tuple[MailboxId, int, str]


def _changed(before: Flags, how: How, flags: Flags, changeable: Changeable) -> Flags:
    if how is How.REPLACE:
        kept = before.bits & ~changeable.bits
        return Flags(flags.bits | kept, flags.keywords if changeable.keywords else before.keywords)
    if how is How.ADD:
        return Flags(before.bits | flags.bits, with_keywords(before.keywords, flags.keywords))
    return Flags(before.bits & ~flags.bits, without_keywords(before.keywords, flags.keywords))


async def _write(
    tx: WriteTx, mailbox: MailboxRef, moving: Sequence[tuple[Placed, _Alike]], now: int
) -> list[Changed]:
    first = await numbers.reserve_modseqs(tx, mailbox.account, len(moving))
    changed, numbered, touches = [], [], email_state.Touches()
    for modseq, (placed, (after, left)) in enumerate(moving, first):
        changed.append(Changed(placed.uid, *after, ModSeq(modseq), placed.modseq))
        # Uids that follow one another take modseqs that do, so that one statement serves many.
        numbered.append((placed.uid, (modseq - placed.uid, after)))
        touches.add(placed.email, ModSeq(modseq), placed.flags, left)
    await tx.execute_many(
        "UPDATE placement SET flags = $1, keywords = $2, modseq = uid + $3"
        " WHERE account_id = $4 AND mailbox_id = $5 AND uid BETWEEN $6 AND $7",
        [(*after, shift, *mailbox, low, high) for low, high, (shift, after) in runs(numbered)],
    )
    tally = Tally(mailbox.account)
    tally.count(mailbox.id, [(placed.flags, placed.size) for placed, _ in moving], -1)
    tally.count(mailbox.id, [(alike.after.bits, placed.size) for placed, alike in moving], 1)
    tally.of(mailbox.id).modseq = changed[-1].modseq
    await email_state.finish(tx, tally, touches, now)
    return changed
