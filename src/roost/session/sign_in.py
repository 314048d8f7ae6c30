"""What every protocol's sessions do about signing in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from roost.ports.clock import Clock
from roost.ports.net import Wire
from roost.ports.random import Random
from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.mechanism import (
    Exchange,
    Failed,
    LookUp,
    Proved,
    Secrets,
    Token,
    make_nonce,
)

LoginT = TypeVar("LoginT")
LoginT_co = TypeVar("LoginT_co", covariant=True)

MAX_FAILED_LOGINS = 10
FREE_FAILURES = 3  # a mistake or two is human
NONCE_OCTETS = 18


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a client said to sign in with.

    mechanism: SASL's name, "LOGIN" for IMAP's command too. client: what the program calls itself.
    """

    mechanism: str
    username: str
    password: str = field(repr=False)
    client: str


class Proof(Protocol[LoginT_co]):
    """One exchange of a mechanism that does not send the password; see service.sasl_login.

    What becomes of it is listed once, whichever is called first.
    """

    async def secrets(self, asked: LookUp) -> Secrets:
        """What a proof is checked against. Raises ServiceError."""
        ...

    async def by_proof(self, proved: Proved) -> LoginT_co:
        """Who signs in. Raises ServiceError."""
        ...

    async def by_token(self, token: Token) -> LoginT_co | None:
        """Who signs in, None for a token that is no good. Raises ServiceError."""
        ...

    def require_own(self, name: str, authorization: str) -> None:
        """Raises ServiceError when a client asks to act for somebody else."""
        ...

    def failed(self, failed: Failed) -> None:
        """The exchange failed by itself."""
        ...

    def broken_off(self) -> None:
        """The client gave up, or is gone."""
        ...


# By mechanism, what the client calls itself, and its connection.
BeginProof = Callable[[str, str, Wire], Proof[LoginT]]


def bindings_of(wire: Wire) -> Bindings:
    """What a login over this connection may be bound to."""
    return wire.tls.bindings if wire.tls is not None else NO_BINDINGS


def fresh_exchange(random: Random, clock: Clock) -> Exchange:
    """What an exchange is given anew: its nonce and the time."""
    nonce = make_nonce(random.octets(NONCE_OCTETS))
    return Exchange(nonce, now=int(clock.now().timestamp()))


class LoginPace:
    """Slows a connection down whose logins fail, and says when it has to go."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0

    async def before(self) -> None:
        """Wait before a login is looked at: a second for the fourth, one more for each after it."""
        over = self._failures + 1 - FREE_FAILURES
        if over > 0:
            await self._clock.sleep(over)

    def failed(self, wire: Wire) -> bool:
        """A login failed; whether there were so many that the connection has to end."""
        self._failures += 1
        if self._failures >= FREE_FAILURES:
            wire.slow_down()
        return self._failures >= MAX_FAILED_LOGINS

    def succeeded(self, wire: Wire) -> None:
        """A login did well: all is forgiven."""
        self._failures = 0
        wire.speed_up()
