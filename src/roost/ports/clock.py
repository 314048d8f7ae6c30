"""Time, as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The time: aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back. For waits and limits, never stored."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
