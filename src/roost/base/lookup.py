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


class Fault(Enum):
    """Why a lookup is TEMPORARY."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no server is there, or its answer broke off
    SERVFAIL = "servfail"  # the servers could not find out
    REFUSED = "refused"  # the servers do not answer us
    BOGUS = "bogus"  # there is an answer, and DNSSEC says that it is forged or broken
    MALFORMED = "malformed"  # an answer that cannot be, such as an endless chain of CNAMEs
    BUSY = "busy"  # we ask too much at once
    LIMIT = "limit"  # whoever asks is over a limit of its own; DNS was not asked
    UNKNOWN_TYPE = "unknown_type"  # a record type that the resolver has no text for


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question: an absolute name without the last dot, and a record type such as "TXT"."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    name: as it was asked, also where the records are those of another name behind a CNAME.
    records: text of each record in the form of its type: TXT joined, each octet the character of
    that number, so that text.encode("latin-1") gives the octets back; MX as "10 host"; TLSA as
    "3 1 1" and the rest in hexadecimal. Names in them are in lower case without the last dot, but
    for the root, which is ".".
    authentic: whether a resolver we believe vouched for it with DNSSEC (RFC 4035 section 3.2.3).
    ttl: seconds the answer may be kept.
    fault: why it is TEMPORARY; None when it is not, or nobody knows.
    """

    name: str
    status: Status
    records: tuple[str, ...] = ()
    authentic: bool = False
    ttl: int = 0
    fault: Fault | None = None


# The lookups of one yield run at once; the answers come back in their order.
Check = Generator[tuple[Lookup, ...], tuple[Answer, ...], T]
