"""STORE and UID STORE. RFC 9051 section 6.4.6.

Changes are told by `updates.catch_up`, as those of others are; only messages that had the flags
already are told here. Messages that others expunged are passed over; who asked for them by number
gets NO [EXPUNGEISSUED] at the end (RFC 5530 section 3).
"""

from collections.abc import Sequence
from types import MappingProxyType

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.store import Store, StoreAction
from roost.proto.imap.ext.condstore import modified_code
from roost.service import messages
from roost.session.imap import condstore, messagelimit
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.news import changed_flags
from roost.session.imap.targets import count, named, numbers_among, uids_of
from roost.session.imap.view import View
from roost.store.flagging import Flagged, How
from roost.store.flags import Flags

__all__ = ["store"]

_HOW = MappingProxyType(
    {
        StoreAction.REPLACE: How.REPLACE,
        StoreAction.ADD: How.ADD,
        StoreAction.REMOVE: How.REMOVE,
    }
)


async def store(talk: Conversation, command: Command) -> Done:
    """Change flags."""
    args = command.args
    assert isinstance(args, Store), "the grammar gave the arguments"
    view = talk.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only", response.READ_ONLY)
    flags = Flags(args.flags.bits, " ".join(args.flags.keywords))
    unchanged_since = condstore.unchanged_since(args)
    modified: list[int] = []
    missing = done = 0
    newest = messagelimit.newest(talk, named(view, args.messages, by_uid=command.uid))
    for page in newest.pages():
        talk.came_to(done, count(newest.ranges))
        uids = uids_of(view, page)
        done += len(uids)
        outcome = await messages.set_flags(
            talk.port.store,
            talk.port.clock,
            talk.user.account,
            view.ref,
            uids,
            _HOW[args.action],
            flags,
            unchanged_since=unchanged_since,
        )
        missing += count(page) - sum(len(some) for some in outcome)
        modified.extend(outcome.modified)
        if args.silent:
            _keep_silent(view, outcome)
        if not args.silent or unchanged_since is not None:
            await _tell_left_alone(talk, outcome)
    return messagelimit.finish(talk, _answer(view, command, sorted(modified), missing), newest.code)


def _keep_silent(view: View, outcome: Flagged) -> None:
    """The client reckons by itself what became of flags it knew.

    Where another was first it knew others, and hears of all of them. RFC 9051 section 6.4.6.
    """
    view.own.update((one.uid, one.modseq) for one in outcome.changed if one.before <= view.told)


def _answer(view: View, command: Command, modified: Sequence[int], missing: int) -> Done | Refused:
    """MODIFIED names what was left alone, also where some are gone. RFC 7162 section 3.1.3."""
    gone = missing > 0 and not command.uid
    if not modified and gone:
        return Refused("some messages are no longer there", response.EXPUNGEISSUED)
    if not modified:
        return Done("STORE done")
    code = modified_code(modified if command.uid else numbers_among(view, modified))
    if gone:
        return Refused("some messages are no longer there", code)
    return Done("STORE left alone what others changed", code)


async def _tell_left_alone(talk: Conversation, outcome: Flagged) -> None:
    """Tell the flags of messages that needed no change: RFC 9051 wants a FETCH for each.

    Of those that others changed, too; what is news of them comes with all other news.
    """
    view = talk.selected
    uids = sorted([*outcome.unchanged, *outcome.modified])
    if not uids:
        return
    found = await messages.flags_of(talk.port.store, talk.user.account, view.ref, uids)
    lines = [
        changed_flags(talk, view, number, placed)
        for placed in found
        if placed.modseq <= view.told and (number := view.number_of(placed.uid)) is not None
    ]
    talk.send(b"".join(lines))
    await talk.room()
