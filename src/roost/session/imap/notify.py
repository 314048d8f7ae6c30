"""NOTIFY: what happens is told at once, between commands as well. RFC 5465.

Nothing is kept for a client but the modseq up to which it was told: what lies above it is read when
the client has room for it. Mailboxes of others are told of while they are selected, and only then.
"""

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.notify import (
    NOTIFICATION_OVERFLOW,
    EventKind,
    Notify,
    bad_event_code,
)
from roost.session.imap import acl, metadata, notify_names, notify_status, urlauth
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.updates import catch_up
from roost.session.imap.watch import TooMuch, Watch, watch_of
from roost.store import numbers

__all__ = ["notify", "tell_news"]

SUPPORTED = tuple(kind for kind in EventKind if kind is not EventKind.ANNOTATION_CHANGE)
MAX_DELAYED = 1_000


async def notify(talk: Conversation, command: Command) -> Done:
    """NOTIFY. SET tells first what was not told yet, as NOOP does. Section 3.1."""
    args = command.args
    assert isinstance(args, Notify), "the grammar gave the arguments"
    groups = args.groups
    if groups is None:
        talk.note_own_changes()
        _tell_nothing(talk)
        return Done("NOTIFY done")
    if any(event.kind not in SUPPORTED for group in groups for event in group.events):
        raise Refused("there are other events only", bad_event_code(SUPPORTED))
    await _tell_withheld(talk)
    talk.note_own_changes()
    account = talk.user.account
    told = await talk.port.store.read(lambda tx: numbers.latest_modseq(tx, account))
    talk.watch = watch_of(groups, told)
    if args.status:
        await notify_status.tell_all(talk, talk.watch)
    return Done("NOTIFY done")


async def tell_news(talk: Conversation, *, may_expunge: bool) -> None:
    """Tell all that the client is to know and was not told yet.

    may_expunge: as `updates.catch_up` has it.
    """
    await acl.look_again(talk)
    await catch_up(talk, may_expunge=may_expunge)
    await urlauth.tell_reset(talk)
    watch = talk.watch
    if watch is None:
        await metadata.tell_changed(talk)
    elif watch.is_delayed and talk.view is not None and len(talk.view.gone) > MAX_DELAYED:
        _overflow(talk)
    else:
        try:
            await _tell_others(talk, watch)
        except TooMuch:
            _overflow(talk)
    if talk.own is not None:
        talk.own.forget()


async def _tell_withheld(talk: Conversation) -> None:
    """What happened in the selected mailbox and was not asked for until now."""
    before, talk.watch = talk.watch, None
    try:
        await catch_up(talk, may_expunge=True)
    finally:
        talk.watch = before


async def _tell_others(talk: Conversation, watch: Watch) -> None:
    if not watch.groups:
        return
    account = talk.user.account
    latest = await talk.port.store.read(lambda tx: numbers.latest_modseq(tx, account))
    if latest <= watch.told and not watch.left:
        return
    inboxes = await notify_status.inboxes_of(talk, watch)
    await notify_names.tell(talk, watch, latest, inboxes)
    await notify_status.tell_changed(talk, watch, latest, inboxes)
    await metadata.tell_watched(talk, watch, latest, inboxes)
    watch.told = max(watch.told, latest)
    watch.left.clear()


def _overflow(talk: Conversation) -> None:
    """Section 5.8: from now on it is as after NOTIFY NONE."""
    talk.send(response.untagged_ok("too much happened, ask anew", NOTIFICATION_OVERFLOW))
    _tell_nothing(talk)


def _tell_nothing(talk: Conversation) -> None:
    talk.watch = Watch()
    if talk.view is not None:
        talk.view.put_off()
