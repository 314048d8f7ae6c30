"""Runs the checks of the protocol libraries: asks DNS what they want to know, within bounds."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from roost.base.lookup import Answer, Check, Fault, Lookup, Status
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.resolver import Resolver

T = TypeVar("T")

# How often a check that is over a bound may ask on: enough to come to its own temporary result.
MAX_ROUNDS_IN_VAIN = 20


@dataclass(frozen=True, slots=True)
class LookupLimits:
    """Bounds on one check.

    lookups: questions, whether DNS was asked or memory. seconds: after which nothing more is asked;
    what is being asked by then has the resolver's own bound.
    """

    lookups: int = 200
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A check that came to nothing: a temporary failure, as if DNS had not answered."""

    fault: Fault


def _unwatched(_question: Lookup, _answer: Answer) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers what checks ask. watch: called with each question and what came of it."""

    resolver: Resolver
    clock: Clock
    log: Log
    limits: LookupLimits = LookupLimits()
    watch: Callable[[Lookup, Answer], None] = _unwatched

    async def run(self, check: Check[T]) -> T | Unfinished:
        """The result of the check. The lookups of one yield run at once.

        Over a bound every further answer is TEMPORARY, so that the check comes to the result it
        has for that; one that asks on all the same is ended and is Unfinished.
        """
        budget = _Budget(self.limits.lookups, self.clock.monotonic() + self.limits.seconds)
        in_vain = 0
        try:
            questions = next(check)
            while in_vain <= MAX_ROUNDS_IN_VAIN:
                fault = self._over(budget, len(questions))
                if fault is not None:
                    in_vain += 1
                answers = await self._answers(questions, fault)
                questions = check.send(answers)
        except StopIteration as done:
            result: T = done.value
            return result
        check.close()
        return Unfinished(budget.fault or Fault.LIMIT)

    async def _answers(
        self, questions: tuple[Lookup, ...], fault: Fault | None
    ) -> tuple[Answer, ...]:
        if fault is not None:
            answers = [Answer(one.name, Status.TEMPORARY, fault=fault) for one in questions]
        elif len(questions) == 1:
            answers = [await self.resolver.lookup(questions[0])]
        else:
            answers = await asyncio.gather(*map(self.resolver.lookup, questions))
        for question, answer in zip(questions, answers, strict=True):
            self.watch(question, answer)
        return tuple(answers)

    def _over(self, budget: "_Budget", more: int) -> Fault | None:
        """Which bound is passed if so many are asked now; logged the first time."""
        budget.left -= more
        if budget.fault is None:
            if budget.left < 0:
                budget.fault = Fault.LIMIT
            elif self.clock.monotonic() >= budget.until:
                budget.fault = Fault.TIMEOUT
            if budget.fault is not None:
                self.log.info(Event.LOOKUPS_STOPPED, reason=budget.fault.value)
        return budget.fault


@dataclass(slots=True)
class _Budget:
    """What a check may still ask, and the bound it is over."""

    left: int
    until: float
    fault: Fault | None = None
