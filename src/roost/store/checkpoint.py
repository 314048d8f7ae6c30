"""Copy the WAL into the database, after the callers have their answers instead of before."""

import apsw

from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.connection import is_full, note_errno
from roost.store.space import Space

FRAME_OCTETS = 4096 + 24


class Checkpointer:
    """Watches the WAL of the writing connection; lives in the writer thread.

    pages: from how many pages on the WAL is copied. alarm_octets: from what size on the log is
    told.
    """

    def __init__(
        self, connection: apsw.Connection, space: Space, log: Log, *, pages: int, alarm_octets: int
    ) -> None:
        self._connection = connection
        self._space = space
        self._log = log
        self._pages = pages
        self._alarm_octets = alarm_octets
        self._in_wal = 0
        self._due_at = pages
        self._alarmed = False
        connection.set_wal_hook(self._committed)

    def copy_if_due(self) -> None:
        """Call between two transactions. Raises apsw.Error when the disk failed.

        While a reader keeps the WAL from starting over, it copies only every `pages` pages: each
        try sorts the whole index of the WAL.
        """
        if self._in_wal < self._pages:
            self._due_at = self._pages
        if self._in_wal < self._due_at:
            return
        self._due_at = self._in_wal + self._pages
        self._alarm(self._in_wal * FRAME_OCTETS)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            pass  # another process copies
        except apsw.Error as error:
            note_errno(error, self._connection)
            if not is_full(error):
                raise
            self._log.error(Event.STORE_FULL, works=0)  # what is committed is safe in the WAL
            self._space.release()

    def copy_all(self) -> None:
        """At the end: copy everything and empty the WAL, unless a reader is in the way."""
        self._connection.set_wal_hook(None)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error as error:
            self._log.warning(Event.STORE_FAILED, reason=str(error))

    def leave_wal(self) -> None:
        """At the end of a store whose disk failed: the next start recovers from the WAL."""
        self._connection.set_wal_hook(None)
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def _committed(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """Called by SQLite after each commit with the length of the WAL."""
        self._in_wal = pages
        return apsw.SQLITE_OK

    def _alarm(self, octets: int) -> None:
        """Tell the log once each time the WAL outgrows its bound."""
        large = octets > self._alarm_octets
        if large and not self._alarmed:
            self._log.warning(Event.STORE_WAL_LARGE, octets=octets)
        self._alarmed = large
