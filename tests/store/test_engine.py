"""What a caller of the store may rely on, whichever the engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import apsw
import pytest

from roost.base.ids import AccountId, MailboxId
from roost.ports.bus import Hint, Type
from roost.ports.log_events import Event
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, StoreFailed, WriteTx
from roost.store.sqlite import SqliteStore
from roost.store.statement import StatementRefused
from roost.store.transaction import TooManyRows
from roost.testing.bus import ListBus
from roost.testing.log import ListLog
from roost.testing.store import new_store

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
MANY = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n"
)


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = await new_store()
    yield store
    await store.close()


def put(name: str, value: bytes = b"") -> Callable[[WriteTx], Any]:
    return lambda tx: tx.execute("INSERT INTO server (name, value) VALUES ($1, $2)", name, value)


async def names(tx: ReadTx) -> list[str]:
    return [row[0] for row in await tx.rows("SELECT name FROM server ORDER BY name")]


async def test_a_write_is_seen_by_every_kind_of_read(store: SqliteStore) -> None:
    assert await store.write(put("a")) == 1
    assert await store.read(names) == ["a"]
    assert await store.scan(names) == ["a"]


async def test_answers_the_forms_of_a_result(store: SqliteStore) -> None:
    async def work(tx: WriteTx) -> tuple[Any, ...]:
        await tx.execute_many(
            "INSERT INTO server (name, value) VALUES ($1, $2)", [("a", b"1"), ("b", b"2")]
        )
        return (
            await tx.rows("SELECT name, value FROM server ORDER BY name"),
            await tx.row("SELECT name, value FROM server ORDER BY name"),
            await tx.value("SELECT value FROM server ORDER BY name"),
            await tx.row("SELECT name FROM server WHERE name = $1", "c"),
            await tx.value("SELECT name FROM server WHERE name = $1", "c"),
            await tx.execute("UPDATE server SET value = $1", b"3"),
            await tx.execute("DELETE FROM server WHERE name = $1", "c"),
            await tx.value("INSERT INTO server (name, value) VALUES ('c', '') RETURNING name"),
        )

    assert await store.write(work) == (
        [("a", b"1"), ("b", b"2")],
        ("a", b"1"),
        b"1",
        None,
        None,
        2,
        0,
        "c",
    )


async def test_several_statements_of_a_read_see_one_moment(store: SqliteStore) -> None:
    entered, left = threading.Event(), threading.Event()

    async def twice(tx: ReadTx) -> tuple[int, int]:
        before: int = await tx.value("SELECT count(*) FROM server")
        entered.set()
        left.wait(10)
        after: int = await tx.value("SELECT count(*) FROM server")
        return before, after

    scan = asyncio.create_task(store.scan(twice))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    await store.write(put("a"))
    left.set()
    assert await scan == (0, 0)


async def test_a_read_cannot_write(store: SqliteStore) -> None:
    async def work(tx: ReadTx) -> Any:
        return await tx.value("DELETE FROM server RETURNING name")

    for kind in (store.read, store.scan):
        with pytest.raises(apsw.ReadOnlyError):
            await kind(work)


async def test_an_inline_read_is_short(store: SqliteStore) -> None:
    assert len(await store.read(lambda tx: tx.rows(MANY, MAX_INLINE_ROWS))) == MAX_INLINE_ROWS
    with pytest.raises(TooManyRows):
        await store.read(lambda tx: tx.rows(MANY, MAX_INLINE_ROWS + 1))
    assert len(await store.scan(lambda tx: tx.rows(MANY, MAX_INLINE_ROWS + 1))) == 501


async def test_no_statement_is_left_open(store: SqliteStore) -> None:
    """An open one would freeze every later read, and keep the WAL from starting over."""
    await store.write(lambda tx: tx.execute_many(put_sql(), [(str(n), b"") for n in range(9)]))
    assert await store.read(lambda tx: tx.value("SELECT name FROM server ORDER BY name")) == "0"
    assert await store.read(lambda tx: tx.row("SELECT name FROM server ORDER BY name")) == ("0",)
    await store.write(put("9"))
    assert len(await store.read(names)) == 10


def put_sql() -> str:
    return "INSERT INTO server (name, value) VALUES ($1, $2)"


@pytest.mark.parametrize("kind", ["read", "scan", "write"])
async def test_a_work_awaits_nothing_else(store: SqliteStore, kind: str) -> None:
    async def impatient(tx: ReadTx) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="impatient awaits something other"):
        await getattr(store, kind)(impatient)
    assert await store.read(names) == []


@pytest.mark.parametrize("inner", ["read", "scan", "write"])
@pytest.mark.parametrize("outer", ["read", "scan", "write"])
async def test_a_work_calls_no_other_work(store: SqliteStore, outer: str, inner: str) -> None:
    async def nested(tx: ReadTx) -> Any:
        return await getattr(store, inner)(put("a") if inner == "write" else names)

    with pytest.raises(RuntimeError, match="awaits something other than its transaction"):
        await getattr(store, outer)(nested)
    assert await store.read(names) == []


async def test_a_transaction_ends_with_its_work(store: SqliteStore) -> None:
    kept: list[Any] = []

    async def keep(tx: ReadTx) -> None:
        kept.append(tx)

    for kind in (store.read, store.scan, store.write):
        await kind(keep)
    for tx in kept:
        with pytest.raises(RuntimeError, match="is over"):
            await names(tx)
    with pytest.raises(RuntimeError, match="is over"):
        await kept[2].execute_many(put_sql(), [("a", b"")])


@pytest.mark.parametrize("kind", ["read", "scan", "write"])
async def test_refuses_sql_that_only_sqlite_understands(store: SqliteStore, kind: str) -> None:
    with pytest.raises(StatementRefused):
        await getattr(store, kind)(lambda tx: tx.rows("SELECT $2, $1", 1, 2))
    with pytest.raises(StatementRefused):
        await store.write(lambda tx: tx.execute_many("DELETE FROM server WHERE name = ?", [("a",)]))
    with pytest.raises(apsw.SQLError):
        await store.write(lambda tx: tx.rows('SELECT "no such column" FROM server'))


async def test_a_failed_work_leaves_nothing_and_its_neighbours_stand(store: SqliteStore) -> None:
    async def fails(tx: WriteTx) -> None:
        await put("lost")(tx)
        raise KeyError("on purpose")

    told = await asyncio.gather(
        store.write(put("a")), store.write(fails), store.write(put("b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in told] == [int, KeyError, int]
    assert await store.read(names) == ["a", "b"]


@pytest.mark.parametrize("step", range(1, 5))
async def test_a_work_that_fails_at_any_step_leaves_nothing(step: int) -> None:
    store = await new_store(fail_at=step)

    def two(name: str) -> Callable[[WriteTx], Any]:
        async def work(tx: WriteTx) -> None:
            await put(name)(tx)
            await tx.execute_many(put_sql(), [(name + "2", b"")])

        return work

    told = await asyncio.gather(
        store.write(two("a")), store.write(two("b")), return_exceptions=True
    )
    failed = [isinstance(outcome, Exception) for outcome in told]
    assert failed == [step <= 2, step > 2]
    assert await store.read(names) == (["b", "b2"] if step <= 2 else ["a", "a2"])
    await store.close()


async def test_announces_changes_once_an_account_before_the_caller_goes_on() -> None:
    bus = ListBus()
    store = await new_store(bus=bus)

    async def work(tx: WriteTx) -> None:
        tx.changed(AccountId(1), Type.EMAIL, MailboxId(7), modseq=5)
        tx.changed(AccountId(1), Type.THREAD, modseq=4)
        tx.changed(AccountId(2), Type.MAILBOX)

    await store.write(work)
    assert bus.hints == [
        Hint(AccountId(1), frozenset({Type.EMAIL, Type.THREAD}), frozenset({MailboxId(7)}), 5),
        Hint(AccountId(2), frozenset({Type.MAILBOX}), frozenset(), 0),
    ]
    await store.close()


async def test_a_failed_work_announces_nothing(store: SqliteStore) -> None:
    acts: list[str] = []

    async def fails(tx: WriteTx) -> None:
        tx.changed(AccountId(1), Type.EMAIL)
        tx.after_commit(lambda: acts.append("never"))
        raise KeyError

    with pytest.raises(KeyError):
        await store.write(fails)
    assert isinstance(store.bus, ListBus)
    assert store.bus.hints == []
    assert acts == []


async def test_acts_after_the_commit_on_the_loop() -> None:
    log = ListLog()
    store = await new_store(log=log)
    threads: list[str] = []

    async def work(tx: WriteTx) -> None:
        await put("a")(tx)
        tx.after_commit(lambda: threads.remove("a mistake"))
        tx.after_commit(lambda: threads.append(threading.current_thread().name))

    await store.write(work)
    assert threads == [threading.current_thread().name]
    assert [type(logged.error) for logged in log.named(Event.JOB_FAILED)] == [ValueError]
    await store.close()


async def test_cancelling_a_scan_interrupts_it(store: SqliteStore) -> None:
    """Both readers are kept busy without end, and are free again after."""
    scans = [asyncio.create_task(store.scan(lambda tx: tx.value(ENDLESS))) for _ in range(4)]
    await asyncio.sleep(0.01)
    for scan in scans:
        scan.cancel()
    told = await asyncio.gather(*scans, return_exceptions=True)
    assert [type(outcome) for outcome in told] == [asyncio.CancelledError] * 4
    assert await store.scan(names) == []


async def test_scans_run_beside_each_other_and_the_loop(store: SqliteStore) -> None:
    meet = threading.Barrier(2, timeout=10)

    async def work(tx: ReadTx) -> int:
        meet.wait()
        one: int = await tx.value("SELECT 1")
        return one

    assert sum(await asyncio.gather(store.scan(work), store.scan(work))) == 2


async def test_close_finishes_what_waits_and_takes_nothing_more() -> None:
    store = await new_store()
    writes = [asyncio.create_task(store.write(put(str(n)))) for n in range(20)]
    scan = asyncio.create_task(store.scan(lambda tx: tx.value("SELECT 1")))
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*writes) == [1] * 20
    assert await scan == 1
    for kind in (store.read, store.scan, store.write):
        with pytest.raises(StoreFailed):
            await kind(names)
    await store.close()


async def test_is_a_store(store: SqliteStore) -> None:
    as_store: Store = store
    assert as_store.bus is store.bus


async def test_gives_back_free_pages_in_steps(store: SqliteStore) -> None:
    await store.write(
        lambda tx: tx.execute_many(put_sql(), [(str(n), bytes(9000)) for n in "abcd"])
    )
    await store.write(lambda tx: tx.execute("DELETE FROM server"))
    left = await store.give_back_pages(3)
    assert left > 0
    assert await store.give_back_pages(left - 1) == 1
    assert await store.give_back_pages(100) == 0
    await store.checkpoint()
