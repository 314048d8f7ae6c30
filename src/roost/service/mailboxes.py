"""Mailboxes, as IMAP and JMAP use them: list, create, rename, delete, subscribe, status.

`acting` is the account that asks, `owner` the one whose mailboxes are meant. Names may come in any
form that `parse_name` reads.
"""

from dataclasses import dataclass, field
from datetime import datetime

from roost.base.ids import AccountId, MailboxId, MailboxRef, Uid
from roost.ports.clock import Clock
from roost.service import rights
from roost.service.mailbox_errors import (
    MailboxExists,
    MailboxHasChildren,
    MailboxIsInbox,
    MailboxNameInvalid,
    MailboxRoleTaken,
    MailboxUnknown,
    OverLimit,
)
from roost.service.rights import TOP, Grants, Right, Rights
from roost.store import acl, addresses, copying, expunging, metadata, placements, subscriptions
from roost.store import mailboxes as rows
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, WriteTx
from roost.store.mailbox_names import (
    INBOX,
    MAX_NAME_OCTETS,
    lineage,
    parent_of,
    parse_name,
)
from roost.store.mailboxes import Mailbox, Role

MAX_MAILBOXES = 10_000
MAX_SUBSCRIPTIONS = 10_000
# Of one account for another one: two of its own and two of "anyone" on each mailbox and on all.
MAX_ENTRIES = 4 * (MAX_MAILBOXES + 1)
MESSAGES_PER_WORK = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """What an account sees of an owner's mailboxes.

    mailboxes: in order of name. subscribed: names, there or not. grants: what it may do with each.
    """

    mailboxes: tuple[Mailbox, ...]
    subscribed: frozenset[str]
    grants: Grants = field(compare=False)


async def list_all(store: Store, acting: AccountId, owner: AccountId) -> Listing:
    """Every mailbox of `owner` that `acting` may see, and what it is subscribed to."""

    async def first_page(tx: ReadTx) -> Listing | None:
        found = await rows.page(tx, owner, "", MAX_INLINE_ROWS)
        subscribed = await subscriptions.page(tx, acting, owner, "", MAX_INLINE_ROWS)
        entries = await acl.applying_page(tx, acting, owner)
        if max(len(found), len(subscribed), len(entries)) == MAX_INLINE_ROWS:
            return None
        return _listing(found, subscribed, Grants(acting, owner, entries))

    listing = await store.read(first_page)
    if listing is not None:
        return listing
    return await store.scan(lambda tx: read_listing(tx, acting, owner))


async def read_listing(tx: ReadTx, acting: AccountId, owner: AccountId) -> Listing:
    """As `list_all`; in a scan, since there may be thousands."""
    entries = await acl.applying_page(tx, acting, owner, MAX_ENTRIES)
    return _listing(
        await rows.list_all(tx, owner),
        await subscriptions.list_all(tx, acting, owner),
        Grants(acting, owner, entries),
    )


async def inboxes(store: Store, account: AccountId) -> frozenset[str]:
    """The names of the mailboxes that mail for an account is delivered to, there or not."""
    some = await store.read(lambda tx: addresses.of_account(tx, account, None, MAX_INLINE_ROWS))
    if len(some) == MAX_INLINE_ROWS:
        every = await store.scan(lambda tx: addresses.all_of_account(tx, account))
        some = [address for address, _ in every]
    return frozenset({INBOX, *(address.settings.mailbox for address in some)})


async def status(store: Store, acting: AccountId, owner: AccountId, name: str) -> Mailbox:
    """A mailbox with its counters. Raises MailboxUnknown, NotPermitted."""
    return await find(store, acting, owner, name, Right.READ)


async def find(
    store: Store, acting: AccountId, owner: AccountId, name: str, right: Right
) -> Mailbox:
    """A mailbox on which `acting` has the right. Raises MailboxUnknown, NotPermitted."""
    wanted = known_name(name)
    return await store.read(lambda tx: require(tx, acting, owner, wanted, right))


