import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.ids import AccountId
from roost.ports.bus import Type
from roost.ports.log_events import Event
from roost.store.engine import ReadTx, StoreFailed, WriteTx
from roost.store.sqlite import SqliteStore
from roost.store.writer import WriterLimits
from roost.testing.bus import ListBus
from roost.testing.log import ListLog
from roost.testing.store import TEST_OPTIONS, new_store


class Gate:
    """A work that keeps the writer busy until it is opened."""

    def __init__(self) -> None:
        self._taken, self._opened = threading.Event(), threading.Event()

    async def __call__(self, _tx: WriteTx) -> None:
        self._taken.set()
        self._opened.wait(10)

    async def shut(self, store: SqliteStore) -> asyncio.Task[None]:
        task = asyncio.create_task(store.write(self))
        while not self._taken.is_set():
            await asyncio.sleep(0)
        return task

    def open(self) -> None:
        self._opened.set()


def put(name: str) -> Callable[[WriteTx], Any]:
    return lambda tx: tx.execute("INSERT INTO server (name, value) VALUES ($1, '')", name)


async def names(tx: ReadTx) -> list[str]:
    return [row[0] for row in await tx.rows("SELECT name FROM server ORDER BY name")]


async def test_a_cancelled_caller_leaves_all_or_nothing() -> None:
    store, gate = await new_store(), Gate()
    busy = await gate.shut(store)
    gone, stays = (asyncio.create_task(store.write(put(name))) for name in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    busy.cancel()
    gate.open()
    assert await stays == 1
    assert await store.read(names) == ["stays"]
    assert gone.cancelled()
    await store.close()


async def test_where_works_come_several_at_a_time_those_close_behind_join_them() -> None:
    bus = ListBus()
    limits = WriterLimits(gather_seconds=0.3)
    store, gate = await new_store(bus=bus, options=replace(TEST_OPTIONS, limits=limits)), Gate()

    async def work(tx: WriteTx) -> None:
        tx.changed(AccountId(1), Type.EMAIL)

    busy = await gate.shut(store)
    both = asyncio.gather(store.write(work), store.write(work))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(busy, both)
    assert len(bus.hints) == 1
    first = asyncio.create_task(store.write(work))
    await asyncio.sleep(0.01)
    await asyncio.gather(first, store.write(work))
    assert len(bus.hints) == 2  # one for each transaction
    await store.close()


@pytest.mark.parametrize(
    "limits",
    [WriterLimits(waiting_works=4), WriterLimits(waiting_octets=3_000)],
    ids=["works", "octets"],
)
async def test_a_full_queue_makes_callers_wait(limits: WriterLimits) -> None:
    store, gate = await new_store(options=replace(TEST_OPTIONS, limits=limits)), Gate()
    busy = await gate.shut(store)
    ran: list[int] = []

    def note(number: int) -> Callable[[WriteTx], Any]:
        async def work(tx: WriteTx) -> None:
            tx.after_commit(lambda: ran.append(number))

        return work

    tasks = [asyncio.create_task(store.write(note(n), octets=1_000)) for n in range(12)]
    await asyncio.sleep(0.001)
    for late in tasks[5], tasks[1]:
        late.cancel()  # one that waits for room, one that waits in the queue
    gate.open()
    await asyncio.gather(busy, *tasks, return_exceptions=True)
    assert ran == [n for n in range(12) if n not in (1, 5)]
    await store.close()


async def test_a_work_larger_than_the_queue_is_taken_all_the_same() -> None:
    limits = WriterLimits(waiting_octets=10, batch_octets=5)
    store = await new_store(options=replace(TEST_OPTIONS, limits=limits))
    works = [store.write(put(str(n)), octets=size) for n, size in enumerate((1, 100, 7, 2, 3))]
    assert await asyncio.gather(*works) == [1] * 5
    await store.close()


async def count_commits(store: SqliteStore) -> list[str]:
    """A list that grows with each commit."""
    commits: list[str] = []

    def note() -> bool:
        commits.append("commit")
        return False

    await store._writer.alone(lambda connection: connection.set_commit_hook(note))
    return commits


async def test_a_batch_is_bounded() -> None:
    limits = WriterLimits(batch_works=3, batch_octets=250)
    store, gate = await new_store(options=replace(TEST_OPTIONS, limits=limits)), Gate()
    commits = await count_commits(store)
    busy = await gate.shut(store)
    tasks = [asyncio.create_task(store.write(put(str(n)), octets=100)) for n in range(4)]
    tasks += [asyncio.create_task(store.write(put(str(n + 4)))) for n in range(6)]
    await asyncio.sleep(0.001)
    gate.open()
    await asyncio.gather(busy, *tasks)
    assert len(commits) == 1 + 4  # the gate | 0 1 | 2 3 4 | 5 6 7 | 8 9
    await store.close()


async def test_callers_share_a_commit() -> None:
    store, gate = await new_store(), Gate()
    commits = await count_commits(store)
    busy = await gate.shut(store)
    tasks = [asyncio.create_task(store.write(put(str(n)))) for n in range(50)]
    await asyncio.sleep(0.001)
    gate.open()
    await asyncio.gather(busy, *tasks)
    assert len(commits) == 1 + 1  # the gate, all others
    await store.close()


async def test_another_process_that_writes_costs_one_temporary_failure(tmp_path: Path) -> None:
    store = await new_store(tmp_path)
    await store._writer.alone(lambda c: c.set_busy_timeout(1))
    other = apsw.Connection(str(tmp_path / "roost.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed):
        await store.write(put("a"))
    other.execute("ROLLBACK")
    other.close()
    assert await store.write(put("a")) == 1
    await store.close()


async def test_tells_once_that_the_wal_grows_too_large(tmp_path: Path) -> None:
    """A reader that never ends keeps it from starting over."""
    log = ListLog()
    limits = WriterLimits(wal_pages=10, wal_alarm_octets=200_000)
    store = await new_store(tmp_path, log=log, options=replace(TEST_OPTIONS, limits=limits))
    reader = apsw.Connection(str(tmp_path / "roost.db"))
    reader.execute("BEGIN; SELECT count(*) FROM server").fetchall()
    for number in range(60):
        await store.write(put(str(number) + "x" * 20_000))
    assert len(log.named(Event.STORE_WAL_LARGE)) == 1
    reader.execute("COMMIT")
    reader.close()
    await store.close()
    assert not (tmp_path / "roost.db-wal").exists()


async def test_the_wal_starts_over_without_readers(tmp_path: Path) -> None:
    limits = WriterLimits(wal_pages=20)
    store = await new_store(tmp_path, options=replace(TEST_OPTIONS, limits=limits))
    for number in range(100):
        await store.write(put(str(number) + "x" * 20_000))
    # The schema alone fills some 70 pages of it, a log that never started over over 500.
    assert (tmp_path / "roost.db-wal").stat().st_size < 100 * 4120
    await store.close()


# One step of a work: set a key, add to it, insert it (fails where it is there), raise, wait.
Step = tuple[str, str, int]
STEPS = st.tuples(
    st.sampled_from(["set", "add", "add", "insert", "raise", "wait"]),
    st.sampled_from("abc"),
    st.integers(0, 9),
)
WORKS = st.lists(st.lists(STEPS, max_size=4), max_size=12)


async def run_step(tx: WriteTx, step: Step) -> None:
    kind, name, number = step
    match kind:
        case "set":
            await tx.execute(
                "INSERT INTO counter (name, next) VALUES ($1, $2)"
                " ON CONFLICT (name) DO UPDATE SET next = excluded.next",
                name,
                number,
            )
        case "add":
            await tx.execute("UPDATE counter SET next = next + $1 WHERE name = $2", number, name)
        case "insert":
            await tx.execute("INSERT INTO counter (name, next) VALUES ($1, $2)", name, number)
        case "raise":
            raise KeyError(name)
        case _:
            await asyncio.sleep(0)


def model_step(state: dict[str, int], step: Step) -> bool:
    """Apply the step to a dict; False when it fails."""
    kind, name, number = step
    if kind in ("raise", "wait") or (kind == "insert" and name in state):
        return False
    if kind != "add":
        state[name] = number
    elif name in state:
        state[name] += number
    return True


def work_of(steps: list[Step]) -> Callable[[WriteTx], Any]:
    async def work(tx: WriteTx) -> None:
        for step in steps:
            await run_step(tx, step)

    return work


async def counters(tx: ReadTx) -> list[tuple[str, int]]:
    return await tx.rows("SELECT name, next FROM counter")


@settings(max_examples=100, deadline=None)
@given(WORKS, st.integers(1, 5))
def test_batches_of_works_equal_a_model(works: list[list[Step]], batch_works: int) -> None:
    state: dict[str, int] = {}
    fine: list[bool] = []
    for steps in works:
        after = dict(state)
        fine.append(all(model_step(after, step) for step in steps))
        state = after if fine[-1] else state

    async def scenario() -> tuple[list[bool], dict[str, int]]:
        limits = WriterLimits(batch_works=batch_works)
        store, gate = await new_store(options=replace(TEST_OPTIONS, limits=limits)), Gate()
        busy = await gate.shut(store)
        tasks = [asyncio.create_task(store.write(work_of(steps))) for steps in works]
        await asyncio.sleep(0)
        gate.open()
        await busy
        told = await asyncio.gather(*tasks, return_exceptions=True)
        found = dict(await store.read(counters))
        await store.close()
        return [outcome is None for outcome in told], found

    assert asyncio.run(scenario()) == (fine, state)
