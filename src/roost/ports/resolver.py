"""DNS, as an argument."""

from typing import Protocol

from roost.base.lookup import Answer, Lookup


class Resolver(Protocol):
    """Answers questions of DNS; never raises, a failure is an Answer with Status.TEMPORARY."""

    async def lookup(self, question: Lookup) -> Answer:
        """Ask one question."""
        ...
