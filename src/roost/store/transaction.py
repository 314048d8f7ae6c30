"""The transactions of the SQLite engine, and how a work is run in one."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import apsw

from roost.base.ids import AccountId, MailboxId
from roost.ports.blobs import Blobs
from roost.ports.bus import Type
from roost.store.connection import translate
from roost.store.engine import MAX_INLINE_ROWS, Row, Value
from roost.store.statement import KnownStatements

T = TypeVar("T")
Change = tuple[AccountId, Type, MailboxId | None, int]
Run = Callable[[str, Any], apsw.Cursor]


class TooManyRows(RuntimeError):
    """An inline read had more rows than the loop should wait for: page by key, or scan."""


class SqliteReadTx:
    """One reading transaction. After an error every later statement raises the same error."""

    __slots__ = ("_known", "_run", "blobs", "error")

    def __init__(self, run: Run, known: KnownStatements, blobs: Blobs) -> None:
        self._run = run
        self._known = known
        self.blobs = blobs
        self.error: BaseException | None = None

    async def rows(self, sql: str, *args: Value) -> list[Row]:
        return self._all(sql, args)

    async def row(self, sql: str, *args: Value) -> Row | None:
        return self._first(sql, args)

    async def value(self, sql: str, *args: Value) -> Any:
        row = self._first(sql, args)
        return None if row is None else row[0]

    def end(self) -> None:
        """Refuse what a work that kept its transaction would ask of it later."""
        self._run = _ended

    def _all(self, sql: str, args: tuple[Value, ...]) -> list[Row]:
        if sql not in self._known:
            self._known.learn(sql)
        try:
            return self._run(sql, args).fetchall()
        except BaseException as error:
            raise self._fail(error) from error

    def _first(self, sql: str, args: tuple[Value, ...]) -> Row | None:
        if sql not in self._known:
            self._known.learn(sql)
        try:
            # The cursor goes at once, and the open statement with it.
            row: Row | None = self._run(sql, args).fetchone()
        except BaseException as error:
            raise self._fail(error) from error
        return row

    def _fail(self, error: BaseException) -> BaseException:
        """Remember the first error: SQLite may have ended the transaction with it.

        Were the work to go on, each of its statements would then be a transaction of its own.
        """
        if self.error is not None:
            return self.error
        self.error = told = translate(error)

        def refuse(_sql: str, _args: Any) -> NoReturn:
            raise told

        self._run = refuse
        return told


class StrictReadTx(SqliteReadTx):
    """Refuses results of more than MAX_INLINE_ROWS; for tests."""

    __slots__ = ()

    async def rows(self, sql: str, *args: Value) -> list[Row]:
        found = self._all(sql, args)
        if len(found) > MAX_INLINE_ROWS:
            raise TooManyRows(f"{len(found)} rows read inline: {sql}")
        return found


class SqliteWriteTx(SqliteReadTx):
    """One work's part of a writing transaction."""

    __slots__ = ("_changes_of", "_run_many", "acts", "changes")

    def __init__(
        self,
        run: Run,
        run_many: Run,
        changes_of: Callable[[], int],
        known: KnownStatements,
        blobs: Blobs,
    ) -> None:
        super().__init__(run, known, blobs)
        self._run_many = run_many
        self._changes_of = changes_of
        self.changes: list[Change] = []
        self.acts: list[Callable[[], None]] = []

    async def execute(self, sql: str, *args: Value) -> int:
        self._all(sql, args)
        return self._changes_of()

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        if sql not in self._known:
            self._known.learn(sql)
        if self.error is not None:
            raise self.error
        try:
            self._run_many(sql, rows).fetchall()
        except BaseException as error:
            raise self._fail(error) from error

    def changed(
        self, account: AccountId, kind: Type, mailbox: MailboxId | None = None, modseq: int = 0
    ) -> None:
        self.changes.append((account, kind, mailbox, modseq))

    def after_commit(self, act: Callable[[], None]) -> None:
        self.acts.append(act)

    def end(self) -> None:
        super().end()
        self._run_many = _ended


def _ended(_sql: str, _args: Any) -> NoReturn:
    raise RuntimeError("the transaction of this work is over")


TX = TypeVar("TX", bound=SqliteReadTx)


def step(work: Callable[[TX], Awaitable[T]], tx: TX) -> T:
    """Run a work to its end; it may await nothing but its transaction.

    Raises what the work raised, the first error of a statement even when the work swallowed it,
    and RuntimeError when it awaited anything else.
    """
    steps = work(tx).__await__()
    try:
        next(steps)
    except StopIteration as done:
        if tx.error is not None:
            raise tx.error from None
        value: T = done.value
        return value
    finally:
        tx.end()
    close = getattr(steps, "close", None)
    if close is not None:
        close()
    raise RuntimeError(f"the work {name_of(work)} awaits something other than its transaction")


def name_of(work: object) -> str:
    """What to call a work in a message."""
    return getattr(work, "__qualname__", None) or repr(work)
