"""Which address belongs to which account."""

import re

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import DomainId
from roost.service import accounts, addresses
from roost.service.config_errors import AccountUnknown, AddressUnknown, NameInvalid
from roost.service.configuration import page_size
from roost.store import directory as rows
from roost.store.accounts import AccountRow
from roost.store.directory import Entry
from roost.store.engine import ReadTx, Store

_DOMAIN_NUMBER = re.compile(r"[0-9]{1,18}")


async def page(store: Store, after: str, limit: int) -> list[Entry]:
    """Up to `limit` addresses of all accounts, those after the entry with key `after`."""
    domain, _, localpart = after.partition(" ")
    number = DomainId(int(domain)) if _DOMAIN_NUMBER.fullmatch(domain) else DomainId(0)
    return await store.read(lambda tx: rows.page(tx, number, localpart, page_size(limit)))


async def account_of(store: Store, text: str) -> AccountRow:
    """The account with this name, spelled in any case, else the one that has it as an address.

    Raises AccountUnknown; for a text with an @ also DomainUnknown and AddressUnknown.
    """
    try:
        return await accounts.get(store, accounts.parse_account_name(text))
    except (NameInvalid, AccountUnknown):
        address = _address(text)
        if address is None:
            raise AccountUnknown(text) from None
    return await accounts.get(store, (await entry_of(store, address)).account)


async def entry_of(store: Store, address: Address) -> Entry:
    """The address that mail for `address` goes to. Raises DomainUnknown, AddressUnknown."""

    async def work(tx: ReadTx) -> Entry:
        row = await addresses.require(tx, address)
        entry = await rows.by_key(tx, row.domain, row.localpart)
        if entry is None:
            raise AddressUnknown(address)
        return entry

    return await store.read(work)


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except ServiceError:
        return None
