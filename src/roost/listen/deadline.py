"""One timer per connection, however often its deadline moves."""

import asyncio
from collections.abc import Callable

# Loops round timers to milliseconds; one that fires a little early has fired.
_SLACK_SECONDS = 0.001


class Deadline:
    """Calls `missed` when `renew` was not called for as long as `set` said.

    Renewing only moves a number. The timer looks at it when it fires, and waits for the rest.
    """

    __slots__ = ("_due", "_loop", "_missed", "_seconds", "_timer", "_timer_due")

    def __init__(self, loop: asyncio.AbstractEventLoop, missed: Callable[[], None]) -> None:
        self._loop = loop
        self._missed = missed
        self._seconds = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0

    def set(self, seconds: float) -> None:
        """Wait for `seconds` from now on, and again after each `renew` and each miss."""
        self._seconds = seconds
        self.renew()
        if self._timer is None or self._timer_due > self._due:
            self._arm()

    def renew(self) -> None:
        """Begin the wait anew."""
        self._due = self._loop.time() + self._seconds

    def stop(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = self._due
        self._timer = self._loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        missed = self._loop.time() + _SLACK_SECONDS >= self._due
        if missed:
            self.renew()
        self._arm()
        if missed:
            self._missed()
