"""Rows of accounts. One that goes is marked first; its rows are then removed in steps."""

from dataclasses import dataclass
from datetime import datetime

from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.ports.bus import Type
from roost.store import numbers
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.settings import account_settings, spell
from roost.store.times import micros, moment_of

_SELECT = "SELECT id, name, created, deleted, settings, revision FROM account"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account.

    deleted: since when it is marked for removal, None while in use.
    revision: the last one that changed the row.
    """

    id: AccountId
    name: str
    created: datetime
    deleted: datetime | None
    settings: AccountSettings
    revision: int


async def add(
    tx: WriteTx, name: str, settings: AccountSettings, now: datetime, revision: int
) -> AccountRow:
    """Add an account, whose name no account in use has, and its counters.

    UIDVALIDITY counts from the Unix time, so that a store which is made anew, with the same account
    numbers, gives no value a second time (RFC 9051 section 2.3.1.1).
    """
    account = AccountId(await numbers.next_server_number(tx, "account"))
    await tx.execute(
        "INSERT INTO account (id, name, created, settings, revision) VALUES ($1, $2, $3, $4, $5)",
        account,
        name,
        micros(now),
        spell(settings),
        revision,
    )
    await tx.execute(
        "INSERT INTO account_counter (account_id, next_uid_validity, next_modseq, next_mailbox,"
        " next_email, next_thread, next_number, used_octets, used_messages)"
        " VALUES ($1, $2, 1, 1, 1, 1, 1, 0, 0)",
        account,
        int(now.timestamp()),
    )
    return AccountRow(account, name, now, None, settings, revision)


async def by_name(tx: ReadTx, name: str) -> AccountRow | None:
    """The account in use with this name."""
    row = await tx.row(f"{_SELECT} WHERE name = $1 AND deleted IS NULL", name)
    return _account_of(row) if row else None


async def by_id(tx: ReadTx, account: AccountId) -> AccountRow | None:
    """The account with this number, also one marked for removal."""
    row = await tx.row(f"{_SELECT} WHERE id = $1", account)
    return _account_of(row) if row else None


async def page(tx: ReadTx, after: str, limit: int) -> list[AccountRow]:
    """Up to `limit` accounts in use in order of name, those after `after` ("" to begin)."""
    rows = await tx.rows(
        f"{_SELECT} WHERE name > $1 AND deleted IS NULL ORDER BY name LIMIT $2",
        after,
        limit,
    )
    return [_account_of(row) for row in rows]


async def set_settings(
    tx: WriteTx, account: AccountId, settings: AccountSettings, revision: int
) -> None:
    """Replace the settings of an account."""
    await tx.execute(
        "UPDATE account SET settings = $1, revision = $2 WHERE id = $3",
        spell(settings),
        revision,
        account,
    )
    tx.changed(account, Type.SETTINGS)


async def mark_deleted(tx: WriteTx, account: AccountId, now: datetime, revision: int) -> None:
    """Take an account out of use; its name is free at once, `account_removal` removes its rows."""
    await tx.execute(
        "UPDATE account SET deleted = $1, revision = $2 WHERE id = $3",
        micros(now),
        revision,
        account,
    )
    tx.changed(account, Type.SETTINGS)


async def unmark_deleted(tx: WriteTx, account: AccountId, revision: int) -> None:
    """Take an account into use again; its rows are all there and nobody else has its name."""
    await tx.execute(
        "UPDATE account SET deleted = NULL, revision = $1 WHERE id = $2", revision, account
    )
    tx.changed(account, Type.SETTINGS)


async def marked_by_name(tx: ReadTx, name: str) -> AccountRow | None:
    """The account that was last marked for removal under this name. Walks the table."""
    row = await tx.row(
        f"{_SELECT} WHERE name = $1 AND deleted IS NOT NULL ORDER BY deleted DESC, id DESC LIMIT 1",
        name,
    )
    return _account_of(row) if row else None


def _account_of(row: Row) -> AccountRow:
    account, name, created, deleted, settings, revision = row
    return AccountRow(
        account,
        name,
        moment_of(created),
        None if deleted is None else moment_of(deleted),
        account_settings(settings),
        revision,
    )
