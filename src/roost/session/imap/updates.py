"""What happened in the selected mailbox: `catch_up` is the only source of untagged data about it.

It also tells of the client's own changes, so that there is one way in which a client learns of
flags, arrivals and removals. RFC 9051 sections 5.2 and 7.5, RFC 7162 section 3.2.
"""

import asyncio
from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from roost.base.ids import EmailId, MailboxRef, Uid
from roost.proto.imap import data, response
from roost.proto.imap.ext.notify import EventKind
from roost.service import selecting
from roost.service.rights import Right
from roost.session.imap import arrivals, condstore, context
from roost.session.imap.conversation import Conversation
from roost.session.imap.news import changed_flags, changed_modseq, known_flags, vanished
from roost.session.imap.view import View
from roost.store import expunged, mailboxes, placements, recent
from roost.store.engine import MAX_INLINE_ROWS, ReadTx
from roost.store.expunged import Expunged
from roost.store.placements import Placed

T = TypeVar("T")

EXPUNGES_AT_ONCE = 2_000
FEW = 100  # above it, one pass over all is cheaper than to close each gap by itself
MANY = 20_000  # to walk through them takes a few milliseconds


class _News(NamedTuple):
    """One page of what happened after a modseq, read in one snapshot.

    highest: how far the page reaches. more: whether there is another. recent_from: the lowest uid
    that no session was told of as \\Recent, 0 where nothing is new.
    """

    highest: int
    more: bool
    changed: list[Placed]
    gone: list[Expunged]
    new: "array[int]"
    recent_from: Uid


async def catch_up(talk: Conversation, *, may_expunge: bool) -> None:
    """Tell the client all that happened in its mailbox since it was told last.

    may_expunge: whether EXPUNGE may be sent now; not while FETCH, STORE or SEARCH by sequence
    number runs (RFC 9051 section 7.5.1).
    """
    view = talk.view
    if view is None:
        return
    if Right.READ not in view.rights:
        if may_expunge:
            await _tell_deleted(talk, view)
        return
    if talk.watch is not None and not talk.watch.selected:
        await _tell_own(talk, view, may_expunge=may_expunge)
        return
    if view.withheld is not None and not _withholds_flags(talk):
        await _tell_withheld(talk, view)
    touched: set[int] = set()
    arrived = array("I")
    spoke = False
    while True:
        news = await talk.port.store.read(
            lambda tx: _read_news(tx, view.ref, view.told, view.last_uid)
        )
        if news is None:
            if may_expunge:
                await _tell_deleted(talk, view)
            return
        spoke |= _take_in(talk, view, news, await _recent_from(talk, view, news))
        arrived += news.new
        if view.contexts:
            touched.update((one.uid for one in news.changed), news.new)
        if not news.more:
            break
        await talk.room()
        await asyncio.sleep(0)  # the client may have had nothing to take: others want their turn
    await arrivals.tell(talk, view, arrived, touched)
    if view.gone and may_expunge:
        await _tell_gone(talk, view)
    waits = bool(view.gone) or view.withheld is not None
    if talk.watch is None or spoke or not waits:
        _tell_how_far(talk, view, waits=waits)


def _tell_how_far(talk: Conversation, view: View, *, waits: bool) -> None:
    """HIGHESTMODSEQ where what was told may have a higher modseq than what waits to be told.

    And once more when nothing waits. RFC 7162 section 3.2.
    """
    if (waits and talk.tells_modseq) or (view.held_back and not waits):
        condstore.tell_highest(talk, view)
    view.held_back = waits and talk.tells_modseq


def _withholds_flags(talk: Conversation) -> bool:
    """Whether the client does not want to hear what others do to flags. RFC 5465 section 3.1."""
    return talk.watch is not None and EventKind.FLAG_CHANGE not in talk.watch.selected


async def _tell_withheld(talk: Conversation, view: View) -> None:
    """The flags that changed while the client did not want to hear of it."""
    after, view.withheld = view.withheld, None
    page: list[Placed] = []
    while after is not None:
        page = await talk.port.store.read(
            lambda tx, after=after: placements.changed_since(tx, view.ref, after)  # type: ignore[misc]
        )
        _tell_flags(talk, view, [one for one in page if one.modseq <= view.told])
        await talk.room()
        await asyncio.sleep(0)
        after = page[-1].modseq if len(page) == MAX_INLINE_ROWS else None


async def _tell_own(talk: Conversation, view: View, *, may_expunge: bool) -> None:
    """What the client itself did, where it wants to hear of nothing else: its answers.

    The mailbox stays as it was told, so that the client has a snapshot. RFC 5465 section 5.
    """
    store, ref, own = talk.port.store, view.ref, talk.own
    if await store.read(lambda tx: mailboxes.highest_modseq(tx, ref)) is None:
        if may_expunge:
            await _tell_deleted(talk, view)
        return
    spoke = False
    for low, high in own.spans(ref.account) if own is not None else ():
        after = low
        while after < high:
            news = await store.read(
                lambda tx, after=after: _read_news(tx, ref, after, view.last_uid)  # type: ignore[misc]
            )
            if news is None:
                break
            spoke |= _tell_flags(talk, view, [one for one in news.changed if one.modseq <= high])
            _take_gone(view, [one for one in news.gone if one.modseq <= high])
            await talk.room()
            await asyncio.sleep(0)
            after = news.highest if news.more else high
    if view.gone and may_expunge:
        await _tell_gone(talk, view)
    if spoke:
        _tell_how_far(talk, view, waits=True)


