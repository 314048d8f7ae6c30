"""Which address belongs to which account."""

from roost.base.address import Address
from roost.base.ids import DomainId
from roost.service import addresses
from roost.service.config_errors import AddressUnknown
from roost.store import directory as rows
from roost.store.directory import Entry
from roost.store.engine import ReadTx, Store


async def page(store: Store, after: str, limit: int) -> list[Entry]:
    """Up to `limit` addresses of all accounts, those after the entry with key `after`."""
    domain, _, localpart = after.partition(" ")
    number = DomainId(int(domain)) if domain.isascii() and domain.isdigit() else DomainId(0)
    return await store.read(lambda tx: rows.page(tx, number, localpart, limit))


async def entry_of(store: Store, address: Address) -> Entry:
    """The address that mail for `address` goes to. Raises DomainUnknown, AddressUnknown."""

    async def work(tx: ReadTx) -> Entry:
        row = await addresses.require(tx, address)
        entry = await rows.by_key(tx, row.domain, row.localpart)
        if entry is None:
            raise AddressUnknown(address)
        return entry

    return await store.read(work)
