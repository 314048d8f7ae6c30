"""Runs a check of a protocol library against a dictionary of DNS."""

from typing import TypeVar

from roost.base.lookup import Answer, Check, Lookup
from roost.testing.resolver import ZoneResolver

T = TypeVar("T")

MAX_ROUNDS = 1_000


def run_check(check: Check[T], zone: ZoneResolver) -> T:
    """What the check comes to when `zone` answers its questions."""
    answers: tuple[Answer, ...] | None = None
    try:
        for _ in range(MAX_ROUNDS):
            questions: tuple[Lookup, ...] = check.send(answers) if answers else next(check)
            answers = tuple(map(zone.answer, questions))
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError(f"the check is not done after {MAX_ROUNDS} rounds of questions")
