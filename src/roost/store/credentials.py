"""Rows of credentials: what proves that somebody may act for an account."""

from dataclasses import dataclass, field
from datetime import datetime

from roost.base.ids import AccountId
from roost.store import numbers
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.times import micros, moment_of

PASSWORD = "password"  # noqa: S105 - the name of a kind
MAX_CREDENTIALS = 100

_SELECT = (
    "SELECT account_id, id, kind, label, protocols, secret, created, last_used FROM credential"
)


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential.

    kind: PASSWORD. label: what its owner calls it. protocols: names it is good for, one space
    between, "" for every one. secret: JSON of the kind's own form, never the password itself.
    """

    account: AccountId
    id: int
    kind: str
    label: str
    protocols: str
    secret: str = field(repr=False)
    created: datetime
    last_used: datetime | None


async def add(
    tx: WriteTx, account: AccountId, kind: str, label: str, secret: str, now: datetime
) -> Credential:
    """Add a credential that is good for every protocol."""
    number = await numbers.next_number(tx, account)
    await tx.execute(
        "INSERT INTO credential (account_id, id, kind, label, protocols, secret, created)"
        " VALUES ($1, $2, $3, $4, '', $5, $6)",
        account,
        number,
        kind,
        label,
        secret,
        micros(now),
    )
    return Credential(account, number, kind, label, "", secret, now, None)


async def of_kind(tx: ReadTx, account: AccountId, kind: str) -> list[Credential]:
    """The credentials of a kind, oldest first; at most MAX_CREDENTIALS."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND kind = $2 ORDER BY id LIMIT $3",
        account,
        kind,
        MAX_CREDENTIALS,
    )
    return [_credential_of(row) for row in rows]


async def exists(tx: ReadTx, account: AccountId, number: int) -> bool:
    """Whether the account has this credential (any more)."""
    found = await tx.value(
        "SELECT 1 FROM credential WHERE account_id = $1 AND id = $2", account, number
    )
    return found is not None


async def remove_kind(tx: WriteTx, account: AccountId, kind: str) -> int:
    """Remove every credential of a kind; returns how many there were."""
    return await tx.execute(
        "DELETE FROM credential WHERE account_id = $1 AND kind = $2", account, kind
    )


async def touch(tx: WriteTx, account: AccountId, number: int, now: datetime) -> None:
    """Note that a credential was used."""
    await tx.execute(
        "UPDATE credential SET last_used = $1 WHERE account_id = $2 AND id = $3",
        micros(now),
        account,
        number,
    )


def _credential_of(row: Row) -> Credential:
    account, number, kind, label, protocols, secret, created, last_used = row
    used = None if last_used is None else moment_of(last_used)
    return Credential(account, number, kind, label, protocols, secret, moment_of(created), used)
