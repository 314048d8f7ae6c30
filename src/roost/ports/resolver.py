"""DNS, as an argument."""

from typing import Protocol

from roost.base.lookup import Answer, Lookup


class Resolver(Protocol):
    """Answers questions of DNS; never raises, a failure is an Answer with Status.TEMPORARY."""

    async def lookup(self, question: Lookup) -> Answer:
        """Ask one question; CNAMEs are followed, and the time it takes is bounded.

        A name that DNS cannot hold (too long, an empty label, not ASCII) is NXDOMAIN unasked.
        """
        ...
