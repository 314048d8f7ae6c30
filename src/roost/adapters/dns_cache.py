"""Answers of DNS, kept as long as they say, in a bounded space."""

from collections import OrderedDict
from dataclasses import replace

from roost.base.lookup import Answer, Lookup
from roost.ports.clock import Clock

_ENTRY_OCTETS = 500  # what an entry takes beside its texts


class DnsCache:
    """Answers by name and type; those not asked for longest go first.

    max_octets: bound on texts and the rows that hold them, about.
    """

    def __init__(self, clock: Clock, max_octets: int = 16 << 20) -> None:
        self._clock = clock
        self._left = max_octets
        self._kept: OrderedDict[Lookup, tuple[float, Answer]] = OrderedDict()

    def get(self, question: Lookup) -> Answer | None:
        """The answer with the seconds it has left for a ttl; None when there is none, or no more.

        question: its name in lower case, as in `put`.
        """
        kept = self._kept.get(question)
        if kept is None:
            return None
        until, answer = kept
        left = until - self._clock.monotonic()
        if left <= 0:
            self._forget(question)
            return None
        self._kept.move_to_end(question)
        return replace(answer, ttl=int(left))

    def put(self, question: Lookup, answer: Answer, seconds: float) -> None:
        """Keep an answer for so long; 0 or less keeps nothing."""
        self._forget(question)
        if seconds <= 0:
            return
        self._kept[question] = (self._clock.monotonic() + seconds, answer)
        self._left -= _octets(answer)
        while self._left < 0:
            self._forget(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        for question in tuple(self._kept):
            self._forget(question)

    def __len__(self) -> int:
        return len(self._kept)

    def _forget(self, question: Lookup) -> None:
        kept = self._kept.pop(question, None)
        if kept is not None:
            self._left += _octets(kept[1])


def _octets(answer: Answer) -> int:
    return _ENTRY_OCTETS + sum(len(text) + 60 for text in answer.records)
