"""Revisions: who changed what, when and why, so that it can be shown as a diff and undone.

A change names things as people do (domain and account names, spelled addresses), never by row
numbers, and holds no secret.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from roost.store import numbers
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.settings import to_builtins
from roost.store.times import micros, moment_of

Facts = Mapping[str, Any]
Table = Literal["domain", "account", "address", "credential", "tls_public_key", "share"]

MAX_REASON_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change: an admin, an account for itself, or roost ("server")."""

    kind: Literal["admin", "account", "server"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class Change(msgspec.Struct, frozen=True):
    """What became of one thing. before: None when it was added. after: None when it was removed."""

    table: Table
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Difference(msgspec.Struct, frozen=True):
    """One value that differs. path: its place, "." between levels; None stands for no value."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of configuration. actor: an `Actor` as text."""

    id: int
    made: datetime
    actor: str
    reason: str
    changes: tuple[Change, ...]


_SELECT = "SELECT id, made, actor, reason, changes FROM revision"
_changes = msgspec.json.Decoder(tuple[Change, ...])


def change(table: Table, key: str, before: Facts | None, after: Facts | None) -> Change:
    """A change whose facts may hold settings structs."""
    return Change(
        table,
        key,
        None if before is None else to_builtins(before),
        None if after is None else to_builtins(after),
    )


async def record(
    tx: WriteTx, actor: Actor, reason: str, now: datetime, changes: Sequence[Change]
) -> int:
    """Write a revision; returns its number, for the rows it changed."""
    number = await numbers.next_server_number(tx, "revision")
    await tx.execute(
        "INSERT INTO revision (id, made, actor, reason, changes) VALUES ($1, $2, $3, $4, $5)",
        number,
        micros(now),
        str(actor),
        reason[:MAX_REASON_LENGTH],
        msgspec.json.encode(changes).decode(),
    )
    return number


async def by_id(tx: ReadTx, number: int) -> Revision | None:
    """The revision with this number."""
    row = await tx.row(f"{_SELECT} WHERE id = $1", number)
    return _revision_of(row) if row else None


async def page(tx: ReadTx, before: int | None, limit: int) -> list[Revision]:
    """Up to `limit` revisions, newest first, those before number `before` (None: the newest)."""
    rows = await tx.rows(
        f"{_SELECT} WHERE id < $1 ORDER BY id DESC LIMIT $2",
        before if before is not None else 1 << 62,
        limit,
    )
    return [_revision_of(row) for row in rows]


async def seen_at(tx: ReadTx, number: int, table: Table, key: str) -> dict[str, Any] | None:
    """What revision `number` made of a thing; None when it did not touch or removed it."""
    revision = await by_id(tx, number)
    for one in revision.changes if revision else ():
        if (one.table, one.key) == (table, key):
            return one.after
    return None


def differences(before: Facts | None, after: Facts | None) -> tuple[Difference, ...]:
    """Every value that differs, in order of path."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    return tuple(
        Difference(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    )


def _flat(facts: Facts, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _revision_of(row: Row) -> Revision:
    number, made, actor, reason, changes = row
    return Revision(number, moment_of(made), actor, reason, _changes.decode(changes))
