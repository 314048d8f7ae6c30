"""Fail at step n: of a work, of a commit, of a blob on its way in."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field

import apsw

from roost.ports import blobs as ports


class StepFailed(Exception):
    """The failure a test asked for."""


class FailAt:
    """An `on_statement` that fails the `step`-th statement it hears of, once; from 1."""

    def __init__(self, step: int, error: BaseException | None = None) -> None:
        self._left = step
        self._error = error or StepFailed(f"step {step}")

    def __call__(self, _connection: apsw.Connection, _sql: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise self._error


class BreakAt:
    """An `on_statement` that has SQLite itself fail the `step`-th statement, once.

    before, after: called around that statement, to break something and to mend it again.
    """

    def __init__(
        self,
        step: int,
        before: Callable[[apsw.Connection], None],
        after: Callable[[apsw.Connection], None] = lambda _: None,
    ) -> None:
        self._left = step
        self._before = before
        self._after = after
        self.statements = 0

    def __call__(self, connection: apsw.Connection, _sql: str) -> None:
        self.statements += 1
        self._left -= 1
        if self._left == 0:
            self._before(connection)
        elif self._left == -1:
            self._after(connection)


def interrupt_next(connection: apsw.Connection) -> None:
    """SQLITE_INTERRUPT in the next statement, once."""
    left = [True]
    connection.set_progress_handler(lambda: bool(left and left.pop()), 1)


def no_more_pages(connection: apsw.Connection) -> None:
    """SQLITE_FULL for whatever needs another page."""
    connection.execute("PRAGMA max_page_count=1").fetchall()  # SQLite takes the present count


def more_pages(connection: apsw.Connection) -> None:
    """End of `no_more_pages`."""
    connection.execute("PRAGMA max_page_count=1000000").fetchall()


def spill_early(connection: apsw.Connection) -> None:
    """Have a statement write to the WAL as it goes, as one with very many pages does."""
    connection.execute("PRAGMA cache_size=2").fetchall()


@dataclass
class Fault:
    """What goes wrong: the operation ("read", "write", "sync") on files whose name ends in suffix.

    after: how many such operations go well first. times: how many then fail; None for all.
    """

    operation: str
    error: type[apsw.Error]
    suffix: str = "-wal"
    after: int = 0
    times: int | None = 1
    fired: int = field(default=0)

    def fires(self, operation: str, name: str) -> bool:
        """Whether this operation fails."""
        if operation != self.operation or not name.endswith(self.suffix):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        self.fired += 1
        return True


class FaultVfs(apsw.VFS):
    """A VFS of SQLite on the usual one whose files fail as `fault` says. Keep it while in use."""

    def __init__(self) -> None:
        self.vfs_name = f"faults-{id(self)}"
        self.fault: Fault | None = None
        super().__init__(self.vfs_name, "")

    def xOpen(  # noqa: N802 - the name is apsw's
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> "FaultFile":
        return FaultFile(self, name, flags)

    def meet(self, operation: str, name: str) -> None:
        """Raise if the operation is to fail."""
        if self.fault is not None and self.fault.fires(operation, name):
            raise self.fault.error(f"{operation} of {name}")


class FaultFile(apsw.VFSFile):
    """A file of a FaultVfs."""

    def __init__(
        self, vfs: FaultVfs, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__("", name, flags)
        self._vfs = vfs
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else name or ""

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._vfs.meet("read", self._name)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._vfs.meet("write", self._name)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._vfs.meet("sync", self._name)
        super().xSync(flags)


class Blobs:
    """Blobs whose `step`-th create, write, sync or remove fails with OSError, once; from 1.

    inner: the Blobs that does the work. code: ENOSPC, EIO ... steps: how many there were so far.
    """

    def __init__(self, inner: ports.Blobs, step: int, code: int = errno.ENOSPC) -> None:
        self._inner = inner
        self._step = step
        self._code = code
        self.steps = 0

    async def create(self, name: str) -> "BlobWriter":
        self.meet()
        return BlobWriter(self, await self._inner.create(name))

    def read(self, name: str, offset: int, count: int) -> bytes:
        return self._inner.read(name, offset, count)

    def size(self, name: str) -> int | None:
        return self._inner.size(name)

    async def remove(self, name: str) -> None:
        self.meet()
        await self._inner.remove(name)

    def free_octets(self) -> int:
        return self._inner.free_octets()

    @property
    def fired(self) -> bool:
        """Whether the step was reached."""
        return self.steps >= self._step

    def meet(self) -> None:
        """Count a step, and fail at the one that is to fail."""
        self.steps += 1
        if self.steps == self._step:
            raise OSError(self._code, os.strerror(self._code))


class BlobWriter:
    """One blob on its way into a failing Blobs."""

    def __init__(self, blobs: Blobs, inner: ports.BlobWriter) -> None:
        self._blobs = blobs
        self._inner = inner

    async def write(self, octets: bytes) -> None:
        self._blobs.meet()
        await self._inner.write(octets)

    async def sync(self) -> None:
        self._blobs.meet()
        await self._inner.sync()

    async def discard(self) -> None:
        await self._inner.discard()
