"""A connection that was slowed down: it reads now and then, and its answers leave drop by drop.

What waits for a slow peer is bounded: nothing is read while an answer is on its way, and who makes
us answer more than MAX_WAITING_OCTETS to one read is cut off.
"""

import asyncio
from collections.abc import Callable

from roost.listen.service import SlowTimes

MAX_WAITING_OCTETS = 64 * 1024


class Drip:
    """Sends octets one by one, the rest at once when its time is up.

    send: gives octets to the transport. flooded: called when too many wait. dry: called when the
    last one left.
    """

    __slots__ = ("_began", "_dry", "_flooded", "_loop", "_send", "_timer", "_times", "_waiting")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        times: SlowTimes,
        send: Callable[[bytes], None],
        flooded: Callable[[], None],
        dry: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._times = times
        self._send = send
        self._flooded = flooded
        self._dry = dry
        self._waiting = bytearray()
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        """Whether octets wait."""
        return bool(self._waiting)

    def put(self, octets: bytes) -> None:
        """Send these behind those that wait."""
        self._waiting += octets
        if len(self._waiting) > MAX_WAITING_OCTETS:
            self.stop()
            self._flooded()
        elif self._timer is None:
            self._began = self._loop.time()
            self._plan()

    def pour(self) -> None:
        """Send all that waits now."""
        octets = bytes(self._waiting)
        self.stop()
        if octets:
            self._send(octets)

    def stop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self) -> None:
        self._timer = self._loop.call_later(self._times.step_seconds, self._drop)

    def _drop(self) -> None:
        self._timer = None
        if self._loop.time() - self._began >= self._times.answer_seconds:
            self.pour()
        else:
            self._send(bytes(self._waiting[:1]))
            del self._waiting[:1]
        if self._waiting:
            self._plan()
        else:
            self._dry()


class Rest:
    """Keeps a transport from being read for a while after each read.

    may_read: whether it may go on; asked again a step later where not. read_on: reads again.
    """

    __slots__ = ("_loop", "_may_read", "_read_on", "_step_seconds", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        times: SlowTimes,
        may_read: Callable[[], bool],
        read_on: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._step_seconds = times.step_seconds
        self._may_read = may_read
        self._read_on = read_on
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        """Whether nothing is read for now."""
        return self._timer is not None

    def begin(self) -> None:
        """Something was read."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._step_seconds, self._over)

    def stop(self) -> None:
        """Rest no more; whoever asks for it reads on by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        if self._may_read():
            self._read_on()
        else:
            self.begin()
