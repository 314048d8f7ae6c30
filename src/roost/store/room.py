"""A bound on what waits. Lives on the loop."""

import asyncio
from collections import deque

from roost.store.engine import StoreFailed


class Room:
    """Lets in at most so many things and octets at once; who comes later waits in line.

    A thing larger than the whole room is let in when nothing else is inside.
    """

    def __init__(self, things: int, octets: int) -> None:
        self._max_things = things
        self._max_octets = octets
        self._things = 0
        self._octets = 0
        self._line: deque[tuple[asyncio.Future[None], int]] = deque()
        self._empty: list[asyncio.Future[None]] = []

    @property
    def things(self) -> int:
        """How many are inside."""
        return self._things

    async def enter(self, octets: int = 0) -> None:
        """Return when there is room, which is then taken."""
        if not self._line and self._fits(octets):
            self._take(octets)
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append((turn, octets))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(octets)  # let in and cancelled at the same moment
            else:
                self._admit()  # whoever stands behind may fit
            raise

    def leave(self, octets: int = 0, things: int = 1) -> None:
        """Give back the room of `things` things with `octets` octets altogether."""
        self._things -= things
        self._octets -= octets
        self._admit()
        if not self._things:
            for waiter in self._empty:
                if not waiter.done():
                    waiter.set_result(None)
            self._empty.clear()

    async def emptied(self) -> None:
        """Return when nothing is inside or in line."""
        while self._things > 0:
            waiter = asyncio.get_running_loop().create_future()
            self._empty.append(waiter)
            await waiter

    def turn_away(self) -> None:
        """Answer StoreFailed to everyone in line."""
        while self._line:
            turn, _ = self._line.popleft()
            if not turn.done():
                turn.set_exception(StoreFailed())

    def _fits(self, octets: int) -> bool:
        if not self._things:
            return True
        return self._things < self._max_things and self._octets + octets <= self._max_octets

    def _take(self, octets: int) -> None:
        self._things += 1
        self._octets += octets

    def _admit(self) -> None:
        while self._line:
            turn, octets = self._line[0]
            if not turn.done():
                if not self._fits(octets):
                    return
                self._take(octets)
                turn.set_result(None)
            self._line.popleft()
