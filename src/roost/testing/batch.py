"""Works that share one transaction of the writer, and a disk that fails within one of them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import apsw

from roost.store.engine import Store, WriteTx
from roost.testing.faults import BreakAt, Fault, FaultVfs, spill_early


async def run_in_one_batch(
    store: Store, works: Sequence[Callable[[WriteTx], Awaitable[Any]]]
) -> list[Any]:
    """Queue the works while the writer is kept busy; returns what each came to, errors included."""
    gate, taken = threading.Event(), threading.Event()

    async def wait(_tx: WriteTx) -> None:
        taken.set()
        gate.wait(10)

    busy = asyncio.create_task(store.write(wait))
    while not taken.is_set():  # noqa: ASYNC110 - it is set in the thread of the writer
        await asyncio.sleep(0)
    tasks = [asyncio.create_task(store.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.set()
    await busy
    return await asyncio.gather(*tasks, return_exceptions=True)


def break_by_vfs(error: type[apsw.Error], vfs: FaultVfs, step: int) -> BreakAt:
    """Have the disk fail the `step`-th statement, by an error of the file."""

    def before(connection: apsw.Connection) -> None:
        spill_early(connection)
        vfs.fault = Fault("write", error)

    return BreakAt(step, before)
