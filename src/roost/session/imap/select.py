"""SELECT, EXAMINE, CLOSE and UNSELECT. RFC 9051 sections 6.3.2, 6.3.3, 6.4.1 and 6.4.2."""

from bisect import bisect_left
from contextlib import suppress

from roost.proto.imap import data, response
from roost.proto.imap.command import Command
from roost.proto.imap.core.select import Select
from roost.service import messages, selecting
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import NotPermitted
from roost.service.selecting import Opened
from roost.session.imap import objectid, qresync, urlauth
from roost.session.imap.conversation import UIDONLY, Conversation, Done
from roost.session.imap.list import attributes_of
from roost.session.imap.news import known_flags
from roost.session.imap.view import View


async def select(talk: Conversation, command: Command) -> Done:
    """SELECT."""
    return await _open(talk, command, read_only=False)


async def examine(talk: Conversation, command: Command) -> Done:
    """EXAMINE: as SELECT, but nothing changes by it."""
    return await _open(talk, command, read_only=True)


async def close(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """CLOSE: messages with \\Deleted go, and nothing is told of it."""
    view = talk.selected
    if not view.read_only:
        port = talk.port
        works = messages.expunge(port.store, port.clock, talk.user.account, view.ref)
        with suppress(NotPermitted, MailboxUnknown):  # RFC 4314 section 4, CLOSE
            async for _ in works:
                pass
    await talk.deselect()
    return Done("CLOSE done")


async def unselect(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """UNSELECT: as CLOSE, but messages with \\Deleted stay."""
    await talk.deselect()
    return Done("UNSELECT done")


async def _open(talk: Conversation, command: Command, *, read_only: bool) -> Done:
    args = command.args
    assert isinstance(args, Select), "the grammar gave the arguments"
    known = qresync.asked(talk, args)
    if talk.view is not None:
        await talk.deselect()
        talk.send(response.untagged_ok("the mailbox before is closed", response.CLOSED))
    place = await talk.place(args.mailbox)
    claims = not (read_only or talk.is_rev2)
    opened = await selecting.open_mailbox(
        talk.port.store, talk.user.account, place.owner, place.name, claims_recent=claims
    )
    view = _view_of(opened, place.prefix + opened.mailbox.name, examined=read_only)
    view.key_told = await urlauth.reset_before(talk, opened.mailbox)
    talk.view = view
    talk.selection_changed()
    talk.send(b"".join(_told(talk, view, opened)))
    if known is not None:
        await qresync.resynchronise(talk, known)
    return Done(f"{command.verb} done", _access(view))


def _view_of(opened: Opened, name: str, *, examined: bool) -> View:
    mailbox, uids = opened.mailbox, opened.messages.uids
    first_recent = bisect_left(uids, opened.recent_from)
    return View(
        mailbox.ref,
        name,
        mailbox.uid_validity,
        examined,
        opened.rights,
        uids,
        told=mailbox.highest_modseq,
        last_uid=max(mailbox.uid_next - 1, uids[-1] if uids else 0),
        recent=set(uids[first_recent:]),
        keywords=set(opened.messages.keywords),
    )


def _told(talk: Conversation, view: View, opened: Opened) -> list[bytes]:
    """What the client learns of the mailbox, in the order of RFC 9051 section 6.3.2."""
    told = [known_flags(view), data.exists(len(view.uids))]
    if not talk.is_rev2:
        told.append(data.recent(len(view.recent)))
        unseen = opened.messages.first_unseen if UIDONLY not in talk.enabled else None
        if unseen is not None and (number := view.number_of(unseen)) is not None:
            told.append(response.untagged_ok("the first not seen", response.unseen_code(number)))
    told += [
        response.untagged_ok("uids are valid", response.uid_validity_code(view.uid_validity)),
        response.untagged_ok("the next uid", response.uid_next_code(view.last_uid + 1)),
        response.untagged_ok("changed last", response.highest_modseq_code(view.said)),
        response.untagged_ok("its id", objectid.mailbox_code(view.ref)),
    ]
    told.append(urlauth.mechanisms(talk))
    if talk.is_rev2:
        own = view.ref.account == talk.user.account
        attributes = attributes_of(opened.mailbox) if own else []
        told.append(data.mailbox_list(attributes, view.name, utf8=talk.utf8))
    return told


def _access(view: View) -> response.Code:
    return response.READ_ONLY if view.read_only else response.READ_WRITE
