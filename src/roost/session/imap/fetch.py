r"""FETCH and UID FETCH. RFC 9051 section 6.4.5, RFC 3516.

Messages are told page by page, as far as the client takes them. `\Seen` is set after all data; the
client hears of it as of any other change. Messages that others expunged are told as long as they
can be read; who asked for them by number gets OK [EXPUNGEISSUED] at the end, and NO where one of
them could not be read (RFC 5530 section 3). What is damaged in a message is told as NIL and the
command ends in NO [CORRUPTION]; a part whose encoding cannot be undone is NIL too, with NO
[UNKNOWN-CTE].
"""

import asyncio
from array import array
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.sequence import Range
from roost.service import messages
from roost.session.imap import condstore, expunged_rows, messagelimit, partial, qresync
from roost.session.imap.conversation import UIDONLY, Conversation, Done, Refused
from roost.session.imap.fetch_plan import Plan, make_plan
from roost.session.imap.fetch_sections import SectionTeller, Trouble
from roost.session.imap.messagelimit import Newest
from roost.session.imap.targets import count, named, numbers_of, uids_of
from roost.store import placements
from roost.store.engine import ReadTx, Row
from roost.store.flags import SEEN

__all__ = ["fetch", "tell_items"]


class _Told(NamedTuple):
    """How many messages of a FETCH were not there, or only until now, and which were not seen."""

    missing: int
    expunged: int
    unseen: "array[int]"


async def fetch(talk: Conversation, command: Command) -> Done:
    """Tell what was asked of each message; the newest first where not all can be told."""
    args = command.args
    assert isinstance(args, Fetch), "the grammar gave the arguments"
    view = talk.selected
    page = partial.asked_by(args)
    messagelimit.check_page(talk, page)
    ranges: Sequence[Range] = partial.page_of(page, named(view, args.messages, by_uid=command.uid))
    since = condstore.changed_since(args)
    plan = make_plan(talk, condstore.items_of(args))
    if qresync.wants_vanished(talk, args) and since is not None:
        await qresync.tell_vanished(talk, args, since)
    if since is not None:
        ranges = await condstore.those_changed(talk, ranges, since)
    newest = messagelimit.newest(talk, ranges)
    teller = SectionTeller(talk, plan) if plan.sections else None
    told = await _tell_all(talk, plan, teller, newest)
    await messages.mark_seen(
        talk.port.store, talk.port.clock, talk.user.account, view.ref, told.unseen
    )
    outcome = _outcome(command, teller.trouble if teller else Trouble(), told)
    return messagelimit.finish(talk, outcome, newest.code)


async def _tell_all(
    talk: Conversation, plan: Plan, teller: SectionTeller | None, newest: Newest
) -> _Told:
    downwards = newest.code is not None
    unseen: list[int] = []
    missing = expunged = 0
    for page in newest.pages():
        rows = await _read(talk, plan, page)
        if len(rows) < count(page):
            rows, found = await expunged_rows.add(talk, plan.columns, page, rows)
            expunged += found
        missing += count(page) - len(rows)
        if rows:
            await _tell(talk, plan, teller, page, rows, downwards=downwards)
            unseen.extend(_unseen(plan, rows))
    return _Told(missing, expunged, array("I", sorted(unseen)))


async def tell_items(talk: Conversation, uids: Sequence[int], items: Sequence[Hashable]) -> None:
    """Tell these items of messages of the selected mailbox, unasked; some may be gone by now.

    uids: ascending. What is damaged or cannot be decoded is NIL.
    """
    view = talk.selected
    plan = make_plan(talk, items)
    teller = SectionTeller(talk, plan) if plan.sections else None
    numbers = (number for uid in uids if (number := view.number_of(uid)) is not None)
    newest = Newest([(number - 1, number) for number in numbers])
    told = await _tell_all(talk, plan, teller, newest)
    await messages.mark_seen(
        talk.port.store, talk.port.clock, talk.user.account, view.ref, told.unseen
    )


async def _read(talk: Conversation, plan: Plan, page: Sequence[Range]) -> list[Row]:
    view = talk.selected

    async def read(tx: ReadTx) -> list[Row]:
        if len(page) > 1:
            return await placements.columns_by_uids(tx, view.ref, plan.columns, uids_of(view, page))
        ((start, stop),) = page
        first, last = view.uids[start], view.uids[stop - 1]
        return await placements.columns_page(tx, view.ref, plan.columns, first, last)

    return await talk.port.store.read(read)


async def _tell(
    talk: Conversation,
    plan: Plan,
    teller: SectionTeller | None,
    page: Sequence[Range],
    rows: list[Row],
    *,
    downwards: bool,
) -> None:
    uids = [row[0] for row in rows]
    numbers = uids if UIDONLY in talk.enabled else numbers_of(talk.selected, page, uids)
    heads = plan.heads(numbers, rows)
    if downwards:
        heads, rows = reversed(list(heads)), rows[::-1]
    if teller is not None:
        await teller.tell(heads, rows)
        return
    talk.send(b"".join(heads))
    await talk.room()
    # A page whose octets fit into the output waited for nothing: others want their turn too.
    await asyncio.sleep(0)


def _unseen(plan: Plan, rows: Sequence[Row]) -> list[int]:
    if not plan.marks_seen:
        return []
    flags = plan.at("flags")
    return [row[0] for row in rows if not row[flags] & SEEN]


def _outcome(command: Command, trouble: Trouble, told: _Told) -> Done | Refused:
    if trouble.unknown_encoding:
        return Refused("a part has an encoding that nobody knows here", response.UNKNOWN_CTE)
    if trouble.damage is not None:
        return Refused("some messages are damaged, the others are told", response.CORRUPTION)
    if told.missing and not command.uid:
        return Refused("some messages are no longer there", response.EXPUNGEISSUED)
    gone = told.expunged and not command.uid
    return Done("FETCH done", response.EXPUNGEISSUED if gone else None)
