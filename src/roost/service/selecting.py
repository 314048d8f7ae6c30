"""Opening a mailbox for a session that stays: what it holds now, and from where to follow it."""

from typing import NamedTuple

from roost.base.ids import AccountId, MailboxRef, Uid
from roost.service import mailboxes
from roost.service.rights import Right
from roost.store import placements, recent
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, StoreFailed, StoreFull
from roost.store.mailboxes import Mailbox
from roost.store.placements import Selected


class Opened(NamedTuple):
    """A mailbox as it was opened.

    mailbox: its row, read before the messages: whoever follows changes from its highest_modseq on
    misses none. recent_from: the lowest uid that is \\Recent for this session.
    """

    mailbox: Mailbox
    messages: Selected
    recent_from: Uid


async def open_mailbox(
    store: Store, acting: AccountId, owner: AccountId, name: str, *, claims_recent: bool
) -> Opened:
    """What a session needs to select a mailbox.

    claims_recent: whether its new messages are \\Recent for this session and then for no other.
    Raises MailboxUnknown, NotPermitted. RFC 9051 section 6.3.2.
    """
    wanted = mailboxes.known_name(name)

    async def small(tx: ReadTx) -> Opened | None:
        mailbox = await mailboxes.require(tx, acting, owner, wanted, Right.READ)
        return None if mailbox.messages > MAX_INLINE_ROWS else await _opened(tx, mailbox)

    async def large(tx: ReadTx) -> Opened:
        return await _opened(tx, await mailboxes.require(tx, acting, owner, wanted, Right.READ))

    opened = await store.read(small)
    if opened is None:
        opened = await store.scan(large)
    if claims_recent and opened.recent_from < opened.mailbox.uid_next:
        return opened._replace(recent_from=await _claim(store, opened))
    return opened


async def claim_recent(store: Store, mailbox: MailboxRef, end: int) -> None:
    """No message below the uid `end` is \\Recent any more: a session was told of it.

    Never raises; if it cannot be noted, another session is told of them again.
    """
    try:
        await store.write(lambda tx: recent.claim_below(tx, mailbox, end))
    except (StoreFull, StoreFailed):
        pass


async def _opened(tx: ReadTx, mailbox: Mailbox) -> Opened:
    return Opened(mailbox, await placements.select(tx, mailbox.ref), mailbox.recent_uid)


async def _claim(store: Store, opened: Opened) -> Uid:
    """A full disk keeps nobody from reading, so that others may be told of the messages again."""
    try:
        return await store.write(lambda tx: recent.claim(tx, opened.mailbox.ref))
    except (StoreFull, StoreFailed):
        return opened.recent_from
