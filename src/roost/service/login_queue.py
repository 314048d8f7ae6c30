"""Who gets a thread for a slow hash: who is known, who failed least, who came last.

Checking a password costs some 20 ms of a core, and anybody may ask for it. Whoever guesses waits
behind whoever does not, and gives up the place when all are taken.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from roost.base.errors import ServiceError

T = TypeVar("T")

MAX_WAITING = 256
THREADS = 2


@dataclass(eq=False)
class LoginBusy(ServiceError):
    """Too many passwords wait to be checked."""

    code: ClassVar[str] = "login_busy"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "too many people sign in at the moment: try again in a minute"


@dataclass(eq=False, slots=True)
class _Waiter:
    """One that waits. order: rises with each."""

    rank: int
    order: int
    turn: asyncio.Future[None]


class RankedQueue:
    """Runs steps in threads, a few at once, in order of rank."""

    def __init__(
        self, pool: Executor, *, threads: int = THREADS, max_waiting: int = MAX_WAITING
    ) -> None:
        """threads: how many run at once. max_waiting: how many may run or wait."""
        self._pool = pool
        self._threads = threads
        self._max_waiting = max_waiting
        self._running = 0
        self._order = 0
        self._waiting: list[_Waiter] = []

    async def run(self, step: Callable[[], T], rank: int = 0) -> T:
        """What `step` returns, called in a thread.

        rank: 0 for who did nothing wrong; lower ones come first, of equal ones the newest.
        Raises LoginBusy, also for one that waited and has to give way.
        """
        if self._running < self._threads and self._running < self._max_waiting:
            self._running += 1
        else:
            await self._wait(rank)
        done = asyncio.get_running_loop().run_in_executor(self._pool, step)
        done.add_done_callback(self._pass_on)
        return await done

    async def _wait(self, rank: int) -> None:
        """Return when one of those that run made room, and left its place to us."""
        self._order += 1
        waiter = _Waiter(rank, self._order, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        if self._running + len(self._waiting) > self._max_waiting:
            # The newest of equal rank goes first: in a flood, whoever waited longest has given up.
            worst = max(self._waiting, key=lambda one: (one.rank, -one.order))
            self._waiting.remove(worst)
            worst.turn.set_exception(LoginBusy())
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self._pass_on()
            raise

    def _pass_on(self, _done: object = None) -> None:
        """One has ended: the next takes its place."""
        while self._waiting:
            best = min(self._waiting, key=lambda one: (one.rank, -one.order))
            self._waiting.remove(best)
            if not best.turn.done():
                best.turn.set_result(None)
                return
        self._running -= 1
