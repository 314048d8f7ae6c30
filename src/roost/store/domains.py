"""Rows of domains that mail is taken for."""

from dataclasses import dataclass
from datetime import datetime

from roost.base.ids import DomainId
from roost.config.domains import DomainSettings
from roost.store import numbers
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.settings import domain_settings, spell
from roost.store.times import micros, moment_of

_SELECT = "SELECT id, name, created, settings, revision FROM domain"


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain. name: its A-label form. revision: the last one that changed the row."""

    id: DomainId
    name: str
    created: datetime
    settings: DomainSettings
    revision: int


async def add(
    tx: WriteTx, name: str, settings: DomainSettings, now: datetime, revision: int
) -> DomainRow:
    """Add a domain whose A-label form `name` is not there yet."""
    number = DomainId(await numbers.next_server_number(tx, "domain"))
    await tx.execute(
        "INSERT INTO domain (id, name, created, settings, revision) VALUES ($1, $2, $3, $4, $5)",
        number,
        name,
        micros(now),
        spell(settings),
        revision,
    )
    return DomainRow(number, name, now, settings, revision)


async def by_name(tx: ReadTx, name: str) -> DomainRow | None:
    """The domain with this A-label form."""
    row = await tx.row(f"{_SELECT} WHERE name = $1", name)
    return _domain_of(row) if row else None


async def by_id(tx: ReadTx, number: DomainId) -> DomainRow | None:
    """The domain with this number."""
    row = await tx.row(f"{_SELECT} WHERE id = $1", number)
    return _domain_of(row) if row else None


async def page(tx: ReadTx, after: str, limit: int) -> list[DomainRow]:
    """Up to `limit` domains in order of name, those after `after` ("" for the first page)."""
    rows = await tx.rows(f"{_SELECT} WHERE name > $1 ORDER BY name LIMIT $2", after, limit)
    return [_domain_of(row) for row in rows]


async def set_settings(
    tx: WriteTx, number: DomainId, settings: DomainSettings, revision: int
) -> None:
    """Replace the settings of a domain."""
    await tx.execute(
        "UPDATE domain SET settings = $1, revision = $2 WHERE id = $3",
        spell(settings),
        revision,
        number,
    )


async def remove(tx: WriteTx, number: DomainId) -> None:
    """Remove a domain that no address is in."""
    await tx.execute("DELETE FROM domain WHERE id = $1", number)


def _domain_of(row: Row) -> DomainRow:
    return DomainRow(row[0], row[1], moment_of(row[2]), domain_settings(row[3]), row[4])
