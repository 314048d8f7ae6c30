"""Many works in one transaction, one commit, and an outcome for each.

SQLite may end the whole transaction when a statement fails for want of room, an I/O error, want
of memory or an interrupt. So after every work that raised, the batch asks whether the transaction
still lives; if not, the work that ended it gets its error and all others run again. A full disk
shows at COMMIT, when no work is guilty: then each runs again alone, so that each caller is told the
truth. Any other failure of BEGIN or COMMIT ends the store: what the disk then holds is not known.

Everything here runs in the writer thread and knows nothing of threads or the loop.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apsw

from roost.ports.blobs import Blobs
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.connection import is_full, note_errno
from roost.store.engine import StoreFailed, StoreFull, Together
from roost.store.space import Space
from roost.store.statement import KnownStatements
from roost.store.transaction import Run, SqliteWriteTx, name_of, step

OnStatement = Callable[[apsw.Connection, str], None]


class DiskFailed(Exception):
    """A transaction could not begin or commit, and not for want of room."""


class Job:
    """One work that waits, and what became of it.

    settled: the outcome, value or error, is final. tx: of the last run; of several that were done
    together the first has it. apart: it is not to be done together with others any more.
    """

    __slots__ = ("apart", "error", "settled", "tx", "value", "work")

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.tx: SqliteWriteTx | None = None
        self.settled = False
        self.apart = False

    @property
    def committed(self) -> bool:
        """Whether what the work did is on disk."""
        return self.settled and self.error is None

    def run(self, tx: SqliteWriteTx) -> None:
        """Run the work once; it may come to run again."""
        self.tx = tx
        self.error = None
        try:
            self.value = step(self.work, tx)
        except BaseException as error:
            self.error = error

    def fail(self, error: BaseException) -> None:
        """The final outcome is `error`."""
        self.error = error
        self.settled = True


class Batch:
    """Runs jobs on the writing connection."""

    def __init__(
        self,
        connection: apsw.Connection,
        known: KnownStatements,
        blobs: Blobs,
        space: Space,
        log: Log,
        on_statement: OnStatement | None = None,
    ) -> None:
        self._connection = connection
        self._known = known
        self._blobs = blobs
        self._space = space
        self._log = log
        self._run, self._run_many = _watched(connection, on_statement)

    def run(self, jobs: Sequence[Job]) -> None:
        """Settle every job. Raises DiskFailed, which settles those with StoreFailed it has to."""
        waiting = jobs
        try:
            while waiting:
                waiting = self._transact(waiting)
        except Exception as failure:  # any: no caller must wait for ever
            self._log.error(Event.STORE_FAILED, error=failure.__cause__ or failure)
            for job in jobs:
                if not job.settled:
                    job.fail(StoreFailed())
            raise DiskFailed from failure

    def _transact(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """One transaction. Returns the jobs that have to run again."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            # Another process has been writing for longer than the busy time-out.
            self._log.warning(Event.STORE_FAILED, reason=str(error))
            for job in jobs:
                job.fail(StoreFailed())
            return ()
        except apsw.Error as error:
            return self._transaction_failed(error, jobs)
        for group in _groups(jobs):
            if len(group) > 1 and self._run_together(group):
                continue
            if not self._connection.in_transaction:
                return jobs  # the group ended it: everything runs again, its jobs one by one
            for job in group:
                if not self._run_in_savepoint(job):
                    job.settled = True
                    return [other for other in jobs if other is not job]
        try:
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            return self._transaction_failed(error, jobs)
        for job in jobs:
            job.settled = True
        return ()

    def _run_together(self, jobs: Sequence[Job]) -> bool:
        """Run jobs of one kind as one work; whether that went well. If not, they stand apart."""
        for job in jobs:
            job.tx = None
        whole = Job(_all_of([job.work for job in jobs if isinstance(job.work, Together)]))
        if self._run_in_savepoint(whole) and whole.error is None:
            for job, value in zip(jobs, whole.value, strict=True):
                job.value, job.error = value, None
            jobs[0].tx = whole.tx
            return True
        for job in jobs:
            job.apart = True
        return False

    def _run_in_savepoint(self, job: Job) -> bool:
        """Run one job of the transaction; whether the transaction lives on."""
        connection = self._connection
        connection.execute("SAVEPOINT work")
        job.run(
            SqliteWriteTx(self._run, self._run_many, connection.changes, self._known, self._blobs)
        )
        if job.error is None and connection.in_transaction:
            connection.execute("RELEASE work")
            return True
        if job.error is None:
            job.error = RuntimeError(f"the work {name_of(job.work)} ended the transaction")
        self._note(job.error)
        return self._undo()

    def _undo(self) -> bool:
        """Take back what the last work did; whether the transaction lives on."""
        if not self._connection.in_transaction:
            return False
        try:
            self._connection.execute("ROLLBACK TO work")
            self._connection.execute("RELEASE work")
        except apsw.Error:
            self._rollback()
            return False
        return True

    def _transaction_failed(self, error: apsw.Error, jobs: Sequence[Job]) -> Sequence[Job]:
        """BEGIN or COMMIT raised. Returns the jobs that have to run again."""
        note_errno(error, self._connection)
        self._rollback()
        if not is_full(error):
            raise DiskFailed from error
        self._log.error(Event.STORE_FULL, works=len(jobs))
        reserve_freed = self._space.release()
        if len(jobs) == 1 and not reserve_freed:
            jobs[0].fail(StoreFull())
            return ()
        for job in jobs:
            alone: Sequence[Job] = [job]
            while alone:
                alone = self._transact(alone)
        return ()

    def _rollback(self) -> None:
        """Make sure that no transaction is open."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _note(self, error: BaseException) -> None:
        """The disk's troubles inside a work go to the log as well."""
        if isinstance(error, StoreFull):
            self._log.error(Event.STORE_FULL, works=1)
            self._space.release()
        elif isinstance(error, StoreFailed):
            self._log.error(Event.STORE_FAILED, error=error.__cause__)


def _groups(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Jobs in their order, those that follow one another and may be done together as one group."""
    group: list[Job] = []
    for job in jobs:
        if group and _kind_of(job) is not None and _kind_of(job) == _kind_of(group[0]):
            group.append(job)
            continue
        if group:
            yield group
        group = [job]
    if group:
        yield group


def _kind_of(job: Job) -> Callable[..., Any] | None:
    work = job.work
    return work.do if isinstance(work, Together) and not job.apart else None


def _all_of(works: Sequence[Together[Any, Any]]) -> Callable[[Any], Any]:
    do, items = works[0].do, [work.item for work in works]
    return lambda tx: do(tx, items)


def _watched(connection: apsw.Connection, on_statement: OnStatement | None) -> tuple[Run, Run]:
    """How works run statements: as they are, or each after a word to `on_statement`."""
    if on_statement is None:
        return connection.execute, connection.executemany

    def run(sql: str, args: Any) -> apsw.Cursor:
        on_statement(connection, sql)
        return connection.execute(sql, args)

    def run_many(sql: str, rows: Any) -> apsw.Cursor:
        on_statement(connection, sql)
        return connection.executemany(sql, rows)

    return run, run_many
