"""What every protocol's sessions do about signing in."""

from dataclasses import dataclass, field

from roost.ports.clock import Clock
from roost.ports.net import Wire

MAX_FAILED_LOGINS = 10
FREE_FAILURES = 3  # a mistake or two is human


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a client said to sign in with.

    mechanism: SASL's name, "LOGIN" for IMAP's command too. client: what the program calls itself.
    """

    mechanism: str
    username: str
    password: str = field(repr=False)
    client: str


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
