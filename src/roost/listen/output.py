"""The way out of a connection: what a session sends, joined, bounded and watched."""

import asyncio
from collections.abc import Callable

from roost.listen.deflate import Deflater
from roost.listen.service import SlowTimes
from roost.listen.slow import Drip
from roost.ports.net import ConnectionLost

HIGH_WATER = 256 * 1024
LOW_WATER = 64 * 1024


class Output:
    """Collects octets for one write per turn of the loop, and says when there is room for more.

    stuck: called when the peer read nothing for `timeout_seconds` while octets waited for it.
    """

    __slots__ = (
        "_chunks",
        "_deflater",
        "_drip",
        "_full",
        "_loop",
        "_lost",
        "_octets",
        "_planned",
        "_stuck",
        "_timeout_seconds",
        "_timer",
        "_transport",
        "_waiters",
        "sent_octets",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, timeout_seconds: float, stuck: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._timeout_seconds = timeout_seconds
        self._stuck = stuck
        self._transport: asyncio.WriteTransport | None = None
        self._chunks: list[bytes] = []
        self._octets = 0
        self._planned = False
        self._full = False
        self._lost = False
        self._waiters: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._deflater: Deflater | None = None
        self._drip: Drip | None = None
        self.sent_octets = 0

    def attach(self, transport: asyncio.WriteTransport) -> None:
        """Write to `transport` from now on."""
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        self.resume()

    def detach(self) -> None:
        """Send what is waiting, then keep what comes until the next `attach`."""
        self.finish()
        self._transport = None
        self.resume()

    def send(self, octets: bytes) -> None:
        """Put octets into the output."""
        self._chunks.append(octets)
        self._octets += len(octets)
        if not self._planned:
            self._planned = True
            self._loop.call_soon(self._turn)

    def flush(self) -> None:
        """Give what was sent to the transport now."""
        # Between the end of a transport and `end`, uvloop's refuses to be written to.
        if not self._chunks or self._transport is None or self._transport.is_closing():
            return
        octets = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._octets = 0
        if self._deflater is not None:
            octets = self._deflater.compress(octets)
        if self._drip is not None:
            self._drip.put(octets)
        else:
            self._write(octets)

    def finish(self) -> None:
        """Give the transport all there is, also what was to leave slowly."""
        self.flush()
        if self._drip is not None:
            self._drip.pour()

    def slow_down(self, times: SlowTimes, flooded: Callable[[], None]) -> None:
        """Send an octet now and then from now on. flooded: called when too many wait."""
        if self._drip is None:
            self.flush()
            self._drip = Drip(self._loop, times, self._write, flooded, self._wake)

    def speed_up(self) -> None:
        """Undo `slow_down`."""
        self.finish()
        self._drip = None
        self._wake()

    @property
    def is_dripping(self) -> bool:
        """Whether octets wait to leave slowly."""
        return bool(self._drip)

    def compress(self) -> None:
        """Send what is waiting as it is, everything after it compressed."""
        self.finish()
        self._deflater = Deflater()

    async def room(self) -> None:
        """See `Wire.room`."""
        if self._octets > HIGH_WATER and not self._full:
            self.flush()
            # A peer on the same machine drains faster than we fill: others want their turn too.
            await asyncio.sleep(0)
        if self._drip is not None:
            self.flush()
        while (self._full or self.is_dripping) and not self._lost:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        if self._lost:
            raise ConnectionLost

    def pause(self) -> None:
        """The transport has enough: watch that the peer goes on reading."""
        self._full = True
        self._watch()

    def resume(self) -> None:
        """The transport has room again."""
        self._full = False
        self._stop_watching()
        self.flush()
        if not self._full:
            self._wake()

    def end(self) -> None:
        """There is nobody to send to any more."""
        self._lost = True
        self._chunks.clear()
        self._octets = 0
        self._transport = None
        if self._drip is not None:
            self._drip.stop()
        self._stop_watching()
        self._wake()

    def _write(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self.sent_octets += len(octets)
            self._transport.write(octets)

    def _turn(self) -> None:
        self._planned = False
        if not self._full:
            self.flush()

    def _wake(self) -> None:
        if self._full and not self._lost:
            return
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _watch(self) -> None:
        self._stop_watching()
        if self._transport is not None:
            waiting = self._transport.get_write_buffer_size()
            self._timer = self._loop.call_later(self._timeout_seconds, self._look, waiting)

    def _look(self, before: int) -> None:
        """While the transport is full nothing is added, so less waiting means the peer read."""
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size() < before:
            self._watch()
        else:
            self._stuck()

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
