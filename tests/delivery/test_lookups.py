"""Checks of the protocol libraries, run with a resolver and its bounds."""

import asyncio
from collections.abc import Generator
from datetime import timedelta
from ipaddress import ip_address

import pytest

from roost.base.lookup import Answer, Check, Fault, Lookup, Status
from roost.delivery.lookups import MAX_ROUNDS_IN_VAIN, LookupLimits, Lookups, Unfinished
from roost.ports.log_events import Event
from roost.proto.spf.check import Identity, check_host
from roost.proto.spf.record import Result
from roost.testing.clock import START, StoppedClock
from roost.testing.log import ListLog
from roost.testing.resolver import TEMPORARY, ZoneResolver

ZONE = {
    ("a.test", "TXT"): ["v=spf1 mx include:b.test -all"],
    ("a.test", "MX"): ["10 mx1.a.test", "20 mx2.a.test"],
    ("mx1.a.test", "A"): ["192.0.2.1"],
    ("mx2.a.test", "A"): ["192.0.2.2"],
    ("b.test", "TXT"): ["v=spf1 ip4:192.0.2.3"],
    ("c.test", "TXT"): TEMPORARY,
}


class Asked(ZoneResolver):
    """Answers once all that is asked at once has been asked; slow: moves the clock each time."""

    def __init__(self, clock: StoppedClock | None = None) -> None:
        super().__init__(ZONE)
        self.at_once = 0
        self.most_at_once = 0
        self._clock = clock

    async def lookup(self, question: Lookup) -> Answer:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self._clock is not None:
            self._clock.advance(timedelta(seconds=10))
        return self.answer(question)


def spf(ip: str, domain: str = "a.test") -> Check[object]:
    return check_host(Identity(ip_address(ip), "x", domain, domain, "mx.test", START))


@pytest.mark.parametrize(
    ("ip", "domain", "result"),
    [
        ("192.0.2.2", "a.test", Result.PASS),
        ("192.0.2.3", "a.test", Result.PASS),
        ("192.0.2.4", "a.test", Result.FAIL),
        ("192.0.2.4", "c.test", Result.TEMPERROR),
        ("192.0.2.4", "nobody.test", Result.NONE),
    ],
)
async def test_a_check_comes_to_its_result(ip: str, domain: str, result: Result) -> None:
    found = await Lookups(Asked(), StoppedClock(), ListLog()).run(spf(ip, domain))
    assert getattr(found, "result", None) is result


async def test_the_lookups_of_one_yield_run_at_once_and_are_watched() -> None:
    resolver, seen = Asked(), list[tuple[str, str]]()
    lookups = Lookups(
        resolver,
        StoppedClock(),
        ListLog(),
        watch=lambda question, answer: seen.append((question.name, " ".join(answer.records))),
    )
    await lookups.run(spf("192.0.2.2"))
    assert resolver.most_at_once == 2
    assert seen == [
        ("a.test", "v=spf1 mx include:b.test -all"),
        ("a.test", "10 mx1.a.test 20 mx2.a.test"),
        ("mx1.a.test", "192.0.2.1"),
        ("mx2.a.test", "192.0.2.2"),
    ]


@pytest.mark.parametrize(
    ("limits", "fault", "asked"),
    [(LookupLimits(lookups=3), Fault.LIMIT, 2), (LookupLimits(seconds=15), Fault.TIMEOUT, 2)],
    ids=["number", "time"],
)
async def test_over_a_bound_dns_is_not_asked_and_the_check_fails_for_the_moment(
    limits: LookupLimits, fault: Fault, asked: int
) -> None:
    clock, log, seen = StoppedClock(), ListLog(), list[Answer]()
    resolver = Asked(clock)
    lookups = Lookups(resolver, clock, log, limits, lambda _, answer: seen.append(answer))
    found = await lookups.run(spf("192.0.2.9"))
    assert getattr(found, "result", None) is Result.TEMPERROR
    assert len(resolver.asked) == asked
    assert seen[asked] == Answer("mx1.a.test", Status.TEMPORARY, fault=fault)
    assert [one.facts for one in log.named(Event.LOOKUPS_STOPPED)] == [{"reason": fault.value}]


async def test_a_check_that_asks_for_ever_is_ended() -> None:
    ended, rounds = False, 0

    def for_ever() -> Generator[tuple[Lookup, ...], tuple[Answer, ...], None]:
        nonlocal ended, rounds
        try:
            while True:
                yield (Lookup("a.test", "TXT"),)
                rounds += 1
        finally:
            ended = True

    resolver = Asked()
    limits = LookupLimits(lookups=5)
    found = await Lookups(resolver, StoppedClock(), ListLog(), limits).run(for_ever())
    assert found == Unfinished(Fault.LIMIT)
    assert (ended, len(resolver.asked), rounds) == (True, 5, 5 + MAX_ROUNDS_IN_VAIN + 1)


async def test_a_check_without_questions_has_its_result_at_once() -> None:
    resolver = Asked()
    found = await Lookups(resolver, StoppedClock(), ListLog()).run(spf("192.0.2.1", "localhost"))
    assert getattr(found, "result", None) is Result.NONE
    assert resolver.asked == []
