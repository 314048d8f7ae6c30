"""The list of who signed in and who failed to, written behind everybody's back.

An attempt is noted in memory and written with others a second later: a thousand a second are a few
hundred rows, because those alike are one.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from roost.ports.clock import Clock
from roost.store import login_attempts as rows
from roost.store.engine import MAX_INLINE_ROWS, Store
from roost.store.login_attempts import Attempt, Place, Seen, Wanted

WRITTEN_EVERY = timedelta(seconds=1)
MAX_WAITING = 2_000
MAX_TEXT_LENGTH = 200
MAX_PAGE = 500


class LoginAttempts:
    """Notes attempts and writes them in the background."""

    def __init__(self, store: Store, clock: Clock, *, max_waiting: int = MAX_WAITING) -> None:
        """max_waiting: how many different attempts may wait to be written."""
        self._store = store
        self._clock = clock
        self._max_waiting = max_waiting
        self._waiting: dict[Attempt, Seen] = {}
        self._more = asyncio.Event()

    def note(self, attempt: Attempt) -> None:
        """Add an attempt to the list; long texts are cut.

        Of those that come when too many different ones wait, only protocol and outcome are kept.
        """
        now = self._clock.now()
        name, client = _fit(attempt.name), _fit(attempt.client)
        self._add(Seen(replace(attempt, name=name, client=client), now, now, 1))
        self._more.set()

    async def run(self) -> None:
        """Write what was noted, for ever. Raises StoreFull and StoreFailed; what waits stays."""
        while True:
            await self._more.wait()
            await self._clock.sleep(WRITTEN_EVERY.total_seconds())
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits. Raises StoreFull, StoreFailed."""
        self._more.clear()
        taken, self._waiting = list(self._waiting.values()), {}
        for begin in range(0, len(taken), MAX_INLINE_ROWS):
            batch = taken[begin : begin + MAX_INLINE_ROWS]
            try:
                await self._store.write(lambda tx: rows.record(tx, batch))  # noqa: B023
            except BaseException:
                for one in taken[begin:]:
                    self._add(one)
                self._more.set()
                raise

    def _add(self, seen: Seen) -> None:
        known = self._waiting.get(seen.attempt)
        if known is None and len(self._waiting) >= self._max_waiting:
            one = seen.attempt
            coarse = Attempt(rows.NOBODY, "", one.protocol, "", "", "", "", one.outcome)
            seen = replace(seen, attempt=coarse)
            known = self._waiting.get(coarse)
        if known is not None:
            first, last = min(known.first, seen.first), max(known.last, seen.last)
            seen = Seen(seen.attempt, first, last, known.count + seen.count)
        self._waiting[seen.attempt] = seen


async def page(
    store: Store, wanted: Wanted, after: Place | None, limit: int = MAX_PAGE
) -> tuple[list[Seen], Place | None]:
    """Up to `limit` attempts, the latest first, and where to go on; None at the end."""
    size = max(1, min(limit, MAX_PAGE))
    return await store.scan(lambda tx: rows.page(tx, wanted, after, size))


def _fit(text: str) -> str:
    """A text as a list can show it: one line, not too long."""
    return "".join(one if one.isprintable() else "?" for one in text[:MAX_TEXT_LENGTH])
