"""STORE and UID STORE. RFC 9051 section 6.4.6.

Changes are told by `updates.catch_up`, as those of others are; only messages that had the flags
already are told here. Messages that others expunged are passed over; who asked for them by number
gets NO [EXPUNGEISSUED] at the end (RFC 5530 section 3).
"""

from types import MappingProxyType

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.store import Store, StoreAction
from roost.service import messages
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.news import changed_flags
from roost.session.imap.targets import count, named, pages, uids_of
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
    missing = 0
    for page in pages(named(view, args.messages, by_uid=command.uid)):
        uids = uids_of(view, page)
        outcome = await messages.set_flags(
            talk.port.store,
            talk.port.clock,
            talk.user.account,
            view.ref,
            uids,
            _HOW[args.action],
            flags,
        )
        missing += count(page) - len(outcome.changed) - len(outcome.unchanged)
        if args.silent:
            view.own.update((one.uid, one.modseq) for one in outcome.changed)
        else:
            await _tell_unchanged(talk, outcome)
    if missing and not command.uid:
        raise Refused("some messages are no longer there", response.EXPUNGEISSUED)
    return Done("STORE done")


async def _tell_unchanged(talk: Conversation, outcome: Flagged) -> None:
    """Tell the flags of messages that needed no change: RFC 9051 wants a FETCH for each."""
    view = talk.selected
    if not outcome.unchanged:
        return
    found = await messages.flags_of(talk.port.store, talk.user.account, view.ref, outcome.unchanged)
    lines = [
        changed_flags(talk, view, number, placed)
        for placed in found
        if (number := view.number_of(placed.uid)) is not None
    ]
    talk.send(b"".join(lines))
    await talk.room()
