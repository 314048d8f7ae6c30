"""Opening a mailbox for a session that stays: what it holds now, and from where to follow it."""

from typing import NamedTuple

from roost.base.ids import AccountId, MailboxRef, Uid
from roost.service import mailboxes
from roost.service.rights import Right, Rights
from roost.store import placements, recent
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, StoreFailed, StoreFull
from roost.store.mailboxes import Mailbox
from roost.store.placements import Selected


class Opened(NamedTuple):
    """A mailbox as it was opened.

    mailbox: its row, read before the messages: whoever follows changes from its highest_modseq on
    misses none. rights: of who opened it. recent_from: the lowest uid that is \\Recent for this
    session.
    """

    mailbox: Mailbox
    rights: Rights
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
        found = await find(tx)
        return None if found[0].messages > MAX_INLINE_ROWS else await _opened(tx, *found)

    async def large(tx: ReadTx) -> Opened:
        return await _opened(tx, *await find(tx))

    async def find(tx: ReadTx) -> tuple[Mailbox, Rights]:
        return await mailboxes.require_with_rights(tx, acting, owner, wanted, Right.READ)

    opened = await store.read(small)
    if opened is None:
        opened = await store.scan(large)
    if claims_recent and opened.recent_from < opened.mailbox.uid_next:
        mailbox = opened.mailbox
        claimed = await claim_recent(store, mailbox.ref, opened.recent_from, mailbox.uid_next)
        return opened._replace(recent_from=claimed)
    return opened


async def claim_recent(store: Store, mailbox: MailboxRef, first: Uid, end: int) -> Uid:
    """From which uid on messages below `end` are \\Recent for who asks, and then for nobody else.

    first: from where on they were when it looked, which holds good where nothing can be written: a
    full disk keeps nobody from reading, so that others may be told of the messages again.
    """
    try:
        return await store.write(lambda tx: recent.claim(tx, mailbox, end))
    except (StoreFull, StoreFailed):
        return first


async def _opened(tx: ReadTx, mailbox: Mailbox, may: Rights) -> Opened:
    selected = await placements.select(tx, mailbox.ref)
    return Opened(mailbox, may, selected, mailbox.recent_uid)
