"""Addresses of all accounts with the names of their owners, for lists."""

from dataclasses import dataclass

from roost.base.ids import DomainId
from roost.store.addresses import AddressRow, spell
from roost.store.engine import ReadTx, Row
from roost.store.settings import address_settings
from roost.store.times import moment_of


@dataclass(frozen=True, slots=True)
class Entry:
    """An address with its domain in A-labels and the name of its account.

    key: where a list goes on after it.
    """

    row: AddressRow
    domain: str
    account: str

    @property
    def spelled(self) -> str:
        return spell(self.row, self.domain)

    @property
    def key(self) -> str:
        return f"{self.row.domain} {self.row.localpart}"


_SELECT = (
    "SELECT a.account_id, a.domain_id, a.localpart, a.spelled, a.created, a.settings, a.revision,"
    " d.name, c.name FROM address a JOIN domain d ON d.id = a.domain_id"
    " JOIN account c ON c.id = a.account_id"
)


async def page(tx: ReadTx, domain: DomainId, localpart: str, limit: int) -> list[Entry]:
    """Up to `limit` addresses by domain number and local part, those after the two given."""
    rows = await tx.rows(
        f"{_SELECT} WHERE (a.domain_id, a.localpart) > ($1, $2)"
        " ORDER BY a.domain_id, a.localpart LIMIT $3",
        domain,
        localpart,
        limit,
    )
    return [_entry_of(row) for row in rows]


async def by_key(tx: ReadTx, domain: DomainId, localpart: str) -> Entry | None:
    """The address with this canonical local part."""
    row = await tx.row(f"{_SELECT} WHERE a.domain_id = $1 AND a.localpart = $2", domain, localpart)
    return _entry_of(row) if row else None


def _entry_of(row: Row) -> Entry:
    account, domain, localpart, spelled, created, settings, revision, name, owner = row
    return Entry(
        AddressRow(
            account,
            domain,
            localpart,
            spelled,
            moment_of(created),
            address_settings(settings),
            revision,
        ),
        name,
        owner,
    )