async def create(
    store: Store,
    clock: Clock,
    acting: AccountId,
    owner: AccountId,
    name: str,
    *,
    role: Role | None = None,
    old_name: str | None = None,
) -> list[Mailbox]:
    """Create a mailbox and those missing above it, all subscribed; the new ones, top first.

    old_name: of a mailbox whose messages it takes over. Raises MailboxNameInvalid, MailboxExists,
    MailboxRoleTaken, OverLimit, MailboxUnknown, NotPermitted.
    RFC 9051 section 6.3.4, RFC 6154 section 3.
    """
    name, now = parse_name(name), clock.now()

    async def work(tx: WriteTx) -> list[Mailbox]:
        await _require_create(tx, acting, owner, name)
        if await rows.by_name(tx, owner, name) is not None:
            raise MailboxExists
        await _refuse_role(tx, owner, role)
        created = await rows.create(tx, owner, name, now, role=role, old_name=old_name)
        if await rows.count(tx, owner) > MAX_MAILBOXES:
            raise OverLimit("mailboxes", MAX_MAILBOXES)
        for mailbox in created:
            await subscriptions.subscribe(tx, acting, owner, mailbox.name)
        return created

    return await store.write(work)


async def rename(
    store: Store, clock: Clock, acting: AccountId, owner: AccountId, name: str, new_name: str
) -> list[Mailbox]:
    """Rename a mailbox with all below it; every mailbox that was created or renamed.

    INBOX stays: its messages move to a new mailbox, what lies below it stays as well. Subscriptions
    keep their names. Raises MailboxUnknown, NotPermitted, MailboxNameInvalid, MailboxExists,
    OverLimit. RFC 9051 section 6.3.6.
    """
    old, new, now = known_name(name), parse_name(new_name), clock.now()
    if old == INBOX:
        return await _move_inbox(store, clock, acting, owner, new)

    async def work(tx: WriteTx) -> list[Mailbox]:
        mailbox = await require(tx, acting, owner, old, Right.DELETE_MAILBOX)
        await _require_create(tx, acting, owner, new)
        if await rows.by_name(tx, owner, new) is not None:
            raise MailboxExists
        if old in lineage(new):
            raise MailboxNameInvalid("a mailbox cannot lie below itself")
        renamed = await rows.rename(tx, mailbox, new, now)
        if any(len(one.name.encode()) > MAX_NAME_OCTETS for one in renamed):
            raise MailboxNameInvalid("the name of a mailbox below it would become too long")
        if await rows.count(tx, owner) > MAX_MAILBOXES:
            raise OverLimit("mailboxes", MAX_MAILBOXES)
        return renamed

    return await store.write(work)


async def delete(
    store: Store, clock: Clock, acting: AccountId, owner: AccountId, name: str
) -> None:
    """Delete a mailbox and its messages. Its subscription stays (RFC 9051 section 6.3.9).

    Raises MailboxUnknown, NotPermitted, MailboxIsInbox, MailboxHasChildren.
    RFC 9051 section 6.3.5.
    """
    wanted, now = known_name(name), clock.now()

    async def work(tx: WriteTx) -> MailboxRef:
        mailbox = await require(tx, acting, owner, wanted, Right.DELETE_MAILBOX)
        if wanted == INBOX:
            raise MailboxIsInbox
        if await rows.has_children(tx, owner, wanted):
            raise MailboxHasChildren
        await rows.delete(tx, mailbox)
        return mailbox.ref

    await _empty(store, await store.write(work), now)


async def set_role(
    store: Store, acting: AccountId, owner: AccountId, name: str, role: Role | None
) -> None:
    """Give a mailbox a role, or take it away.

    Raises MailboxUnknown, NotPermitted, MailboxRoleTaken, MailboxIsInbox (INBOX keeps its own).
    """
    wanted = known_name(name)

    async def work(tx: WriteTx) -> None:
        mailbox = await require(tx, acting, owner, wanted, Right.ADMINISTER)
        if mailbox.role is role:
            return
        if wanted == INBOX:
            raise MailboxIsInbox
        await _refuse_role(tx, owner, role)
        await rows.set_role(tx, mailbox, role)

    await store.write(work)


async def set_sort_order(
    store: Store, acting: AccountId, owner: AccountId, name: str, sort_order: int
) -> None:
    """Set the place of a mailbox in lists, 0 to 2^31 - 1; lower comes first.

    Raises MailboxUnknown, NotPermitted. RFC 8621 section 2.
    """
    wanted = known_name(name)

    async def work(tx: WriteTx) -> None:
        mailbox = await require(tx, acting, owner, wanted, Right.ADMINISTER)
        if mailbox.sort_order != sort_order:
            await rows.set_sort_order(tx, mailbox, sort_order)

    await store.write(work)


