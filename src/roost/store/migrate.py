"""Bring a database to the newest schema, and refuse one that is not ours to open.

Steps are the files schema/NNNN.sql, each run in a transaction of its own that also raises
user_version. They are O(1) in the data; whatever walks rows is a background fill.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import ClassVar

import apsw

from roost.base.errors import ServiceError
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.connection import connect_writer

APPLICATION_ID = int.from_bytes(b"roos")
_WAL_VERSION = 2


@dataclass(eq=False)
class StoreRefused(ServiceError):
    """The database cannot be opened by this program; the text says how to mend it."""

    code: ClassVar[str] = "store_refused"
    path: Path


@dataclass(eq=False)
class StoreTooNew(StoreRefused):
    """A newer program has written the database."""

    code: ClassVar[str] = "store_too_new"
    found: int
    known: int

    def __str__(self) -> str:
        return (
            f"{self.path} has schema {self.found}, and this program knows schemas up to"
            f" {self.known}: start the newer version of roost that wrote it, or give back the"
            " backup made before the upgrade"
        )


@dataclass(eq=False)
class StoreForeign(StoreRefused):
    """The file belongs to another program."""

    code: ClassVar[str] = "store_foreign"

    def __str__(self) -> str:
        return (
            f"{self.path} is not a store of roost: name another data folder, or move the file away"
        )


@dataclass(eq=False)
class StoreDamaged(StoreRefused):
    """The file is ours and cannot be read."""

    code: ClassVar[str] = "store_damaged"
    detail: str

    def __str__(self) -> str:
        return f"{self.path} is damaged ({self.detail}): give back the last backup"


@dataclass(eq=False)
class StoreUnopenable(StoreRefused):
    """The system refuses the file."""

    code: ClassVar[str] = "store_unopenable"
    detail: str

    def __str__(self) -> str:
        return (
            f"{self.path} cannot be opened ({self.detail}): its folder must be there, with room"
            " on the disk, and belong to the user roost runs as"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One schema step."""

    number: int
    sql: str


def shipped_steps() -> tuple[Step, ...]:
    """The steps of this program, in order."""
    folder = resources.files("roost.store") / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Step(int(name.removesuffix(".sql")), (folder / name).read_text("utf-8")) for name in names
    )


def open_migrated(path: Path, vfs: str | None, clock: Clock, log: Log) -> apsw.Connection:
    """The writing connection to `path`, made when there is none, at this program's schema.

    Raises StoreRefused; a file that is not ours is left as it was.
    """
    try:
        refuse_foreign(path)
        path.touch(mode=0o600)  # SQLite gives its WAL the same rights
        connection = connect_writer(path, vfs)
        try:
            migrate(connection, path, shipped_steps(), clock, log)
        except BaseException:
            connection.close()
            raise
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StoreDamaged(path, str(error)) from error
    except (apsw.Error, OSError) as error:
        raise StoreUnopenable(path, str(error)) from error
    return connection


def refuse_foreign(path: Path) -> None:
    """Raise StoreForeign by the first octets alone, since opening with our settings would write.

    What we make is in WAL mode from its first page on; a backup is not, but names us.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(100)
    if not head:
        return
    ours = int.from_bytes(head[68:72]) == APPLICATION_ID
    if not head.startswith(b"SQLite format 3\0") or not (ours or head[18] == _WAL_VERSION):
        raise StoreForeign(path)


def migrate(
    connection: apsw.Connection, path: Path, steps: Iterable[Step], clock: Clock, log: Log
) -> int:
    """Run the steps the database has not seen; returns the schema it then has.

    connection: fresh from `connect_writer`. Raises StoreTooNew, and what `examine` raises.
    """
    steps = tuple(steps)
    known = steps[-1].number
    found = examine(connection, path)
    if found > known:
        raise StoreTooNew(path, found, known)
    for step in steps:
        if step.number > found:
            began = clock.monotonic()
            if _run(connection, step):
                took = round((clock.monotonic() - began) * 1000)
                log.info(Event.STORE_STEP_DONE, step=step.number, took_ms=took)
    return known


def examine(connection: apsw.Connection, path: Path) -> int:
    """The schema of the database, 0 for an empty one. Reads its head, not its data.

    Raises StoreForeign, StoreDamaged.
    """
    try:
        application = _number(connection, "PRAGMA application_id")
        schema = _number(connection, "PRAGMA user_version")
        tables = _number(connection, "SELECT count(*) FROM sqlite_schema")
        pages = _number(connection, "PRAGMA page_count")
    except apsw.NotADBError as error:
        raise StoreForeign(path) from error
    except (apsw.CorruptError, apsw.SQLError) as error:
        raise StoreDamaged(path, str(error)) from error
    if application != APPLICATION_ID and (application or schema or tables):
        raise StoreForeign(path)
    if application == APPLICATION_ID and not (schema and tables):
        raise StoreDamaged(path, "its tables are missing")
    if schema and _number(connection, "PRAGMA auto_vacuum") != 2:
        raise StoreDamaged(path, "it was not made by roost, free pages cannot be given back")
    _check_length(path, pages * _number(connection, "PRAGMA page_size"))
    return schema


def _run(connection: apsw.Connection, step: Step) -> bool:
    """Run a step unless another process has just done so."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _number(connection, "PRAGMA user_version") >= step.number:
            connection.execute("ROLLBACK")
            return False
        connection.execute(step.sql).fetchall()
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}").fetchall()
        connection.execute(f"PRAGMA user_version={step.number}").fetchall()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def _number(connection: apsw.Connection, sql: str) -> int:
    number: int = connection.execute(sql).get
    return number


def _check_length(path: Path, expected_octets: int) -> None:
    """A file cut short is told at once, unless a WAL may still hold the missing pages."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return
    if path.exists() and path.stat().st_size < expected_octets:
        raise StoreDamaged(path, f"{expected_octets - path.stat().st_size} octets are missing")
