import asyncio

import pytest

from roost.store.engine import StoreFailed
from roost.store.room import Room


async def test_lets_in_by_turns() -> None:
    room, came = Room(things=2, octets=100), []

    async def visit(name: str, octets: int) -> None:
        await room.enter(octets)
        came.append(name)

    tasks = [asyncio.create_task(visit(n, o)) for n, o in (("a", 60), ("b", 60), ("c", 1))]
    await asyncio.sleep(0)
    assert came == ["a"]  # c would fit, and waits behind b
    room.leave(60)
    await asyncio.gather(*tasks)
    assert came == ["a", "b", "c"]
    assert room.things == 2


async def test_one_who_is_let_in_and_cancelled_at_once_gives_the_room_back() -> None:
    room = Room(things=1, octets=0)
    await room.enter()
    waits = asyncio.create_task(room.enter())
    await asyncio.sleep(0)
    room.leave()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert room.things == 0


async def test_a_large_one_that_goes_away_lets_the_next_in() -> None:
    room = Room(things=5, octets=10)
    await room.enter(5)
    large = asyncio.create_task(room.enter(9))
    small = asyncio.create_task(room.enter(5))
    await asyncio.sleep(0)
    large.cancel()
    await small
    assert room.things == 2


async def test_turns_away_who_waits() -> None:
    room = Room(things=1, octets=0)
    await room.enter()
    waits = asyncio.create_task(room.enter())
    await asyncio.sleep(0)
    room.turn_away()
    with pytest.raises(StoreFailed):
        await waits
    assert room.things == 1
