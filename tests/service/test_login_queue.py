"""Who gets a thread: whoever did nothing wrong, before whoever guesses."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from roost.service.login_queue import LoginBusy, RankedQueue


class Line:
    """A queue of one thread that a first step holds until `open`."""

    def __init__(self, pool: ThreadPoolExecutor, max_waiting: int = 64) -> None:
        self.queue = RankedQueue(pool, threads=1, max_waiting=max_waiting)
        self.gate = Event()
        self.done: list[str] = []
        self.tasks = [self.ask("first", step=self.gate.wait)]

    def ask(
        self, name: str, rank: int = 0, step: Callable[[], object] | None = None
    ) -> asyncio.Task[None]:
        async def run() -> None:
            await self.queue.run(step or partial(self.done.append, name), rank)

        return asyncio.get_running_loop().create_task(run())

    async def asked(self, *wanted: tuple[str, int]) -> list[asyncio.Task[None]]:
        added = []
        for name, rank in wanted:
            added.append(self.ask(name, rank))
            await asyncio.sleep(0)
        self.tasks += added
        return added

    async def open(self) -> list[BaseException | None]:
        self.gate.set()
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_lower_ranks_come_first_and_of_equal_ones_the_newest() -> None:
    with ThreadPoolExecutor(1) as pool:
        line = Line(pool)
        await line.asked(("b9", 9), ("a0", 0), ("c9", 9), ("d0", 0), ("e3", 3))
        await line.open()
        assert line.done == ["d0", "a0", "e3", "c9", "b9"]


async def test_whoever_guesses_gives_way_when_all_places_are_taken() -> None:
    with ThreadPoolExecutor(1) as pool:
        line = Line(pool, max_waiting=4)
        await line.asked(("old guess", 5), ("new guess", 5), ("fine", 0), ("also fine", 0))
        outcomes = await line.open()
        assert [isinstance(one, LoginBusy) for one in outcomes] == [
            False,
            True,
            False,
            False,
            False,
        ]
        assert line.done == ["also fine", "fine", "new guess"]


async def test_a_guess_finds_no_place_among_those_who_did_nothing_wrong() -> None:
    with ThreadPoolExecutor(1) as pool:
        line = Line(pool, max_waiting=3)
        await line.asked(("a", 0), ("b", 0))
        [guess] = await line.asked(("guess", 1))
        with pytest.raises(LoginBusy):
            await guess
        await line.open()
        assert line.done == ["b", "a"]


async def test_whoever_leaves_the_line_is_not_waited_for() -> None:
    with ThreadPoolExecutor(1) as pool:
        line = Line(pool)
        gone, _ = await line.asked(("gone", 0), ("stays", 1))
        gone.cancel()
        await asyncio.sleep(0)
        await line.open()
        assert line.done == ["stays"]
        await line.queue.run(partial(line.done.append, "later"))
        assert line.done == ["stays", "later"]


async def test_whoever_leaves_at_its_turn_passes_it_on() -> None:
    with ThreadPoolExecutor(1) as pool:
        line = Line(pool)
        gone, _ = await line.asked(("gone", 0), ("stays", 1))
        line.queue._pass_on()  # its turn has come, and it has not noticed yet
        gone.cancel()
        await asyncio.sleep(0)
        await line.open()
        assert line.done == ["stays"]


async def test_a_step_that_raises_makes_room_as_well() -> None:
    with ThreadPoolExecutor(1) as pool:
        queue = RankedQueue(pool, threads=1, max_waiting=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run(partial(divmod, 1, 0))
