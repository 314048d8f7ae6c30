"""STATUS of the client's own mailboxes that are not selected.

RFC 5465 sections 3.1 and 5.1 to 5.3. Entries of its own may keep it from reading one.
"""

import asyncio
from collections.abc import Collection

from roost.base.ids import MailboxId, MailboxRef, ModSeq
from roost.proto.imap.ext.condstore import STATUS_ITEM as HIGHESTMODSEQ
from roost.proto.imap.ext.mailbox_filter import FilterKind
from roost.proto.imap.ext.notify import MESSAGE_EVENTS, EventKind
from roost.service import mailboxes, rights
from roost.service.rights import Right
from roost.session.imap.conversation import Conversation
from roost.session.imap.covering import Known
from roost.session.imap.status import status_line
from roost.session.imap.watch import Watch
from roost.store import expunged, placements, subscriptions
from roost.store import mailboxes as rows
from roost.store.engine import ReadTx
from roost.store.mailboxes import Mailbox
from roost.store.sql_lists import chunks

AT_ONCE = 100  # then others get their turn

_Chosen = tuple[Mailbox, frozenset[EventKind]]
_Reach = tuple[ModSeq, MailboxId]


async def inboxes_of(talk: Conversation, watch: Watch) -> Collection[str]:
    """The mailboxes that mail is delivered to, if it matters."""
    if not watch.asks_for(FilterKind.INBOXES):
        return ()
    return await mailboxes.inboxes(talk.port.store, talk.user.account)


async def tell_all(talk: Conversation, watch: Watch) -> None:
    """STATUS of every mailbox whose messages are watched. Section 3.1."""
    if not watch.wants(MESSAGE_EVENTS):
        return
    account = talk.user.account
    inboxes = await inboxes_of(talk, watch)
    listing = await mailboxes.list_all(talk.port.store, account, account)
    known = Known(listing.subscribed, inboxes)
    for some in chunks(listing.mailboxes, AT_ONCE):
        for mailbox in some:
            kinds = watch.events_of(mailbox.name, known)
            may = Right.READ in listing.grants.on(mailbox.id)
            if not (may and kinds & MESSAGE_EVENTS and _is_other(talk, mailbox)):
                continue
            items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES"]
            if EventKind.FLAG_CHANGE in kinds:
                items.append("UNSEEN")
            if EventKind.FLAG_CHANGE in kinds or talk.tells_modseq:
                items.append(HIGHESTMODSEQ)
            talk.send(await status_line(talk, mailbox.name, mailbox, items))
        await talk.room()
        await asyncio.sleep(0)


async def tell_changed(
    talk: Conversation, watch: Watch, latest: int, inboxes: Collection[str]
) -> None:
    """STATUS of each mailbox in which others did what is to be told.

    latest: the modseq up to which it is told of.
    """
    if not watch.wants(MESSAGE_EVENTS):
        return
    for left, told in watch.left.items():
        found = await talk.port.store.read(
            lambda tx, left=left, told=told: _left(tx, talk, left, told, inboxes)  # type: ignore[misc]
        )
        await _tell(talk, found)
    reach: _Reach | None = (ModSeq(watch.told), rows.LAST_MAILBOX)
    while reach is not None:
        reach, chosen = await talk.port.store.read(
            lambda tx, reach=reach: _page(tx, talk, reach, latest, inboxes)  # type: ignore[misc]
        )
        await _tell(talk, chosen)
        await asyncio.sleep(0)


async def _tell(talk: Conversation, chosen: Collection[_Chosen]) -> None:
    for mailbox, kinds in chosen:
        items = ["UIDNEXT", "MESSAGES"]
        if EventKind.FLAG_CHANGE in kinds:
            items = ["UIDVALIDITY", *items, "UNSEEN"]
        if talk.tells_modseq:
            items.append(HIGHESTMODSEQ)
        talk.send(await status_line(talk, mailbox.name, mailbox, items))
    await talk.room()


async def _page(
    tx: ReadTx, talk: Conversation, reach: _Reach, latest: int, inboxes: Collection[str]
) -> tuple[_Reach | None, list[_Chosen]]:
    """What is to be told of the next mailboxes, and where they end, None at the end of all."""
    watch, account = talk.watch, talk.user.account
    assert watch is not None, "somebody asked for this"
    page = await rows.changed_since(tx, account, *reach, limit=AT_ONCE)
    others = [one for one in page if one.highest_modseq <= latest and one.ref not in watch.left]
    chosen = await _chosen(tx, talk, others, watch.told, inboxes)
    if len(page) < AT_ONCE:
        return None, chosen
    return (page[-1].highest_modseq, page[-1].id), chosen


async def _left(
    tx: ReadTx, talk: Conversation, ref: MailboxRef, told: int, inboxes: Collection[str]
) -> list[_Chosen]:
    """As `_page`, for a mailbox that was selected and was told of up to a modseq of its own."""
    found = await rows.by_id(tx, ref)
    if found is None or found.highest_modseq <= told:
        return []
    return await _chosen(tx, talk, [found], told, inboxes)


async def _chosen(
    tx: ReadTx, talk: Conversation, some: Collection[Mailbox], told: int, inboxes: Collection[str]
) -> list[_Chosen]:
    watch, account = talk.watch, talk.user.account
    assert watch is not None, "somebody asked for this"
    subscribed: Collection[str] = ()
    if watch.asks_for(FilterKind.SUBSCRIBED):
        names = [one.name for one in some]
        subscribed = await subscriptions.those_subscribed(tx, account, account, names)
    known = Known(subscribed, inboxes)
    chosen = []
    for mailbox in some:
        kinds = watch.events_of(mailbox.name, known)
        if (
            kinds & MESSAGE_EVENTS
            and _is_other(talk, mailbox)
            and await _is_news(tx, talk, mailbox, kinds, told)
            and Right.READ in await rights.rights_of(tx, account, mailbox.ref)
        ):
            chosen.append((mailbox, kinds))
    return chosen


def _is_other(talk: Conversation, mailbox: Mailbox) -> bool:
    """Whether the mailbox is not the selected one."""
    return talk.view is None or talk.view.ref != mailbox.ref


async def _is_news(
    tx: ReadTx, talk: Conversation, mailbox: Mailbox, kinds: Collection[EventKind], told: int
) -> bool:
    """Whether what changed after `told` shows in what is told, and others did it.

    Without CONDSTORE a change of flags shows in UNSEEN alone. A mailbox that was made or renamed
    gives its name another UIDVALIDITY (section 5.1).
    """
    if EventKind.FLAG_CHANGE in kinds:
        shows = talk.tells_modseq or max(mailbox.counts_modseq, mailbox.properties_modseq) > told
    else:
        shows = mailbox.arrived_modseq > told or bool(
            await expunged.since(tx, mailbox.ref, told, limit=1)
        )
    own, account = talk.own, mailbox.account_id
    if not shows or own is None or not own.has(account, mailbox.highest_modseq):
        return shows
    for low, high in own.gaps(account, told, mailbox.highest_modseq):
        changed = await placements.changed_since(tx, mailbox.ref, low, limit=1)
        gone = await expunged.since(tx, mailbox.ref, low, limit=1)
        modseqs = [*(one.modseq for one in changed), *(one.modseq for one in gone)]
        if modseqs and min(modseqs) <= high:
            return True
    return False
