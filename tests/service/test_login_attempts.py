"""The list of logins: written in batches, behind everybody's back, whatever comes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from roost.base.ids import AccountId
from roost.service.login_attempts import LoginAttempts, page
from roost.store.engine import StoreFull
from roost.store.login_attempts import NOBODY, Attempt, Seen, Wanted
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ANNA = Attempt(
    AccountId(1), "anna@example.org", "imap", "PLAIN", "Mail 1.0", "192.0.2.1", "TLSv1.3", "ok"
)


class CountingStore:
    """A store that counts its writes, and has no room when a test says so."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.writes = 0
        self.full = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def write(self, work: object) -> object:
        if self.full:
            raise StoreFull
        self.writes += 1
        return await self._store.write(work)  # type: ignore[attr-defined]


class House:
    def __init__(self, store: CountingStore, max_waiting: int = 2_000) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.attempts = LoginAttempts(store, self.clock, max_waiting=max_waiting)  # type: ignore[arg-type]

    async def listed(self, wanted: Wanted | None = None) -> list[Seen]:
        rows, _ = await page(self.store, wanted or Wanted(), None)  # type: ignore[arg-type]
        return rows


async def new_house(max_waiting: int = 2_000) -> House:
    return House(CountingStore(await new_store()), max_waiting)


async def test_a_thousand_like_ones_a_second_are_one_row_in_one_write() -> None:
    house = await new_house()
    for _ in range(1_000):
        house.attempts.note(ANNA)
    await house.attempts.flush()
    assert [row.count for row in await house.listed()] == [1_000]
    assert house.store.writes == 1


async def test_they_are_written_a_second_later_and_nothing_while_nobody_comes() -> None:
    house = await new_house()
    task = asyncio.ensure_future(house.attempts.run())
    await settle()
    house.clock.advance(timedelta(seconds=10))
    await settle()
    assert house.store.writes == 0
    house.attempts.note(ANNA)
    await settle()
    assert house.store.writes == 0
    house.clock.advance(timedelta(seconds=1))
    async with asyncio.timeout(5):
        while not await house.listed():
            await asyncio.sleep(0)
    assert house.store.writes == 1
    task.cancel()


async def test_beyond_the_bound_only_protocol_and_outcome_are_kept_and_none_is_lost() -> None:
    house = await new_house(max_waiting=10)
    for number in range(500):
        wrong = replace(ANNA, name=f"n{number}@example.org", outcome="wrong_password")
        house.attempts.note(wrong)
    assert len(house.attempts._waiting) == 11
    await house.attempts.flush()
    rows = await house.listed()
    assert sum(row.count for row in rows) == 500
    [coarse] = await house.listed(Wanted(account=NOBODY))
    assert coarse.attempt == Attempt(NOBODY, "", "imap", "", "", "", "", "wrong_password")
    assert coarse.count == 490


async def test_a_full_disk_loses_nothing_that_waits() -> None:
    house = await new_house()
    house.attempts.note(ANNA)
    house.store.full = True
    with pytest.raises(StoreFull):
        await house.attempts.flush()
    house.attempts.note(ANNA)
    house.store.full = False
    await house.attempts.flush()
    assert [row.count for row in await house.listed()] == [2]


async def test_many_different_ones_are_written_500_at_a_time() -> None:
    house = await new_house()
    for number in range(1_200):
        house.attempts.note(replace(ANNA, client=f"client {number}"))
    await house.attempts.flush()
    assert house.store.writes == 3


async def test_what_a_client_says_is_cut_and_stays_on_one_line() -> None:
    house = await new_house()
    house.attempts.note(replace(ANNA, name="x" * 5_000, client="a\r\nb\x1b[31m"))
    await house.attempts.flush()
    [row] = await house.listed()
    assert row.attempt.name == "x" * 200
    assert row.attempt.client == "a??b?[31m"


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
