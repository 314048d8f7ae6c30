"""The disk fails: no caller is told more than the truth, and the neighbours in a batch stand."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from roost.base.ids import AccountId
from roost.ports.bus import Type
from roost.ports.log_events import Event
from roost.store.engine import ReadTx, StoreFailed, StoreFull, WriteTx
from roost.store.sqlite import SqliteStore
from roost.testing.batch import break_by_vfs, run_in_one_batch
from roost.testing.bus import ListBus
from roost.testing.faults import (
    BreakAt,
    FailAt,
    Fault,
    FaultVfs,
    StepFailed,
    interrupt_next,
    more_pages,
    no_more_pages,
)
from roost.testing.log import ListLog
from roost.testing.store import TEST_OPTIONS, new_store

STATEMENTS = 3
NAMES = ("one", "two", "three")
LARGE = bytes(60_000)  # needs pages of its own, so that a full disk is met within the work


def work_of(name: str) -> Callable[[WriteTx], Any]:
    async def work(tx: WriteTx) -> str:
        for part in range(STATEMENTS):
            await tx.execute(
                "INSERT INTO server (name, value) VALUES ($1, $2)", f"{name} {part}", LARGE
            )
        tx.changed(AccountId(NAMES.index(name) + 1), Type.EMAIL)
        return name

    return work


async def names_in(store: SqliteStore) -> dict[str, int]:
    """How many rows of each work are there."""

    async def work(tx: ReadTx) -> list[tuple[str]]:
        return await tx.rows("SELECT name FROM server")

    found = [row[0].split()[0] for row in await store.read(work)]
    return {name: found.count(name) for name in found}


async def assert_truth(store: SqliteStore, outcomes: list[Any]) -> None:
    """What was told OK is there whole, and nothing of the rest; the store goes on."""
    told_ok = {outcome: STATEMENTS for outcome in outcomes if isinstance(outcome, str)}
    assert await names_in(store) == told_ok
    assert isinstance(store.bus, ListBus)
    accounts = {NAMES.index(name) + 1 for name in told_ok}
    assert {hint.account for hint in store.bus.hints} == accounts
    assert await store.scan(integrity) == "ok"


async def integrity(tx: ReadTx) -> str:
    text: str = await tx.value("SELECT integrity_check FROM pragma_integrity_check")
    return text


def make_fault(kind: str, vfs: FaultVfs, step: int) -> Callable[[apsw.Connection, str], None]:
    match kind:
        case "refused":
            return FailAt(step)
        case "interrupt":
            return BreakAt(step, interrupt_next)
        case "full, page count":
            return BreakAt(step, no_more_pages, more_pages)
        case "full, spill":
            return break_by_vfs(apsw.FullError, vfs, step)
        case _:
            return break_by_vfs(apsw.IOError, vfs, step)


ERRORS: dict[str, type[BaseException]] = {
    "refused": StepFailed,
    "interrupt": apsw.InterruptError,
    "full, page count": StoreFull,
    "full, spill": StoreFull,
    "i/o error, spill": StoreFailed,
}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("step", range(1, 3 * STATEMENTS + 1))
async def test_only_the_guilty_work_of_three_fails(kind: str, step: int) -> None:
    vfs = FaultVfs()
    fault = make_fault(kind, vfs, step)
    failures: list[str] = []
    store = await new_store(
        options=replace(TEST_OPTIONS, vfs=vfs.vfs_name, on_statement=fault),
        failed=lambda: failures.append("failed"),
    )
    outcomes = await run_in_one_batch(store, [work_of(name) for name in NAMES])
    guilty = (step - 1) // STATEMENTS
    assert isinstance(outcomes[guilty], ERRORS[kind])
    assert [o for n, o in enumerate(outcomes) if n != guilty] == [
        n for m, n in enumerate(NAMES) if m != guilty
    ]
    await assert_truth(store, outcomes)
    assert failures == []
    await store.close()


@pytest.mark.parametrize("kind", ["interrupt", "i/o error, spill", "full, spill"])
async def test_these_faults_truly_end_the_whole_transaction(kind: str) -> None:
    """Were it not so, the test above would not show that the neighbours run again."""
    vfs = FaultVfs()
    fault = make_fault(kind, vfs, 5)
    runs: list[str] = []

    def counted(name: str) -> Callable[[WriteTx], Any]:
        async def work(tx: WriteTx) -> str:
            runs.append(name)
            outcome: str = await work_of(name)(tx)
            return outcome

        return work

    store = await new_store(options=replace(TEST_OPTIONS, vfs=vfs.vfs_name, on_statement=fault))
    await run_in_one_batch(store, [counted(name) for name in NAMES])
    assert runs == ["one", "two", "one", "three"]
    await store.close()


async def test_a_swallowed_error_still_fails_the_work() -> None:
    """SQLite has ended the transaction: what follows would be committed on its own."""
    store = await new_store(options=replace(TEST_OPTIONS, on_statement=BreakAt(1, interrupt_next)))

    async def careless(tx: WriteTx) -> str:
        for name in ("a", "b"):
            try:
                await tx.execute("INSERT INTO server (name, value) VALUES ($1, $2)", name, LARGE)
            except Exception:
                continue
        return "fine"

    with pytest.raises(apsw.InterruptError):
        await store.write(careless)
    assert await names_in(store) == {}
    await store.close()


@pytest.mark.parametrize(
    ("times", "outcomes"),
    [
        (1, ["one", "two", "three"]),
        (2, [StoreFull, "two", "three"]),
        (3, [StoreFull, StoreFull, "three"]),
        (4, [StoreFull, StoreFull, StoreFull]),
    ],
    ids=["the batch", "and the first alone", "and the second", "and the third"],
)
async def test_full_at_commit_tells_each_caller_the_truth(times: int, outcomes: list[Any]) -> None:
    vfs, log = FaultVfs(), ListLog()
    store = await new_store(options=replace(TEST_OPTIONS, vfs=vfs.vfs_name), log=log)
    vfs.fault = Fault("write", apsw.FullError, times=times)
    told = await run_in_one_batch(store, [work_of(name) for name in NAMES])
    assert [type(t) if isinstance(t, Exception) else t for t in told] == outcomes
    await assert_truth(store, told)
    assert len(log.named(Event.STORE_FULL)) == times
    vfs.fault = None
    late = await store.write(lambda tx: tx.execute("DELETE FROM server"))
    assert late == STATEMENTS * sum(isinstance(t, str) for t in told)
    await store.close()


async def test_a_full_disk_is_met_on_the_reserve(tmp_path: Path) -> None:
    vfs = FaultVfs()
    options = replace(TEST_OPTIONS, vfs=vfs.vfs_name, reserve=True, least_free_octets=0)
    store = await new_store(tmp_path, options=options)
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_size == 64 << 20
    vfs.fault = Fault("write", apsw.FullError)
    assert await store.write(work_of("one")) == "one"
    assert not reserve.exists()
    vfs.fault = Fault("write", apsw.FullError)
    with pytest.raises(StoreFull):
        await store.write(work_of("two"))
    assert store.space.restore()
    assert reserve.exists()
    await store.close()


@pytest.mark.parametrize("operation", ["write", "sync"])
async def test_an_io_error_at_commit_ends_the_store(tmp_path: Path, operation: str) -> None:
    vfs, log = FaultVfs(), ListLog()
    failures: list[str] = []
    store = await new_store(
        tmp_path,
        options=replace(TEST_OPTIONS, vfs=vfs.vfs_name),
        log=log,
        failed=lambda: failures.append("failed"),
    )
    await store.write(work_of("one"))
    vfs.fault = Fault(operation, apsw.IOError)
    told = await run_in_one_batch(store, [work_of(name) for name in NAMES[1:]])
    assert [type(outcome) for outcome in told] == [StoreFailed, StoreFailed]
    assert failures == ["failed"]
    with pytest.raises(StoreFailed):
        await store.write(work_of("two"))
    assert log.named(Event.STORE_FAILED)
    await store.close()
    assert failures == ["failed"]

    again = await new_store(tmp_path)
    assert (await names_in(again))["one"] == STATEMENTS
    assert await again.scan(integrity) == "ok"
    await again.close()


async def test_an_io_error_at_commit_answers_everyone_who_waits() -> None:
    vfs = FaultVfs()
    limits = replace(TEST_OPTIONS.limits, waiting_works=2)
    store = await new_store(options=replace(TEST_OPTIONS, vfs=vfs.vfs_name, limits=limits))
    vfs.fault = Fault("write", apsw.IOError)
    works = [store.write(work_of("one")) for _ in range(8)]
    told = await asyncio.gather(*works, return_exceptions=True)
    assert [type(outcome) for outcome in told] == [StoreFailed] * 8
    await store.close()


@pytest.mark.parametrize(
    ("error", "fails"), [(apsw.FullError, 0), (apsw.IOError, 1)], ids=["full", "i/o error"]
)
async def test_a_failed_checkpoint_costs_no_answered_work(
    tmp_path: Path, error: type[apsw.Error], fails: int
) -> None:
    vfs = FaultVfs()
    failures: list[str] = []
    limits = replace(TEST_OPTIONS.limits, wal_pages=10)
    store = await new_store(
        tmp_path,
        options=replace(TEST_OPTIONS, vfs=vfs.vfs_name, limits=limits),
        failed=lambda: failures.append("failed"),
    )
    vfs.fault = Fault("write", error, suffix="roost.db")
    assert await store.write(work_of("one")) == "one"
    await asyncio.gather(store.write(work_of("two")), return_exceptions=True)
    assert vfs.fault.fired == 1
    assert len(failures) == fails
    await store.close()
    again = await new_store(tmp_path)
    assert (await names_in(again))["one"] == STATEMENTS
    await again.close()
