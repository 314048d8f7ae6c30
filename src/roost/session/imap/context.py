"""UPDATE of RETURN, and CANCELUPDATE: search results that are kept up to date. RFC 5267 section 4.

Whatever `updates.catch_up` tells of messages is followed by what it does to the results: what
comes in and goes by flags or arrival behind the FETCH and EXISTS that tell it, what is expunged
before the EXPUNGE. CONTEXT alone is a hint that needs nothing here.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from roost.proto.imap import data, response
from roost.proto.imap.command import Command
from roost.proto.imap.core.fetch import FetchItem
from roost.proto.imap.core.search import SearchReturn
from roost.proto.imap.ext.context import (
    CancelUpdate,
    UpdateReturn,
    add_to_item,
    no_update_code,
    remove_from_item,
)
from roost.proto.imap.ext.sort import SortCriterion
from roost.session.imap.context_members import Context
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.results import find, order_uids
from roost.session.imap.view import View
from roost.store.search_rows import AllOf, Condition, UidIn
from roost.store.sql_lists import spans_of

__all__ = [
    "Followed",
    "cancel_update",
    "check_tag",
    "follow",
    "keep",
    "tell_expunged",
    "update_items",
    "wants_update",
]

MAX_CONTEXTS = 10
MAX_SORTED = 20_000  # members, each of whose changes moves others


def wants_update(returns: SearchReturn | None) -> bool:
    """Whether UPDATE is among the return options."""
    return returns is not None and any(isinstance(one, UpdateReturn) for one in returns.extra)


def update_items(returns: SearchReturn | None) -> tuple[FetchItem, ...]:
    """What UPDATE wants to FETCH of messages that come in. RFC 5465 section 7."""
    updates = (one for one in (returns.extra if returns else ()) if isinstance(one, UpdateReturn))
    return tuple(item for one in updates for item in one.items)


def check_tag(talk: Conversation, command: Command, returns: SearchReturn | None) -> None:
    """Refuse UPDATE with the tag of a search that is kept up to date already. Section 4.3."""
    if wants_update(returns) and talk.view is not None and command.tag in talk.view.contexts:
        raise Refused("this tag is in use by a search with UPDATE", bad=True)


def keep(
    talk: Conversation,
    command: Command,
    condition: Condition,
    uids: Sequence[int],
    criteria: tuple[SortCriterion, ...] = (),
    *,
    by_uid: bool,
    source: bytes = b"",
    items: tuple[FetchItem, ...] = (),
) -> None:
    """Keep a search with UPDATE up to date from now on, or tell that it will not be. Section 4.3.1.

    uids: what it found, in its order. items: see `update_items`.
    """
    contexts = talk.selected.contexts
    if len(contexts) >= MAX_CONTEXTS or (criteria and len(uids) > MAX_SORTED):
        refuse(talk, command.tag)
        return
    members = array("I", uids)
    kept = Context(command.tag, by_uid, condition, members, source, criteria, items)
    contexts[command.tag] = kept
    if items:
        talk.note_own_changes()


def name_by_uid(view: View) -> None:
    """Tell changes of results by uid from now on, since no number may be told now. RFC 9586."""
    for context in view.contexts.values():
        context.by_uid = True


def refuse(talk: Conversation, tag: bytes) -> None:
    """Tell that this search is not kept up to date."""
    talk.send(response.untagged_no("this search is not kept up to date", no_update_code(tag)))


async def cancel_update(talk: Conversation, command: Command) -> Done:
    """CANCELUPDATE; tags that mean nothing are passed over. Section 4.3.5."""
    args = command.args
    assert isinstance(args, CancelUpdate), "the grammar gave the arguments"
    for tag in args.tags:
        talk.selected.contexts.pop(tag, None)
    return Done("CANCELUPDATE done")


class Followed(NamedTuple):
    """What happened to one result. line: that tells it, b"" for nothing.

    items: to FETCH of those of the messages `added` that have just come in.
    """

    line: bytes
    items: tuple[FetchItem, ...]
    added: set[int]


async def follow(talk: Conversation, view: View, touched: Collection[int]) -> list[Followed]:
    """What new messages and changed flags do to the results, to be told. touched: their uids."""
    if not touched or not view.contexts:
        return []
    there = sorted(uid for uid in touched if uid not in view.gone)
    spans = UidIn(tuple(spans_of(there)))
    followed = []
    for context in list(view.contexts.values()):
        try:
            followed.append(await _follow(talk, view, context, there, spans))
        except Exception:
            # What it missed cannot be made up for: better no updates than wrong ones.
            del view.contexts[context.tag]
            refuse(talk, context.tag)
            raise
    return followed


async def _follow(
    talk: Conversation, view: View, context: Context, there: Sequence[int], spans: UidIn
) -> Followed:
    now = set(await find(talk, AllOf((spans, context.condition))) if there else ())
    before = context.among(there)
    left, new = before - now, now - before
    kept = [uid for uid in context.members if uid not in left]
    order = await _order_with(talk, context, kept, new)
    if new and context.criteria:
        # Some may have been expunged in this moment: those have no place in the order.
        left.update(set(kept).difference(order))
        new.intersection_update(order)
    removed = context.remove(left)
    line = _line(view, context, removed, context.add(new, order))
    return Followed(line, context.items, new)


def tell_expunged(talk: Conversation, view: View) -> None:
    """Tell what the messages about to be expunged do to the results, while their numbers stand."""
    for context in view.contexts.values():
        talk.send(_line(view, context, context.remove(context.among(view.gone)), []))


async def _order_with(
    talk: Conversation, context: Context, kept: Sequence[int], new: Collection[int]
) -> Sequence[int]:
    """The members that stay and these new ones, in order."""
    if not new:
        return kept
    together = sorted({*kept, *new})
    return await order_uids(talk, context.criteria, together) if context.criteria else together


def _line(
    view: View,
    context: Context,
    removed: list[tuple[int, list[int]]],
    added: list[tuple[int, list[int]]],
) -> bytes:
    items = []
    if removed:
        items.append(remove_from_item(_numbered(view, context, removed)))
    if added:
        items.append(add_to_item(_numbered(view, context, added)))
    if not items:
        return b""
    return data.esearch(context.tag, uid=context.by_uid, extra=items, source=context.source)


def _numbered(
    view: View, context: Context, changes: list[tuple[int, list[int]]]
) -> Iterable[tuple[int, Sequence[int]]]:
    if context.by_uid:
        return changes
    return [(at, [view.number_of(uid) or 0 for uid in uids]) for at, uids in changes]
