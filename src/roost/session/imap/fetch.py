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
from contextlib import aclosing
from itertools import tee

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.sequence import Range
from roost.service import messages
from roost.session.imap import condstore, expunged_rows, messagelimit, partial, qresync
from roost.session.imap.conversation import UIDONLY, Conversation, Done, Refused
from roost.session.imap.fetch_plan import Plan, make_plan
from roost.session.imap.fetch_sections import SectionTeller, Trouble
from roost.session.imap.fetch_small import (
    PAGE_MESSAGES,
    SmallTeller,
    one_ahead,
    read_rows,
    small_teller,
)
from roost.session.imap.messagelimit import Newest
from roost.session.imap.targets import count, named, numbers_of
from roost.store.engine import Row
from roost.store.flags import SEEN

__all__ = ["fetch", "tell_items"]


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
    run = _Run(talk, plan, downwards=newest.code is not None)
    await run.tell_all(newest)
    return messagelimit.finish(talk, run.outcome(command), newest.code)


async def tell_items(talk: Conversation, uids: Sequence[int], items: Sequence[Hashable]) -> None:
    """Tell these items of messages of the selected mailbox, unasked; some may be gone by now.

    uids: ascending. What is damaged or cannot be decoded is NIL.
    """
    view = talk.selected
    numbers = (number for uid in uids if (number := view.number_of(uid)) is not None)
    newest = Newest([(number - 1, number) for number in numbers])
    await _Run(talk, make_plan(talk, items), downwards=False).tell_all(newest)


class _Run:
    """The messages of one command, page by page, and what is to be said of them at the end.

    downwards: whether the messages of a page are told from the last to the first.
    """

    def __init__(self, talk: Conversation, plan: Plan, *, downwards: bool) -> None:
        self._talk = talk
        self._plan = plan
        self._downwards = downwards
        self._teller = SectionTeller(talk, plan) if plan.sections else None
        self._unseen: array[int] = array("I")
        self._missing = 0
        self._expunged = 0

    async def tell_all(self, newest: Newest) -> None:
        r"""Tell the messages, then set `\Seen` where the plan does."""
        talk = self._talk
        small = small_teller(talk, self._plan, downwards=self._downwards)
        if small is None:
            for page in newest.pages():
                await self._tell(page)
        else:
            await self._tell_small(small, newest)
        port, unseen = talk.port, array("I", sorted(self._unseen))
        account, ref = talk.user.account, talk.selected.ref
        await messages.mark_seen(port.store, port.clock, account, ref, unseen)

    def outcome(self, command: Command) -> Done | Refused:
        """How the command ends: what went wrong with single messages is said at its end."""
        trouble = self._teller.trouble if self._teller else Trouble()
        if trouble.unknown_encoding:
            return Refused("a part has an encoding that nobody knows here", response.UNKNOWN_CTE)
        if trouble.damage is not None:
            return Refused("some messages are damaged, the others are told", response.CORRUPTION)
        if self._missing and not command.uid:
            return Refused("some messages are no longer there", response.EXPUNGEISSUED)
        gone = self._expunged and not command.uid
        return Done("FETCH done", response.EXPUNGEISSUED if gone else None)

    async def _tell_small(self, small: SmallTeller, newest: Newest) -> None:
        """Tell all that can be told by `small` so, and the rest as any other."""
        talk = self._talk
        ahead, behind = tee(newest.pages(PAGE_MESSAGES))
        async with aclosing(one_ahead(map(small.read, ahead))) as answers:
            async for told in answers:
                page = next(behind)
                if told is None:
                    await self._tell(page)
                    continue
                talk.send(told.octets)
                self._unseen.extend(_unseen(small.plan, told.rows))
                await talk.room()

    async def _tell(self, page: Sequence[Range]) -> None:
        """Tell a page of messages, also of those that others expunged."""
        talk, plan = self._talk, self._plan
        rows = await talk.port.store.read(lambda tx: read_rows(tx, talk, plan, page))
        if len(rows) < count(page):
            rows, found = await expunged_rows.add(talk, plan.columns, page, rows)
            self._expunged += found
        self._missing += count(page) - len(rows)
        if rows:
            await _tell(talk, plan, self._teller, page, rows, downwards=self._downwards)
            self._unseen.extend(_unseen(plan, rows))


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
