"""Rows of addresses, and the lookup that every RCPT runs."""

from dataclasses import dataclass
from datetime import datetime

from roost.base.address import Address, canonical_localpart
from roost.base.domain import Domain
from roost.base.ids import AccountId, DomainId
from roost.config.accounts import AccountSettings, AddressSettings
from roost.config.domains import DomainSettings
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.settings import (
    UNSET,
    account_settings,
    address_settings,
    domain_settings,
)
from roost.store.settings import spell as spell_settings
from roost.store.times import micros, moment_of

_SELECT = (
    "SELECT account_id, domain_id, localpart, spelled, created, settings, revision FROM address"
)
_DEFAULTS = DomainSettings()
# Without JOIN: measured, one costs twice as much as these single rows in one statement.
_LOOKUP = (
    "SELECT account_id, domain_id, localpart, spelled, created, settings, revision,"
    " (SELECT d.settings FROM domain d WHERE d.id = address.domain_id),"
    " (SELECT c.settings FROM account c WHERE c.id = address.account_id),"
    " (SELECT n.used_octets FROM account_counter n WHERE n.account_id = address.account_id)"
    " FROM address WHERE domain_id = (SELECT id FROM domain WHERE name = $1) AND localpart = $2"
)


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address of an account.

    localpart: the canonical form it is looked up by. spelled: the local part as the admin gave it.
    revision: the last one that changed the row.
    """

    account: AccountId
    domain: DomainId
    localpart: str
    spelled: str
    created: datetime
    settings: AddressSettings
    revision: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets mail for an address, and what a first answer to RCPT hangs on.

    used_octets: what the account holds, for its quota.
    """

    address: AddressRow
    account_settings: AccountSettings
    domain_settings: DomainSettings
    used_octets: int

    @property
    def account(self) -> AccountId:
        return self.address.account


async def add(tx: WriteTx, row: AddressRow) -> None:
    """Add an address whose canonical form nobody has yet."""
    await tx.execute(
        "INSERT INTO address"
        " (account_id, domain_id, localpart, spelled, created, settings, revision)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        row.account,
        row.domain,
        row.localpart,
        row.spelled,
        micros(row.created),
        spell_settings(row.settings),
        row.revision,
    )


async def find(tx: ReadTx, domain: str, localpart: str) -> Recipient | None:
    """Who has the address, found by its canonical local part; None for nobody.

    domain: in A-labels. localpart: as meant, such as `Address.local`.
    One statement where the domain separates and compares local parts as domains do by default.
    """
    found, _ = await _find(tx, domain, localpart)
    return found


async def resolve(tx: ReadTx, address: Address) -> Recipient | None:
    """Who gets mail for the address: who has it, else the one that catches all of its domain."""
    domain = address.domain.ascii
    found, settings = await _find(tx, domain, address.local)
    if found is not None or settings is None or not settings.catch_all:
        return found
    return await find(tx, domain, settings.catch_all)


async def _find(
    tx: ReadTx, domain: str, localpart: str
) -> tuple[Recipient | None, DomainSettings | None]:
    """Who has the address, and the settings of its domain if there is one."""
    guess = canonical(localpart, _DEFAULTS)
    row = await tx.row(_LOOKUP, domain, guess)
    if row is not None and row[7] == UNSET:
        return _recipient_of(row, _DEFAULTS), _DEFAULTS
    settings = domain_settings(row[7]) if row else await _settings_of(tx, domain)
    if settings is None:
        return None, None
    meant = canonical(localpart, settings)
    if meant != guess:
        row = await tx.row(_LOOKUP, domain, meant)
    return (_recipient_of(row, settings) if row else None), settings


def spell(row: AddressRow, domain: str) -> str:
    """The whole address, for people. domain: the A-label form of its domain."""
    return str(Address(row.spelled, Domain.parse(domain)))


def canonical(localpart: str, settings: DomainSettings) -> str:
    """The local part that mail for `localpart` is looked up by in a domain with these settings."""
    return canonical_localpart(
        localpart,
        separators=settings.localpart_separators,
        case_sensitive=settings.localpart_case_sensitive,
    )


async def by_key(tx: ReadTx, domain: DomainId, localpart: str) -> AddressRow | None:
    """The address with this canonical local part."""
    row = await tx.row(
        f"{_SELECT} WHERE domain_id = $1 AND localpart = $2",
        domain,
        localpart,
    )
    return _address_of(row) if row else None


