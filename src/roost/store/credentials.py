"""Rows of credentials: what proves that somebody may act for an account."""

from dataclasses import dataclass, field
from datetime import datetime

from roost.base.ids import AccountId
from roost.store import numbers
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.times import micros, moment_of

PASSWORD = "password"  # noqa: S105 - the name of a kind
APP_PASSWORD = "app-password"  # noqa: S105 - likewise
MAX_CREDENTIALS = 200  # of an account, of all kinds

_SELECT = (
    "SELECT account_id, id, kind, label, protocols, secret, created, expires, last_used"
    " FROM credential"
)


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential.

    kind: PASSWORD or APP_PASSWORD. label: what its owner calls it. protocols: names it is good for,
    one space between, "" for every one. secret: JSON of the kind's own form, never the password
    itself. expires: from when on it is good for nothing, None for never.
    """

    account: AccountId
    id: int
    kind: str
    label: str
    protocols: str
    secret: str = field(repr=False)
    created: datetime
    expires: datetime | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What is added; see Credential. digest: what an app password is found by."""

    kind: str
    secret: str = field(repr=False)
    label: str = ""
    protocols: str = ""
    digest: bytes | None = field(default=None, repr=False)
    expires: datetime | None = None


async def add(tx: WriteTx, account: AccountId, new: NewCredential, now: datetime) -> Credential:
    """Add a credential to an account."""
    number = await numbers.next_number(tx, account)
    await tx.execute(
        "INSERT INTO credential"
        " (account_id, id, kind, label, protocols, secret, digest, created, expires)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        account,
        number,
        new.kind,
        new.label,
        new.protocols,
        new.secret,
        new.digest,
        micros(now),
        micros(new.expires) if new.expires else None,
    )
    return Credential(
        account, number, new.kind, new.label, new.protocols, new.secret, now, new.expires, None
    )


async def of_kind(tx: ReadTx, account: AccountId, kind: str) -> list[Credential]:
    """The credentials of a kind, oldest first; at most MAX_CREDENTIALS."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND kind = $2 ORDER BY id LIMIT $3",
        account,
        kind,
        MAX_CREDENTIALS,
    )
    return [_credential_of(row) for row in rows]


async def of_account(tx: ReadTx, account: AccountId) -> list[Credential]:
    """All credentials of an account, oldest first; at most MAX_CREDENTIALS."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 ORDER BY id LIMIT $2", account, MAX_CREDENTIALS
    )
    return [_credential_of(row) for row in rows]


async def candidates(tx: ReadTx, account: AccountId, digest: bytes) -> list[Credential]:
    """What a password may belong to: the account's PASSWORD, and what has the digest."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND (kind = $2 OR digest = $3) ORDER BY id LIMIT $4",
        account,
        PASSWORD,
        digest,
        MAX_CREDENTIALS,
    )
    return [_credential_of(row) for row in rows]


async def by_id(tx: ReadTx, account: AccountId, number: int) -> Credential | None:
    """The account's credential with this number; None for one that is gone."""
    row = await tx.row(f"{_SELECT} WHERE account_id = $1 AND id = $2", account, number)
    return _credential_of(row) if row else None


async def remove(tx: WriteTx, account: AccountId, number: int) -> None:
    """Remove one credential."""
    await tx.execute("DELETE FROM credential WHERE account_id = $1 AND id = $2", account, number)


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
    account, number, kind, label, protocols, secret, created, expires, last_used = row
    return Credential(
        account,
        number,
        kind,
        label,
        protocols,
        secret,
        moment_of(created),
        _moment(expires),
        _moment(last_used),
    )


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment_of(microseconds)
