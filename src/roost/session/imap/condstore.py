"""CONDSTORE: what changed after a modseq, and changes that fail where another was first.

RFC 7162 section 3.1. Everything a client is told has its modseq at hand already, since that is how
`updates` follows a mailbox.
"""

from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.store import Store
from roost.proto.imap.ext.condstore import (
    ChangedSince,
    ModseqFrom,
    ModseqItem,
    UnchangedSince,
    enables_condstore,
)
from roost.proto.imap.sequence import Range
from roost.service import messages
from roost.session.imap.column_item import ColumnItem, ItemMaker
from roost.session.imap.conversation import CONDSTORE, Conversation
from roost.session.imap.view import View
from roost.store import search_rows
from roost.store.mailboxes import Mailbox
from roost.store.search_rows import Condition

_ITEM = ColumnItem(b"MODSEQ (%d)", ("modseq",))
_OPENS = ("SELECT", "EXAMINE")


def notice(talk: Conversation, command: Command) -> None:
    """Switch it on where this command is the first that shows the client to know of it.

    Whoever has a mailbox selected is told HIGHESTMODSEQ then. RFC 7162 section 3.1.
    """
    if talk.tells_modseq or not enables_condstore(command):
        return
    if command.verb in _OPENS:  # which tell that of the mailbox they open
        talk.enabled.add(CONDSTORE)
    else:
        switch_on(talk)


def switch_on(talk: Conversation) -> None:
    """From now on MODSEQ is told of every message that changes."""
    if talk.tells_modseq:
        return
    talk.enabled.add(CONDSTORE)
    if talk.view is not None:
        tell_highest(talk, talk.view)


def tell_highest(talk: Conversation, view: View) -> None:
    """HIGHESTMODSEQ: how far the client was told everything. RFC 7162 section 3.1.2.1."""
    code = response.highest_modseq_code(view.said)
    talk.send(response.untagged_ok("all up to this is told", code))


def highest_of(talk: Conversation, mailbox: Mailbox) -> int:
    """HIGHESTMODSEQ of STATUS: of the selected mailbox, never above what was told of it."""
    view = talk.view
    if view is not None and view.ref == mailbox.ref:
        return min(view.said, mailbox.highest_modseq)
    return mailbox.highest_modseq


def changed_since(args: Fetch) -> int | None:
    """CHANGEDSINCE of a FETCH, None where it has none."""
    return next((one.modseq for one in args.modifiers if isinstance(one, ChangedSince)), None)


def items_of(args: Fetch) -> Sequence[Hashable]:
    """The items of a FETCH, to which CHANGEDSINCE adds MODSEQ."""
    if changed_since(args) is None or ModseqItem() in args.items:
        return args.items
    return *args.items, ModseqItem()


def unchanged_since(args: Store) -> int | None:
    """UNCHANGEDSINCE of a STORE, None where it has none."""
    return next((one.modseq for one in args.modifiers if isinstance(one, UnchangedSince)), None)


async def those_changed(talk: Conversation, ranges: Sequence[Range], since: int) -> Sequence[Range]:
    """Those of these messages, index ranges of the view, whose modseq is higher than `since`."""
    if not since:  # what the grammar does not know, but clients send
        return ranges
    view = talk.selected
    changed = await messages.changed_since(talk.port.store, talk.user.account, view.ref, since)
    return _among(view, ranges, changed)


def _among(view: View, ranges: Sequence[Range], uids: Iterable[int]) -> list[Range]:
    """The places of those ascending uids that stand in the ranges."""
    found: list[Range] = []
    at = 0
    for uid in uids:
        number = view.number_of(uid)
        if number is None:
            continue
        while at < len(ranges) and ranges[at][1] < number:
            at += 1
        if at == len(ranges):
            break
        if ranges[at][0] >= number:
            continue
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number - 1, number))
    return found


async def highest_among(talk: Conversation, uids: Sequence[int]) -> int:
    """The highest modseq of these messages, at least one. RFC 7162 section 3.1.6."""
    view = talk.selected
    wanted = array("I", uids)
    found = await messages.highest_modseq(talk.port.store, talk.user.account, view.ref, wanted)
    return found or view.said  # all of them went in this very moment


def _modseq_from(_view: View, key: ModseqFrom) -> Condition:
    """A message has one modseq here, whichever flag is named. RFC 7162 section 3.1.5."""
    return search_rows.ModseqFrom(key.modseq)


FETCH_ITEMS: Mapping[Hashable, ItemMaker] = MappingProxyType({ModseqItem(): lambda _talk: _ITEM})
SEARCH_KEYS: Mapping[type, Callable[[View, Any], Condition]] = MappingProxyType(
    {ModseqFrom: _modseq_from}
)
