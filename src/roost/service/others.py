"""The mailboxes of others that an account may see, and whom it knows others by."""

from typing import NamedTuple

from roost.base.address import Address
from roost.base.ids import AccountId, MailboxRef
from roost.service import mailboxes
from roost.service.mailboxes import Listing
from roost.service.rights import Grants, Right, Rights, rights_of
from roost.store import acl, addresses
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store

NOBODY = AccountId(0)
MAX_OWNERS = MAX_INLINE_ROWS
MAX_LISTED = 10_000


class Other(NamedTuple):
    """Somebody who shares. address: the main one."""

    account: AccountId
    address: Address


async def named(store: Store, acting: AccountId, address: Address | None) -> Other | None:
    """Whose mailboxes an address stands for, by any address of the account.

    None for nobody and for `acting` itself, which costs the same. Whether there is anything that
    `acting` may see is for who looks for a mailbox.
    """

    async def work(tx: ReadTx) -> Other | None:
        found = None
        if address is not None:
            found = await addresses.find(tx, address.domain.ascii, address.local)
        owner = found.account if found is not None else NOBODY
        main = await addresses.main_of_account(tx, owner)
        return Other(owner, main) if main is not None and owner != acting else None

    return await store.read(work)


async def listings(store: Store, acting: AccountId) -> list[tuple[Other, Listing]]:
    """What `acting` sees of the mailboxes of others, and which of their names it subscribed to.

    Only those who share something with it, or did when it subscribed; at most MAX_OWNERS, and none
    beyond MAX_LISTED mailboxes, so that nobody makes the lists of all others slow.
    """
    owners = await store.read(lambda tx: acl.owners(tx, acting, MAX_OWNERS))
    if not owners:
        return []

    async def work(tx: ReadTx) -> list[tuple[Other, Listing]]:
        found: list[tuple[Other, Listing]] = []
        for owner in owners:
            if sum(len(listing.mailboxes) for _, listing in found) >= MAX_LISTED:
                break
            address = await addresses.main_of_account(tx, owner)
            listing = await mailboxes.read_listing(tx, acting, owner)
            if address is not None and (listing.mailboxes or listing.subscribed):
                found.append((Other(owner, address), listing))
        return found

    return await store.scan(work)


async def may_know_size(store: Store, acting: AccountId, owner: AccountId) -> bool:
    """Whether `acting` may learn how much an account holds: if it may read. RFC 9208 section 6."""

    async def work(tx: ReadTx) -> bool:
        entries = await acl.applying_page(tx, acting, owner, mailboxes.MAX_ENTRIES)
        return Grants(acting, owner, entries).anywhere(Right.READ)

    return await store.scan(work)


async def rights_on(store: Store, acting: AccountId, mailbox: MailboxRef) -> Rights:
    """What `acting` may do with a mailbox now."""
    return await store.read(lambda tx: rights_of(tx, acting, mailbox))