async def subscribe(store: Store, acting: AccountId, owner: AccountId, name: str) -> None:
    """Subscribe to a name, there or not. RFC 9051 section 6.3.7.

    Raises MailboxNameInvalid, OverLimit, MailboxUnknown for an owner who shares nothing.
    """
    wanted = parse_name(name)

    async def work(tx: WriteTx) -> None:
        mailbox = await rows.by_name(tx, owner, wanted)
        place = mailbox.ref if mailbox else MailboxRef(owner, TOP)
        await rights.require(tx, acting, place, Right.LOOKUP)
        added = await subscriptions.subscribe(tx, acting, owner, wanted)
        if added and await subscriptions.count(tx, acting) > MAX_SUBSCRIPTIONS:
            raise OverLimit("subscriptions", MAX_SUBSCRIPTIONS)

    await store.write(work)


async def unsubscribe(store: Store, acting: AccountId, owner: AccountId, name: str) -> None:
    """End a subscription; no error when there is none. RFC 9051 section 6.3.8."""
    try:
        wanted = parse_name(name)
    except MailboxNameInvalid:
        return
    await store.write(lambda tx: _unsubscribe(tx, acting, owner, wanted))


async def require(
    tx: ReadTx, acting: AccountId, owner: AccountId, name: str, right: Right
) -> Mailbox:
    """The mailbox with this name, in the form of `parse_name`, for `acting` to use.

    Raises MailboxUnknown, NotPermitted.
    """
    mailbox, _ = await require_with_rights(tx, acting, owner, name, right)
    return mailbox


async def require_with_rights(
    tx: ReadTx, acting: AccountId, owner: AccountId, name: str, *needed: Right
) -> tuple[Mailbox, Rights]:
    """As `require`, with all that `acting` may do with the mailbox.

    What is not there costs as much as what may not be seen. Raises MailboxUnknown, NotPermitted.
    """
    mailbox = await rows.by_name(tx, owner, name)
    may = await rights.rights_of(tx, acting, mailbox.ref if mailbox else MailboxRef(owner, TOP))
    if mailbox is None:
        raise MailboxUnknown
    rights.refuse_without(may, *needed)
    return mailbox, may


def known_name(name: str) -> str:
    """The name in its one form; MailboxUnknown where no mailbox can have it."""
    try:
        return parse_name(name)
    except MailboxNameInvalid as error:
        raise MailboxUnknown from error


def _listing(found: list[Mailbox], subscribed: list[str], grants: Grants) -> Listing:
    visible = (one for one in found if Right.LOOKUP in grants.on(one.id))
    return Listing(tuple(visible), frozenset(subscribed), grants)


async def _unsubscribe(tx: WriteTx, acting: AccountId, owner: AccountId, name: str) -> None:
    await subscriptions.unsubscribe(tx, acting, owner, name)


async def _require_create(tx: ReadTx, acting: AccountId, owner: AccountId, name: str) -> None:
    """Raise unless `acting` may create below the nearest mailbox above `name` that is there."""
    above = parent_of(name)
    nearest: MailboxId = TOP
    for level in reversed(lineage(above)) if above else ():
        found = await rows.by_name(tx, owner, level)
        if found is not None:
            nearest = found.id
            break
    await rights.require(tx, acting, MailboxRef(owner, nearest), Right.CREATE)


async def _refuse_role(tx: ReadTx, owner: AccountId, role: Role | None) -> None:
    if role is not None and await rows.by_role(tx, owner, role) is not None:
        raise MailboxRoleTaken(role)


async def _empty(store: Store, mailbox: MailboxRef, now: datetime) -> None:
    """Remove every message of a mailbox, in works of MESSAGES_PER_WORK."""
    gone = MESSAGES_PER_WORK
    while gone == MESSAGES_PER_WORK:
        gone = await store.write(
            lambda tx: expunging.empty_some(tx, mailbox, limit=MESSAGES_PER_WORK, now=now)
        )


async def _move_inbox(
    store: Store, clock: Clock, acting: AccountId, owner: AccountId, name: str
) -> list[Mailbox]:
    """Move what INBOX holds now to a new mailbox; mail that comes meanwhile stays in INBOX."""
    inbox = await store.read(lambda tx: require(tx, acting, owner, INBOX, Right.DELETE_MAILBOX))
    created = await create(store, clock, acting, owner, name, old_name=INBOX)
    target, now = created[-1].ref, clock.now()
    await store.write(lambda tx: metadata.copy(tx, inbox.ref, target))

    async def work(tx: WriteTx) -> int:
        last = Uid(inbox.uid_next - 1)
        placed = await placements.page(tx, inbox.ref, 1, last, MESSAGES_PER_WORK)
        await copying.move_some(tx, inbox.ref, [one.uid for one in placed], target, now=now)
        return len(placed)

    while await store.write(work) == MESSAGES_PER_WORK:
        pass
    return created
