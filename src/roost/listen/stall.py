"""Measures how long the loop keeps others waiting."""

import asyncio
from collections.abc import Callable

from roost.ports.log import Log
from roost.ports.log_events import Event

INTERVAL_SECONDS = 0.05
# Design: the loop never waits longer than this.
BOUND_SECONDS = 0.02
# So that a slow machine does not fill its disk with complaints.
_LOG_EVERY_SECONDS = 60.0


class StallWatcher:
    """Asks to be called at an interval and reports how much too late the call came.

    observe: hears every delay in seconds, for a histogram. log: hears the worst one over
        BOUND_SECONDS, at most once a minute.
    """

    def __init__(
        self,
        observe: Callable[[float], None],
        log: Log,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
        log_every_seconds: float = _LOG_EVERY_SECONDS,
    ) -> None:
        self._observe = observe
        self._log = log
        self._interval = interval_seconds
        self._log_every = log_every_seconds
        self._worst = 0.0
        self._logged_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch the running loop from now on."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._interval
        self._timer = loop.call_at(due, self._look, loop, due)

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        delay = max(0.0, now - due)
        self._observe(delay)
        self._worst = max(self._worst, delay)
        quiet = self._logged_at is None or now - self._logged_at >= self._log_every
        if self._worst > BOUND_SECONDS and quiet:
            self._log.warning(Event.LOOP_STALLED, worst_ms=round(self._worst * 1000))
            self._logged_at = now
            self._worst = 0.0
        self.start()
