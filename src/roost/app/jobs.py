"""Work in the background: tasks that never end, and jobs that come round."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from roost.base.errors import ServiceError
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event

PAUSE_AFTER_FAILURE = timedelta(seconds=30)


class Background:
    """Keeps tasks alive and ends them; one that fails is logged and, where it should, restarted."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def once(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end, whoever asked for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def for_ever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, and again after a pause when it fails."""
        self.once(self._for_ever(name, work))

    def every(self, name: str, step: timedelta, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` now and then again `step` after it ended."""

        async def rounds() -> None:
            while True:
                await work()
                await self._clock.sleep(step.total_seconds())

        self.for_ever(name, rounds)

    async def close(self) -> None:
        """Cancel everything and wait until it is over."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except ServiceError as error:
                self._log.warning(Event.JOB_FAILED, job=name, reason=error.code)
            except Exception as error:
                self._log.error(Event.JOB_FAILED, error=error, job=name)
            await self._clock.sleep(PAUSE_AFTER_FAILURE.total_seconds())

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error(Event.JOB_FAILED, error=error, job="background")