async def _read_news(tx: ReadTx, ref: MailboxRef, told: int, last_uid: int) -> _News | None:
    """The next page; None when the mailbox was deleted."""
    highest = await mailboxes.highest_modseq(tx, ref)
    if highest is None:
        return None
    if highest <= told:
        return _News(told, more=False, changed=[], gone=[], new=array("I"), recent_from=Uid(0))
    changed = await placements.changed_since(tx, ref, told)
    gone = await expunged.since(tx, ref, told)
    # A full page reaches only to its last row: what is beyond in the other list waits for it.
    ends = [page[-1].modseq for page in (changed, gone) if len(page) == MAX_INLINE_ROWS]
    reach = min(ends, default=highest)
    # Whatever is new was changed as well, so that no page of it is full where `changed` is not.
    new = await placements.uids_after(tx, ref, last_uid)
    return _News(
        reach,
        bool(ends),
        [placed for placed in changed if placed.modseq <= reach],
        [one for one in gone if one.modseq <= reach],
        new,
        await recent.first(tx, ref) if new else Uid(0),
    )


async def _recent_from(talk: Conversation, view: View, news: _News) -> int:
    """The lowest of the new uids that is \\Recent for this client, claimed where it may be.

    Only who may change the mailbox and does not speak IMAP4rev2 claims, and only where nobody did
    before, so that few arrivals cost a write. RFC 3501 section 2.3.2.
    """
    if not news.new or talk.is_rev2:
        return 0
    end = news.new[-1] + 1
    if view.read_only or news.recent_from >= end:
        return news.recent_from
    return await selecting.claim_recent(talk.port.store, view.ref, news.recent_from, end)


def _take_in(talk: Conversation, view: View, news: _News, recent_from: int) -> bool:
    """Tell of changed flags and of what is new at once; remember what left. Whether it told any.

    A message whose number was not told yet comes with EXISTS alone: the client asks for its flags.
    """
    known = [placed for placed in news.changed if placed.uid <= view.last_uid]
    spoke = _tell_flags(talk, view, known) or bool(news.new)
    _take_gone(view, news.gone)
    if news.new:
        view.uids += news.new
        view.last_uid = news.new[-1]
        talk.send(data.exists(len(view.uids)))
        if not talk.is_rev2:
            view.recent.update(uid for uid in news.new if uid >= recent_from)
            talk.send(data.recent(len(view.recent)))
    view.told = max(view.told, news.highest)
    return spoke


def _take_gone(view: View, gone: Sequence[Expunged]) -> None:
    if not view.gone:
        view.gone_after = view.told
    view.gone.update((one.uid, one.email) for one in gone if view.number_of(one.uid))


def _tell_flags(talk: Conversation, view: View, changed: Sequence[Placed]) -> bool:
    """Tell those that the client is to hear of; whether there are any."""
    lines = []
    own, withholds = talk.own, _withholds_flags(talk)
    for placed in changed:
        number = view.number_of(placed.uid)
        if number is None:
            continue
        if view.own.pop(placed.uid, None) == placed.modseq:
            if talk.tells_modseq:
                lines.append(changed_modseq(talk, number, placed))
            continue
        if withholds and (own is None or not own.has(view.ref.account, placed.modseq)):
            view.withhold()
            continue
        _tell_new_keywords(talk, view, placed.keywords)
        lines.append(changed_flags(talk, view, number, placed))
    talk.send(b"".join(lines))
    return bool(lines)


def _tell_new_keywords(talk: Conversation, view: View, keywords: str) -> None:
    """A keyword is named in FLAGS before it is seen on a message. RFC 9051 section 7.3.5."""
    new = set(keywords.split()) - view.keywords
    if new:
        view.keywords |= new
        talk.send(known_flags(view))


async def _tell_gone(talk: Conversation, view: View) -> None:
    context.tell_expunged(talk, view)
    # Nobody else looks at the view meanwhile: commands wait for one another.
    run = _here if len(view.uids) <= MANY else asyncio.to_thread
    if talk.tells_vanished:
        talk.send(await run(_spell_vanished, view))
        return
    few = len(view.gone) <= FEW
    numbers = list(view.take_away()) if few else await run(_renumber, view)
    for start in range(0, len(numbers), EXPUNGES_AT_ONCE):
        some = numbers[start : start + EXPUNGES_AT_ONCE]
        talk.send(data.expunge(some))
        await talk.room()


async def _here(act: Callable[[View], T], view: View) -> T:
    return act(view)


def _spell_vanished(view: View) -> bytes:
    return vanished(view.drop_gone())


def _renumber(view: View) -> list[int]:
    """As `View.take_away`, in one pass where many are gone."""
    left = view.gone
    numbers = [number for number, uid in enumerate(view.uids, 1) if uid in left]
    view.drop_gone()
    numbers.reverse()
    return numbers


async def _tell_deleted(talk: Conversation, view: View) -> None:
    """The mailbox is not there for the client any more: its messages go, and none is selected.

    Who may not read it any more is not told whether it is still there (RFC 4314 section 6).
    """
    view.gone.update(dict.fromkeys(view.uids, EmailId(0)))
    await _tell_gone(talk, view)
    await talk.deselect()
    talk.send(response.untagged_ok("the mailbox is gone", response.CLOSED))
