"""Changing the flags of messages. RFC 9051 section 6.4.6, RFC 7162 section 3.1.3."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from roost.base.ids import MailboxRef, ModSeq, Uid
from roost.store import email_state, numbers, placements
from roost.store.counters import Tally
from roost.store.engine import WriteTx
from roost.store.flags import Flags, with_keywords, without_keywords
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
) -> Flagged:
    """Change the flags of these messages, at most 500, each with a modseq of its own.

    unchanged_since: leave messages alone whose modseq is higher (RFC 7162 section 3.1.3).
    """
    outcome = Flagged([], [], [])
    moving: list[tuple[Placed, Flags]] = []
    for placed in await placements.by_uids(tx, mailbox, uids):
        after = _changed(placed, how, flags)
        if unchanged_since is not None and placed.modseq > unchanged_since:
            outcome.modified.append(placed.uid)
        elif after == (placed.flags, placed.keywords):
            outcome.unchanged.append(placed.uid)
        else:
            moving.append((placed, after))
    if moving:
        outcome.changed.extend(await _write(tx, mailbox, moving, micros(now)))
    return outcome


def _changed(placed: Placed, how: How, flags: Flags) -> Flags:
    if how is How.REPLACE:
        return flags
    if how is How.ADD:
        return Flags(placed.flags | flags.bits, with_keywords(placed.keywords, flags.keywords))
    return Flags(placed.flags & ~flags.bits, without_keywords(placed.keywords, flags.keywords))


async def _write(
    tx: WriteTx, mailbox: MailboxRef, moving: Sequence[tuple[Placed, Flags]], now: int
) -> list[Changed]:
    first = await numbers.reserve_modseqs(tx, mailbox.account, len(moving))
    changed = [
        Changed(placed.uid, after.bits, after.keywords, ModSeq(modseq), placed.modseq)
        for modseq, (placed, after) in enumerate(moving, first)
    ]
    await tx.execute_many(
        "UPDATE placement SET flags = $1, keywords = $2, modseq = uid + $3"
        " WHERE account_id = $4 AND mailbox_id = $5 AND uid BETWEEN $6 AND $7",
        [(*after, *mailbox, low, high) for low, high, after in runs(map(_numbered, changed))],
    )
    tally = Tally(mailbox.account)
    tally.count(mailbox.id, ((placed.flags, placed.size) for placed, _ in moving), -1)
    tally.count(mailbox.id, ((after.bits, placed.size) for placed, after in moving), 1)
    tally.of(mailbox.id).modseq = changed[-1].modseq
    touches = email_state.Touches()
    for (placed, after), one in zip(moving, changed, strict=True):
        touches.add(placed.email, one.modseq, placed.flags, (mailbox.id, *after))
    await email_state.finish(tx, tally, touches, now)
    return changed


def _numbered(one: Changed) -> tuple[int, tuple[int, str, int]]:
    """Uids that follow one another take modseqs that do, so that one statement serves many."""
    return one.uid, (one.bits, one.keywords, one.modseq - one.uid)
