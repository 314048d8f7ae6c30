"""A blocked loop is measured and told, not too often."""

import asyncio
import time

from roost.listen.stall import StallWatcher
from roost.ports.log_events import Event
from roost.testing.log import ListLog


async def test_a_blocked_loop_is_reported_once_a_minute() -> None:
    delays: list[float] = []
    log = ListLog()
    watcher = StallWatcher(delays.append, log, interval_seconds=0.001)
    watcher.start()
    for _ in range(2):
        await asyncio.sleep(0.003)
        time.sleep(0.03)
        await asyncio.sleep(0.003)
    watcher.stop()
    assert sum(delay > 0.02 for delay in delays) >= 2
    [told] = log.named(Event.LOOP_STALLED)
    assert isinstance(told.facts["worst_ms"], int)
    assert told.facts["worst_ms"] >= 20


async def test_after_stop_nothing_is_measured() -> None:
    delays: list[float] = []
    watcher = StallWatcher(delays.append, ListLog(), interval_seconds=0.001)
    watcher.start()
    watcher.stop()
    await asyncio.sleep(0.005)
    assert delays == []
