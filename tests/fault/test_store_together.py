"""Works done together: each caller is told the truth, and only the guilty fail."""

from collections.abc import Sequence
from dataclasses import replace

import apsw
import pytest

from roost.base.ids import AccountId
from roost.ports.bus import Type
from roost.store.engine import ReadTx, StoreFailed, StoreFull, Together, WriteTx
from roost.store.sqlite import SqliteStore
from roost.testing.batch import break_by_vfs, run_in_one_batch
from roost.testing.bus import ListBus
from roost.testing.faults import (
    BreakAt,
    Fault,
    FaultVfs,
    StepFailed,
    interrupt_next,
    more_pages,
    no_more_pages,
)
from roost.testing.store import TEST_OPTIONS, new_store

LARGE = bytes(60_000)
NAMES = ("one", "two", "three")


class Calls:
    """What `do` was called with."""

    def __init__(self) -> None:
        self.items: list[list[str]] = []

    async def do(self, tx: WriteTx, items: Sequence[str]) -> list[str]:
        self.items.append(list(items))
        for name in items:
            await tx.execute("INSERT INTO server (name, value) VALUES ($1, $2)", name, LARGE)
            if name == "bad":
                raise StepFailed(name)
            tx.changed(AccountId(len(name)), Type.EMAIL)
        return [f"did {name}" for name in items]


async def names_in(store: SqliteStore) -> set[str]:
    async def work(tx: ReadTx) -> set[str]:
        return {row[0] for row in await tx.rows("SELECT name FROM server")}

    return await store.read(work)


async def test_those_of_one_kind_are_done_by_one_call() -> None:
    store, calls = await new_store(), Calls()
    told = await run_in_one_batch(store, [Together(calls.do, name) for name in NAMES])
    assert told == ["did one", "did two", "did three"]
    assert calls.items == [list(NAMES)]
    assert isinstance(store.bus, ListBus)
    assert {hint.account for hint in store.bus.hints} == {AccountId(3), AccountId(5)}
    await store.close()


async def test_one_of_another_kind_keeps_its_place_between_them() -> None:
    """Works run in the order they came: what was written before is there."""
    store, calls, others = await new_store(), Calls(), Calls()

    async def look(tx: WriteTx) -> int:
        found: int = await tx.value("SELECT count(*) FROM server WHERE name IN ('one', 'two')")
        return found

    told = await run_in_one_batch(
        store,
        [
            Together(calls.do, "one"),
            look,
            Together(calls.do, "two"),
            Together(others.do, "three"),
        ],
    )
    assert told == ["did one", 1, "did two", "did three"]
    assert calls.items == [["one"], ["two"]]
    assert others.items == [["three"]]
    await store.close()


async def test_when_one_fails_the_others_are_done_one_by_one() -> None:
    store, calls = await new_store(), Calls()
    told = await run_in_one_batch(
        store, [Together(calls.do, name) for name in ("one", "bad", "three")]
    )
    assert [told[0], type(told[1]), told[2]] == ["did one", StepFailed, "did three"]
    assert calls.items == [["one", "bad", "three"], ["one"], ["bad"], ["three"]]
    assert await names_in(store) == {"one", "three"}
    await store.close()


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("kind", ["interrupt", "full, page count", "full, spill", "i/o error"])
async def test_the_disk_fails_once_within_the_call(kind: str, step: int) -> None:
    """One by one they go well: nobody is guilty of what happened once."""
    vfs = FaultVfs()
    store = await new_store(
        options=replace(TEST_OPTIONS, vfs=vfs.vfs_name, on_statement=make_fault(kind, vfs, step))
    )
    calls = Calls()
    told = await run_in_one_batch(store, [Together(calls.do, name) for name in NAMES])
    assert told == ["did one", "did two", "did three"]
    assert await names_in(store) == set(NAMES)
    assert calls.items[0] == list(NAMES)
    assert calls.items[1:] == [[name] for name in NAMES]
    await store.close()


def make_fault(kind: str, vfs: FaultVfs, step: int) -> BreakAt:
    match kind:
        case "interrupt":
            return BreakAt(step, interrupt_next)
        case "full, page count":
            return BreakAt(step, no_more_pages, more_pages)
        case "full, spill":
            return break_by_vfs(apsw.FullError, vfs, step)
        case _:
            return break_by_vfs(apsw.IOError, vfs, step)


@pytest.mark.parametrize(
    ("error", "told"), [(apsw.FullError, StoreFull), (apsw.IOError, StoreFailed)]
)
async def test_the_commit_fails(error: type[apsw.Error], told: type[Exception]) -> None:
    vfs = FaultVfs()
    store = await new_store(options=replace(TEST_OPTIONS, vfs=vfs.vfs_name))
    vfs.fault = Fault("write", error, times=None)
    outcomes = await run_in_one_batch(store, [Together(Calls().do, name) for name in NAMES])
    assert [type(outcome) for outcome in outcomes] == [told] * 3
    vfs.fault = None
    await store.close()
