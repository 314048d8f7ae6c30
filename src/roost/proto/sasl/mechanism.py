"""The common form of SASL mechanisms, server side. RFC 4422 section 3.

A mechanism is fed what the client says and answers each time with a challenge to send, with the
credentials it has learnt, or with failure. Base64 and the words around it belong to the protocol
that carries the exchange.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

MAX_FIELD_OCTETS = 255  # RFC 4616 section 2: the longest identity or password


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send these octets to the client and feed what it answers."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the client says it is, and the password that shall prove it.

    authorization: the identity to act as, "" where that is `username` itself.
    """

    username: str
    password: str = field(repr=False)
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The client broke the mechanism's rules; `reason` never repeats what it sent."""

    reason: str


Step = Challenge | Credentials | Failed


class Mechanism(Protocol):
    """One exchange; used once."""

    def step(self, octets: bytes | None) -> Step:
        """What to do next.

        octets: what the client said; None at the start when it sent no initial response, which
        is not the same as an empty one (RFC 4422 section 5).
        """
        ...


@dataclass(frozen=True, slots=True)
class Offered:
    """A mechanism as a server offers it.

    name: as registered with IANA. sends_password: whether a listener would learn the password,
    so that it is offered under TLS only. start: makes the state of one exchange.
    """

    name: str
    start: Callable[[], Mechanism]
    sends_password: bool = True


def decode_field(octets: bytes) -> str | None:
    """An identity or password as text; None when it is too long or no UTF-8."""
    if len(octets) > MAX_FIELD_OCTETS:
        return None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