async def of_account(
    tx: ReadTx, account: AccountId, after: tuple[int, str] | None, limit: int
) -> list[AddressRow]:
    """Up to `limit` addresses of an account by domain and local part, those after `after`.

    after: domain number and canonical local part of the last one seen, None to begin.
    """
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1"
        " AND (domain_id, localpart) > ($2, $3) ORDER BY domain_id, localpart LIMIT $4",
        account,
        *(after or (0, "")),
        limit,
    )
    return [_address_of(row) for row in rows]


async def of_domain(tx: ReadTx, domain: DomainId, after: str, limit: int) -> list[AddressRow]:
    """Up to `limit` addresses of a domain by local part, those after `after` ("" to begin)."""
    rows = await tx.rows(
        f"{_SELECT} WHERE domain_id = $1 AND localpart > $2 ORDER BY localpart LIMIT $3",
        domain,
        after,
        limit,
    )
    return [_address_of(row) for row in rows]


async def main_of_account(tx: ReadTx, account: AccountId) -> Address | None:
    """The address an account is known by to others: the one it has longest; None without any."""
    row = await tx.row(
        "SELECT a.spelled, d.name FROM address a JOIN domain d ON d.id = a.domain_id"
        " WHERE a.account_id = $1 ORDER BY a.created, a.domain_id, a.localpart LIMIT 1",
        account,
    )
    return Address(row[0], Domain.parse(row[1])) if row else None


async def all_of_account(tx: ReadTx, account: AccountId) -> list[tuple[AddressRow, str]]:
    """Every address of an account with its domain in A-labels; in a scan or a write."""
    rows = await tx.rows(
        "SELECT a.account_id, a.domain_id, a.localpart, a.spelled, a.created, a.settings,"
        " a.revision, d.name FROM address a JOIN domain d ON d.id = a.domain_id"
        " WHERE a.account_id = $1 ORDER BY a.domain_id, a.localpart",
        account,
    )
    return [(_address_of(row[:7]), row[7]) for row in rows]


async def all_of_domain(tx: ReadTx, domain: DomainId) -> list[AddressRow]:
    """Every address of a domain; in a scan or a write, since there may be thousands."""
    rows = await tx.rows(f"{_SELECT} WHERE domain_id = $1", domain)
    return [_address_of(row) for row in rows]


async def set_settings(
    tx: WriteTx, row: AddressRow, settings: AddressSettings, revision: int
) -> None:
    """Replace the settings of an address."""
    await tx.execute(
        "UPDATE address SET settings = $1, revision = $2"
        " WHERE account_id = $3 AND domain_id = $4 AND localpart = $5",
        spell_settings(settings),
        revision,
        row.account,
        row.domain,
        row.localpart,
    )


async def rekey(tx: WriteTx, row: AddressRow, localpart: str) -> None:
    """Look an address up by another canonical local part from now on."""
    for table in ("address", "tls_public_key"):
        await tx.execute(
            f"UPDATE {table} SET localpart = $1"  # noqa: S608
            " WHERE account_id = $2 AND domain_id = $3 AND localpart = $4",
            localpart,
            row.account,
            row.domain,
            row.localpart,
        )


async def remove(tx: WriteTx, row: AddressRow) -> None:
    """Remove an address."""
    await tx.execute(
        "DELETE FROM address WHERE account_id = $1 AND domain_id = $2 AND localpart = $3",
        row.account,
        row.domain,
        row.localpart,
    )


def _address_of(row: Row) -> AddressRow:
    account, domain, localpart, spelled, created, settings, revision = row
    return AddressRow(
        account,
        domain,
        localpart,
        spelled,
        moment_of(created),
        address_settings(settings),
        revision,
    )


def _recipient_of(row: Row, settings: DomainSettings) -> Recipient:
    return Recipient(_address_of(row[:7]), account_settings(row[8]), settings, row[9])


async def _settings_of(tx: ReadTx, domain: str) -> DomainSettings | None:
    """The settings of a domain; None where there is none."""
    text = await tx.value("SELECT settings FROM domain WHERE name = $1", domain)
    return None if text is None else domain_settings(text)
