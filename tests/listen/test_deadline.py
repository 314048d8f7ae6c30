"""One lazy timer does what many would."""

import asyncio

from roost.listen.deadline import Deadline


class Missed:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.at: list[float] = []
        self.begun = self.loop.time()
        self.deadline = Deadline(self.loop, self.miss)

    def miss(self) -> None:
        self.at.append(self.loop.time() - self.begun)


async def test_it_fires_when_nobody_renews_and_again_after() -> None:
    missed = Missed()
    missed.deadline.set(0.01)
    await asyncio.sleep(0.035)
    missed.deadline.stop()
    assert len(missed.at) >= 2
    assert missed.at[0] >= 0.008


async def test_renewing_puts_it_off() -> None:
    missed = Missed()
    missed.deadline.set(0.05)
    for _ in range(10):
        await asyncio.sleep(0.01)
        missed.deadline.renew()
    assert missed.at == []
    missed.deadline.stop()


async def test_a_shorter_wait_takes_effect_and_a_longer_one_too() -> None:
    missed = Missed()
    missed.deadline.set(60)
    missed.deadline.set(0.005)
    await asyncio.sleep(0.02)
    assert missed.at
    missed.at.clear()
    missed.deadline.set(0.005)
    missed.deadline.set(60)
    await asyncio.sleep(0.02)
    assert missed.at == []
    missed.deadline.stop()
