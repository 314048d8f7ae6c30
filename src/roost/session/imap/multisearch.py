"""ESEARCH: a search in many mailboxes. RFC 7377.

Each mailbox with a match is told of by uids; those that are not there, or not for this account to
read, are passed over. Sequence numbers among the keys mean those of the mailbox looked into; `$`
and \\Recent are of the selected one alone.
"""

import asyncio
from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace

from roost.proto.imap.command import Command
from roost.proto.imap.core.search import InNumbers, InUids, SearchKey, walk
from roost.proto.imap.ext.condstore import has_modseq
from roost.proto.imap.ext.mailbox_filter import FilterKind, MailboxFilter
from roost.proto.imap.ext.multisearch import MultiSearch
from roost.proto.imap.ext.multisearch import source as spell_source
from roost.proto.imap.response import Code
from roost.service import mailboxes, message_search, messages
from roost.service.rights import NO_RIGHTS, Right
from roost.session.imap import context, messagelimit
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.covering import Known, specifier_of
from roost.session.imap.names import names_of
from roost.session.imap.results import condition, find, spell_results, tell, to_save
from roost.session.imap.search_keys import condition_of
from roost.session.imap.view import View
from roost.store import placements
from roost.store.mailbox_names import OTHER_USERS
from roost.store.mailboxes import Mailbox
from roost.store.search_rows import Condition
from roost.store.sql_lists import chunks

__all__ = ["multi_search"]

AT_ONCE = 100  # mailboxes; then others get their turn


async def multi_search(talk: Conversation, command: Command) -> Done:
    """Tell which messages of which mailboxes match."""
    args = command.args
    assert isinstance(args, MultiSearch), "the grammar gave the arguments"
    of_selected = any(one.kind is FilterKind.SELECTED for one in args.sources)
    wants_update = context.wants_update(args.returns)
    if talk.view is None and (of_selected or wants_update):
        raise Refused("select a mailbox first", bad=True)
    context.check_tag(talk, command, args.returns)
    found = await sources(talk, args.sources)
    selected = talk.view.ref if talk.view is not None else None
    others = [(name, mailbox) for name, mailbox in found if mailbox.ref != selected]
    in_selected = of_selected or len(others) < len(found)
    if others:
        here = len(talk.selected.uids) if in_selected else 0
        messagelimit.check_mailboxes(talk, here + sum(mailbox.messages for _, mailbox in others))
    cut = None
    if in_selected:
        cut = await _in_selected(talk, command, args)
    elif wants_update:
        context.refuse(talk, command.tag)
    for name, mailbox in others:
        await _in_other(talk, command, args, name, mailbox)
    return messagelimit.finish(talk, Done("ESEARCH done"), cut)


async def sources(
    talk: Conversation, filters: Sequence[MailboxFilter]
) -> list[tuple[str, Mailbox]]:
    """The mailboxes that these specifiers name, each once, in order of name; not SELECTED."""
    if all(one.kind is FilterKind.SELECTED for one in filters):
        return []
    shown = await names_of(talk, with_others=any(map(_reaches_others, filters)))
    inboxes: Collection[str] = ()
    if any(one.kind is FilterKind.INBOXES for one in filters):
        inboxes = await mailboxes.inboxes(talk.port.store, talk.user.account)
    known = Known(shown.subscribed, inboxes)
    named = [specifier_of(one) for one in filters]
    found: list[tuple[str, Mailbox]] = []
    for some in chunks(list(shown.mailboxes.items()), AT_ONCE):
        found += (
            (name, mailbox)
            for name, mailbox in some
            if any(one.covers(name, known) for one in named)
            and Right.READ in shown.rights[mailbox.ref]
        )
        await asyncio.sleep(0)
    return found


def _reaches_others(one: MailboxFilter) -> bool:
    """Whether it may name mailboxes of others; those it names itself are below a name it gives."""
    if one.kind is FilterKind.SUBSCRIBED:
        return True
    return any(OTHER_USERS in name for name in one.mailboxes)


async def _in_selected(talk: Conversation, command: Command, args: MultiSearch) -> Code | None:
    """Returns what tells of the limit on messages, None where it was kept."""
    view = talk.selected
    wanted, cut = messagelimit.within(talk, args.key, condition(talk, args.key))
    if args.returns.save:
        view.saved = array("I")
    uids = await find(talk, wanted)
    if args.returns.save:
        view.saved = to_save(args.returns, uids)
    source = spell_source(view.name, view.uid_validity, utf8=talk.utf8)
    await _tell(talk, command, args, view, uids)
    if context.wants_update(args.returns):
        if cut is None:
            items = context.update_items(args.returns)
            context.keep(talk, command, wanted, uids, by_uid=True, source=source, items=items)
        else:
            context.refuse(talk, command.tag)
    return cut


async def _in_other(
    talk: Conversation, command: Command, args: MultiSearch, name: str, mailbox: Mailbox
) -> None:
    port = talk.port
    view = await _view_of(talk, args.key, name, mailbox)
    wanted: Condition = condition_of(view, args.key, port.clock.now())
    uids = await message_search.find(
        port.store, port.search, talk.user.account, view.ref, wanted, view.last_uid, talk.came_to
    )
    await _tell(talk, command, args, view, uids)


async def _view_of(talk: Conversation, key: SearchKey, name: str, mailbox: Mailbox) -> View:
    """As if it were selected; its messages are counted only where a key names some."""
    uids = array("I")
    if any(isinstance(one, InNumbers | InUids) for one in walk(key)):
        uids = (await talk.port.store.scan(lambda tx: placements.select(tx, mailbox.ref))).uids
    last = max(mailbox.uid_next - 1, uids[-1] if uids else 0)
    return View(
        mailbox.ref,
        name,
        mailbox.uid_validity,
        examined=True,
        rights=NO_RIGHTS,
        uids=uids,
        told=mailbox.highest_modseq,
        last_uid=last,
    )


async def _tell(
    talk: Conversation, command: Command, args: MultiSearch, view: View, uids: Sequence[int]
) -> None:
    """One response for a mailbox with a match, none for any other. Section 2.1."""
    if not uids:
        return
    modseq = None
    if has_modseq(args.key):
        among = to_save(args.returns, uids)
        store, account = talk.port.store, talk.user.account
        modseq = await messages.highest_modseq(store, account, view.ref, among) or view.told
    source = spell_source(view.name, view.uid_validity, utf8=talk.utf8)
    by_uid = replace(command, uid=True)
    await tell(
        talk, lambda: spell_results(by_uid, args.returns, uids, modseq, source=source), len(uids)
    )
