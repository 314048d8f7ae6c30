"""Failed logins, counted by address and network, for all protocols together."""

import asyncio
from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.service.login_limits import FAMILIAR, FailedLogins, FailedLoginSettings
from roost.service.login_outcome import LoginLimited
from roost.testing.clock import StoppedClock

HOME = "192.0.2.1"


class Guesser:
    """Fails to sign in, from wherever a test says."""

    def __init__(self, **settings: int | bool) -> None:
        self.clock = StoppedClock()
        self.limits = FailedLogins(self.clock, FailedLoginSettings(**settings))  # type: ignore[arg-type]

    async def guess(self, ip: str | None = HOME, times: int = 1) -> int:
        """How many of so many guesses were looked at."""
        looked_at = 0
        for _ in range(times):
            try:
                await self.begin(ip)
            except LoginLimited:
                continue
            self.limits.failed(ip_address(ip) if ip else None)
            self.limits.end(ip_address(ip) if ip else None)
            looked_at += 1
        return looked_at

    async def begin(self, ip: str | None = HOME) -> int:
        return await self.limits.begin(ip_address(ip) if ip else None)

    def end(self, ip: str = HOME) -> None:
        self.limits.end(ip_address(ip))

    def refused(self, ip: str = HOME) -> bool:
        return self.limits.refuses(ip_address(ip))


async def test_ten_a_minute_and_fifty_a_day_are_looked_at() -> None:
    guesser = Guesser()
    assert await guesser.guess(times=20) == 10
    looked_at = 10
    for _ in range(10):
        guesser.clock.advance(timedelta(minutes=1))
        looked_at += await guesser.guess(times=20)
    assert looked_at == 50
    guesser.clock.advance(timedelta(days=1))
    assert await guesser.guess(times=20) == 10


@pytest.mark.parametrize(
    ("addresses", "looked_at"),
    [
        ([f"192.0.2.{n}" for n in range(10)], 30),
        ([f"192.0.{n}.1" for n in range(8)] + [f"192.0.{n}.65" for n in range(8)], 90),
        ([f"192.{n}.2.1" for n in range(20)], 200),
        ([f"2001:db8:0:0:{n:x}::1" for n in range(10)], 10),
        ([f"2001:db8:0:{n:x}::1" for n in range(10)], 30),
        ([f"2001:db8:{n:x}::1" for n in range(20)], 90),
        ([f"2001:{n:x}::1" for n in range(20)], 200),
    ],
    ids=["/26", "/21", "others", "one /64", "/48", "/32", "other /32"],
)
async def test_networks_may_fail_three_and_nine_times_as_often(
    addresses: list[str], looked_at: int
) -> None:
    guesser = Guesser()
    assert sum([await guesser.guess(address, times=20) for address in addresses]) == looked_at


async def test_a_right_password_clears_its_address_and_only_that() -> None:
    guesser = Guesser()
    await guesser.guess(times=10)
    await guesser.guess("192.0.2.2", times=10)
    guesser.limits.succeeded(ip_address(HOME))
    assert not guesser.refused()
    assert guesser.refused("192.0.2.2")
    assert await guesser.guess(times=20) == 10
    # Ten of the neighbour and ten of ours count in the network: ten more, not twenty.
    assert await guesser.guess("192.0.2.3", times=20) == 10
    assert guesser.refused("192.0.2.4")


async def test_who_is_not_at_fault_is_not_counted() -> None:
    guesser = Guesser()
    for _ in range(100):
        await guesser.begin()
        guesser.end()
    assert await guesser.guess(times=20) == 10


async def test_the_rank_says_how_often_it_failed_today_or_is_at_it() -> None:
    guesser = Guesser()
    assert [await guesser.begin() for _ in range(4)] == [0, 1, 2, 3]
    for _ in range(4):
        guesser.limits.failed(ip_address(HOME))
        guesser.end()
    guesser.clock.advance(timedelta(minutes=1))
    assert await guesser.begin() == 4
    assert await guesser.begin("192.0.2.2") == 1, "a third of what its network did"
    assert await guesser.begin("198.51.100.1") == 0


async def test_where_somebody_signed_in_before_is_familiar_until_it_fails() -> None:
    guesser = Guesser(max_tracked=30)
    guesser.limits.succeeded(ip_address(HOME))
    assert await guesser.begin() == FAMILIAR
    guesser.end()
    await guesser.guess()
    assert await guesser.begin() == 1
    for number in range(100):
        guesser.limits.succeeded(ip_address(f"10.{number}.0.1"))
    assert len(guesser.limits._good) == 30


async def test_as_many_as_may_fail_are_checked_at_once_and_the_next_waits_for_one() -> None:
    guesser = Guesser(per_minute=3)
    await guesser.guess()
    await guesser.begin()
    await guesser.begin()
    others = [asyncio.ensure_future(guesser.begin()) for _ in range(3)]
    elsewhere = await guesser.begin("198.51.100.1")
    await asyncio.sleep(0)
    assert (elsewhere, [one.done() for one in others]) == (0, [False] * 3)
    others.pop().cancel()
    guesser.end()
    await settle()
    assert [one.done() for one in others] == [True, False]
    guesser.limits.succeeded(ip_address(HOME))
    guesser.end()
    await settle()
    assert [one.done() for one in others] == [True, True]


async def test_whoever_waits_is_refused_once_too_many_failed() -> None:
    guesser = Guesser(per_minute=1)
    await guesser.begin()
    waiting = asyncio.ensure_future(guesser.begin())
    await settle()
    guesser.limits.failed(ip_address(HOME))
    guesser.end()
    with pytest.raises(LoginLimited):
        await waiting
    assert guesser.limits._open == {}
    assert guesser.limits._waiting == {}


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("exempt", "looked_at"), [(True, 20), (False, 10)])
@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
async def test_loopback_is_exempt_by_option(ip: str, exempt: bool, looked_at: int) -> None:
    assert await Guesser(exempt_loopback=exempt).guess(ip, times=20) == looked_at


async def test_a_local_socket_has_no_address_to_limit() -> None:
    guesser = Guesser()
    assert await guesser.guess(None, times=20) == 20
    guesser.limits.succeeded(None)


async def test_memory_is_bounded_and_those_that_guess_stay_limited() -> None:
    guesser = Guesser(max_tracked=30)
    for number in range(200):
        await guesser.guess(f"10.{number}.0.1")
        await guesser.guess(HOME, times=2)
    assert guesser.refused()
    assert len(guesser.limits._day._counts) <= 30


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["wrong", "right", "busy"]))))
async def test_no_address_is_looked_at_more_often_than_it_may_without_a_right_one(
    tries: list[tuple[int, str]],
) -> None:
    guesser = Guesser(per_minute=3, per_day=5)
    wrong = dict.fromkeys(range(4), 0)
    for number, outcome in tries:
        ip = ip_address(f"192.0.2.{number}")
        try:
            await guesser.limits.begin(ip)
        except LoginLimited:
            assert sum(wrong.values()) >= 3
            continue
        if outcome == "right":
            guesser.limits.succeeded(ip)
            wrong[number] = 0
        elif outcome == "wrong":
            guesser.limits.failed(ip)
            wrong[number] += 1
        guesser.limits.end(ip)
        assert wrong[number] <= 3
