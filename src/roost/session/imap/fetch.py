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
from collections.abc import Sequence

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.sequence import Range
from roost.service import messages
from roost.session.imap import condstore, expunged_rows, partial, qresync
from roost.session.imap.conversation import UIDONLY, Conversation, Done, Refused
from roost.session.imap.fetch_plan import Plan, make_plan
from roost.session.imap.fetch_sections import SectionTeller, Trouble
from roost.session.imap.targets import count, named, numbers_of, pages, uids_of
from roost.store import placements
from roost.store.engine import ReadTx, Row
from roost.store.flags import SEEN

__all__ = ["fetch"]


async def fetch(talk: Conversation, command: Command) -> Done:
    """Tell what was asked of each message."""
    args = command.args
    assert isinstance(args, Fetch), "the grammar gave the arguments"
    view = talk.selected
    ranges: Sequence[Range] = partial.page_of(args, named(view, args.messages, by_uid=command.uid))
    since = condstore.changed_since(args)
    plan = make_plan(talk, condstore.items_of(args))
    if qresync.wants_vanished(talk, args) and since is not None:
        await qresync.tell_vanished(talk, args, since)
    if since is not None:
        ranges = await condstore.those_changed(talk, ranges, since)
    teller = SectionTeller(talk, plan) if plan.sections else None
    unseen: array[int] = array("I")
    missing = expunged = 0
    for page in pages(ranges):
        rows = await _read(talk, plan, page)
        if len(rows) < count(page):
            rows, found = await expunged_rows.add(talk, plan.columns, page, rows)
            expunged += found
        missing += count(page) - len(rows)
        if rows:
            await _tell(talk, plan, teller, page, rows)
            unseen.extend(_unseen(plan, rows))
    await messages.mark_seen(talk.port.store, talk.port.clock, talk.user.account, view.ref, unseen)
    _refuse_trouble(teller.trouble if teller else Trouble())
    if missing and not command.uid:
        raise Refused("some messages are no longer there", response.EXPUNGEISSUED)
    return Done("FETCH done", response.EXPUNGEISSUED if expunged and not command.uid else None)


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
) -> None:
    uids = [row[0] for row in rows]
    numbers = uids if UIDONLY in talk.enabled else numbers_of(talk.selected, page, uids)
    heads = plan.heads(numbers, rows)
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


def _refuse_trouble(trouble: Trouble) -> None:
    if trouble.unknown_encoding:
        raise Refused("a part has an encoding that nobody knows here", response.UNKNOWN_CTE)
    if trouble.damage is not None:
        raise Refused("some messages are damaged, the others are told", response.CORRUPTION)
