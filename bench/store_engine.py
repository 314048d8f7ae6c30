"""How fast the SQLite engine is: works per second, cost of a statement, of a read, of opening.

    python bench/store_engine.py [FOLDER]

FOLDER lies on the disk to measure, by default a temporary one.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from roost.store.engine import ReadTx, WriteTx
from roost.store.sqlite import SqliteStore
from roost.testing.store import new_store

CALLERS = 50
SECONDS = 3.0

UPSERT = (
    "INSERT INTO counter AS c (name, next) VALUES ($1, 1)"
    " ON CONFLICT (name) DO UPDATE SET next = c.next + 1"
)
DELIVER = (
    "INSERT INTO blob (state, place, size, sha256, changed, octets)"
    " VALUES (1, 0, $1, $2, $3, $4) RETURNING id"
)
BODY = bytes(range(256)) * 16


def of_statements(count: int) -> Callable[[WriteTx], Awaitable[None]]:
    async def work(tx: WriteTx) -> None:
        for number in range(count):
            await tx.execute(UPSERT, f"name {number}")

    return work


async def file_one(tx: WriteTx) -> None:
    """The shape of a delivery: the octets and nine small statements."""
    await tx.value(DELIVER, len(BODY), b"sha", 0, BODY)
    for number in range(9):
        await tx.execute(UPSERT, f"name {number}")


async def works_per_second(
    store: SqliteStore, work: Callable[[WriteTx], Awaitable[Any]], callers: int
) -> str:
    end = time.perf_counter() + SECONDS
    took: list[float] = []

    async def call() -> None:
        while (began := time.perf_counter()) < end:
            await store.write(work)
            took.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[call() for _ in range(callers)])
    rate = len(took) / (time.perf_counter() - began)
    cpu_us = (time.process_time() - cpu) / len(took) * 1e6
    marks = statistics.quantiles(took, n=100)
    return (
        f"{rate:8.0f} works/s  {cpu_us:6.1f} us cpu each"
        f"  p50 {marks[49] * 1e3:.1f}  p99 {marks[98] * 1e3:.1f}  max {max(took) * 1e3:.1f} ms"
    )


async def microseconds(times: int, act: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    for _ in range(times):
        await act()
    return (time.perf_counter() - began) / times * 1e6


async def cost_of_statement(store: SqliteStore) -> str:
    async def reads(tx: WriteTx) -> None:
        for _ in range(10_000):
            await tx.value("SELECT next FROM counter WHERE name = $1", "name 3")

    write = await microseconds(5, lambda: store.write(of_statements(10_000))) / 10_000
    read = await microseconds(5, lambda: store.write(reads)) / 10_000
    return f"{write:.2f} us an upsert, {read:.2f} us a point query, inside a work"


async def cost_of_reads(store: SqliteStore) -> str:
    async def point(tx: ReadTx) -> Any:
        return await tx.value("SELECT next FROM counter WHERE name = $1", "name 3")

    async def page(tx: ReadTx) -> Any:
        return await tx.rows("SELECT id, size, state, changed FROM blob ORDER BY id LIMIT 500")

    inline = await microseconds(20_000, lambda: store.read(point))
    rows = await microseconds(500, lambda: store.read(page))
    scan = await microseconds(3_000, lambda: store.scan(point))
    return f"{inline:.1f} us inline, {rows:.0f} us for 500 rows inline, {scan:.0f} us as a scan"


async def measure(folder: Path) -> None:
    began = time.perf_counter()
    store = await new_store(folder)
    print(f"open a new store      {(time.perf_counter() - began) * 1e3:8.1f} ms")
    for name, work in (
        ("1 statement", of_statements(1)),
        ("10 statements", of_statements(10)),
        ("4 KiB and 9 more", file_one),
    ):
        for callers in (1, CALLERS):
            told = await works_per_second(store, work, callers)
            print(f"{name:17} x {callers:2} {told}")
    print("statement            ", await cost_of_statement(store))
    print("read                 ", await cost_of_reads(store))
    await store.close()


def main() -> None:
    sys.setswitchinterval(0.0005)
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        uvloop.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
