"""The question a protocol library may ask of DNS, and what it is told."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Status(Enum):
    """How a lookup ended."""

    OK = "ok"
    NONE = "none"  # the name exists, the type does not
    NXDOMAIN = "nxdomain"
    TEMPORARY = "temporary"  # time-out, SERVFAIL, bogus: asking again may help


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question: an absolute name without the last dot, and a record type such as "TXT"."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    records: text of each record in the form of its type (TXT joined; MX as "10 host").
    authentic: whether a resolver we believe vouched for it with DNSSEC (RFC 4035 section 3.2.3).
    ttl: seconds the answer may be kept.
    """

    name: str
    status: Status
    records: tuple[str, ...] = ()
    authentic: bool = False
    ttl: int = 0


# The lookups of one yield run at once; the answers come back in their order.
Check = Generator[tuple[Lookup, ...], tuple[Answer, ...], T]
