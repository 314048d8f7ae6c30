"""COPY, MOVE and their UID forms. RFC 9051 sections 6.4.7 and 6.4.8, RFC 4315, RFC 6851.

A copy is made whole or not at all, and may go to the mailbox its messages are in. A move goes in
works of some messages, oldest first so that they keep their order, and one that fails halfway has
told what it did.
"""

import asyncio
from array import array
from collections.abc import Sequence

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.copy import Copy
from roost.proto.imap.response import Code
from roost.service import messages
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.messages import MessagesGone, OwnedName, SameMailbox
from roost.session.imap import messagelimit
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.targets import count, named, pages, spans_of, uids_of

__all__ = ["copy", "move"]

MANY = 5_000  # numbers take a few milliseconds to spell


async def copy(talk: Conversation, command: Command) -> Done:
    """Copy messages; COPYUID tells which, unless there was none."""
    args = command.args
    assert isinstance(args, Copy), "the grammar gave the arguments"
    view = talk.selected
    ranges = named(view, args.messages, by_uid=command.uid)
    messagelimit.check_copy(talk, ranges)
    place = await talk.place(args.mailbox)
    try:
        copies = await messages.copy(
            talk.port.store,
            talk.port.clock,
            talk.user.account,
            view.ref,
            spans_of(view, ranges),
            OwnedName(place.owner, place.name),
            default_quota=talk.port.default_quota,
            expected=0 if command.uid else count(ranges),
        )
    except MailboxUnknown as error:
        raise _no_target() from error
    except MessagesGone as error:
        raise _gone() from error
    if copies is None:
        return Done("COPY had nothing to copy")
    targets = range(copies.first, copies.first + len(copies.sources))
    return Done("COPY done", await _copy_uid(copies.uid_validity, copies.sources, targets))


async def move(talk: Conversation, command: Command) -> Done:
    """Move messages; COPYUID tells which before EXPUNGE tells that they left."""
    args = command.args
    assert isinstance(args, Copy), "the grammar gave the arguments"
    view = talk.selected
    ranges, cut = messagelimit.newest(talk, named(view, args.messages, by_uid=command.uid))
    if view.read_only:
        raise Refused("the mailbox is open for reading only", response.READ_ONLY)
    port, account, place = talk.port, talk.user.account, await talk.place(args.mailbox)
    try:
        target = await messages.find_target(
            port.store, account, view.ref, OwnedName(place.owner, place.name)
        )
    except MailboxUnknown as error:
        raise _no_target() from error
    except SameMailbox as error:
        raise Refused("the messages are in this mailbox", response.CANNOT) from error
    sources, copies = array("I"), array("I")
    try:
        for page in pages(ranges):
            talk.came_to(len(sources), count(ranges))
            moved = await messages.move_some(
                port.store,
                port.clock,
                account,
                view.ref,
                uids_of(view, page),
                target,
                default_quota=port.default_quota,
            )
            sources.extend(one.source for one in moved)
            copies.extend(one.target for one in moved)
    finally:
        if sources:
            code = await _copy_uid(target.uid_validity, sources, copies)
            talk.send(response.untagged_ok("moved", code))
    some_gone = len(sources) < count(ranges) and not command.uid
    done = _gone() if some_gone else Done("MOVE done", removed=bool(sources))
    return messagelimit.finish(talk, done, cut)


async def _copy_uid(uid_validity: int, sources: Sequence[int], copies: Sequence[int]) -> Code:
    """COPYUID; a long one is spelled in a thread."""
    if len(sources) <= MANY:
        return response.copy_uid_code(uid_validity, sources, copies)
    return await asyncio.to_thread(response.copy_uid_code, uid_validity, sources, copies)


def _no_target() -> Refused:
    return Refused("create the mailbox first", response.TRYCREATE)


def _gone() -> Refused:
    return Refused("some messages are no longer there", response.EXPUNGEISSUED)
