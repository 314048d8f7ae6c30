"""A ready store for tests."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from roost.ports.blobs import Blobs
from roost.ports.bus import EventBus
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.store.sqlite import Options, SqliteStore, open_store
from roost.testing.blobs import MemoryBlobs
from roost.testing.bus import ListBus
from roost.testing.clock import StoppedClock
from roost.testing.faults import FailAt
from roost.testing.log import ListLog

TEST_OPTIONS = Options(readers=2, reserve=False, strict=True)

_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one


async def new_store(
    folder: Path | None = None,
    *,
    fail_at: int | None = None,
    blobs: Blobs | None = None,
    bus: EventBus | None = None,
    clock: Clock | None = None,
    log: Log | None = None,
    options: Options = TEST_OPTIONS,
    failed: Callable[[], None] = lambda: None,
) -> SqliteStore:
    """A strict store in `folder`, or in one of its own that goes with it.

    fail_at: the so-many-th statement of the works written, counted from 1, fails, once. Ports that
    are not given are the fakes. Close it where you can; one that is dropped ends its threads.
    """
    if fail_at is not None:
        options = replace(options, on_statement=FailAt(fail_at))
    own_folder = None if folder else make_folder()
    store = await open_store(
        (folder or own_folder or Path()) / "roost.db",
        blobs=blobs or MemoryBlobs(),
        bus=bus or ListBus(),
        clock=clock or StoppedClock(),
        log=log or ListLog(),
        failed=failed,
        options=options,
    )
    weakref.finalize(store, store.stop_threads())
    if own_folder:
        weakref.finalize(store, shutil.rmtree, own_folder, ignore_errors=True)
    return store


def make_folder() -> Path:
    """A new folder, in memory where the system has such a place; the caller removes it."""
    parent = _MEMORY_FOLDER if _MEMORY_FOLDER.is_dir() else None
    return Path(tempfile.mkdtemp(prefix="roost-", dir=parent))
