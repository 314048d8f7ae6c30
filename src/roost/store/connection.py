"""SQLite connections as the store wants them, and what its errors mean."""

import errno
from pathlib import Path

import apsw

from roost.store.engine import StoreFailed, StoreFull

BUSY_MILLISECONDS = 5_000
STATEMENTS_KEPT = 500
WRITER_CACHE_KIB = 32 * 1024
READER_CACHE_KIB = 16 * 1024

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def connect_writer(path: Path, vfs: str | None = None) -> apsw.Connection:
    """The connection that writes; makes the file when there is none.

    page_size and auto_vacuum take effect on an empty file only, and before anything is written to
    it, so they come before the journal mode; busy_timeout comes before all, since two processes
    that open at once would otherwise fail at the journal mode.
    Nothing is mapped (mmap): one body comes 20 % faster so, a walk through all three times as fast
    (measured), but a read error would kill the process.
    """
    connection = _open(path, vfs)
    for pragma in (
        "page_size=4096",
        "auto_vacuum=INCREMENTAL",
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=0",  # the writer checkpoints itself, after it has answered
        "journal_size_limit=67108864",
        f"cache_size=-{WRITER_CACHE_KIB}",
        "temp_store=MEMORY",  # SAVEPOINTs then need no room in /tmp
    ):
        _pragma(connection, pragma)
    return connection


def connect_reader(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that only reads."""
    connection = _open(path, vfs)
    _pragma(connection, "query_only=ON")
    _pragma(connection, f"cache_size=-{READER_CACHE_KIB}")
    return connection


def _open(path: Path, vfs: str | None) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=STATEMENTS_KEPT, vfs=vfs)
    # "name" in double quotes is a column or a mistake, as in PostgreSQL, and never a text.
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    _pragma(connection, f"busy_timeout={BUSY_MILLISECONDS}")
    return connection


def _pragma(connection: apsw.Connection, text: str) -> None:
    connection.execute(f"PRAGMA {text}").fetchall()


def is_full(error: BaseException) -> bool:
    """Whether SQLite failed for want of room.

    It says so in three ways: FULL; IOERR_SHMSIZE, when the index of the WAL cannot grow;
    IOERR_WRITE with EDQUOT, when the quota of the user is spent.
    """
    if isinstance(error, apsw.FullError):
        return True
    if not isinstance(error, apsw.IOError):
        return False
    result = getattr(error, "extendedresult", 0)
    if result == apsw.SQLITE_IOERR_SHMSIZE:
        return True
    return result == apsw.SQLITE_IOERR_WRITE and getattr(error, "system_errno", 0) in _NO_ROOM


def note_errno(error: apsw.Error, connection: apsw.Connection) -> None:
    """Keep the system's reason with the error, before another call overwrites it."""
    error.system_errno = connection.system_errno  # type: ignore[attr-defined]


def translate(error: BaseException) -> BaseException:
    """The error a caller of the store is told: StoreFull, StoreFailed, or `error` itself."""
    if is_full(error):
        return StoreFull()
    damaged = (apsw.IOError, apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError)
    if isinstance(error, (*damaged, apsw.BusyError)):
        return StoreFailed()
    return error
