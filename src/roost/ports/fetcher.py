"""The only HTTP client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP response, read whole and within bounds."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class FetchFailed(Exception):
    """No response could be had; the text says why."""


class Fetcher(Protocol):
    """Makes HTTP requests to URLs that users or peers choose, safely."""

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        max_octets: int,
        timeout_seconds: float,
    ) -> Fetched:
        """One request, no redirects; FetchFailed for a refused address, a failure or a bound."""
        ...
