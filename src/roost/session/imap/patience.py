"""How long a client may be silent, and until when it has to have signed in."""

from roost.ports.clock import Clock
from roost.session.imap.ports import ImapLimits


class Patience:
    """The time that one connection is given; who is not signed in has only so much in all."""

    def __init__(self, clock: Clock, limits: ImapLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._sign_in_by: float | None = None  # of the monotonic clock, None for who did

    @property
    def is_limited(self) -> bool:
        """Whether the client has to sign in, whatever it says until then."""
        return self._sign_in_by is not None

    def follow(self, *, signed_in: bool) -> None:
        """Note whether somebody is signed in; from when nobody is any more, the time runs anew."""
        if signed_in:
            self._sign_in_by = None
        elif self._sign_in_by is None:
            whole = self._limits.login_timeout.total_seconds()
            self._sign_in_by = self._clock.monotonic() + whole

    def whole(self, *, in_literal: bool) -> float:
        """The seconds of silence that end the connection."""
        limits = self._limits
        if self.is_limited:
            return limits.login_timeout.total_seconds()
        wait = limits.literal_timeout if in_literal else limits.idle_timeout
        return wait.total_seconds()

    def left(self, *, in_literal: bool) -> float:
        """The seconds that may pass from now on; 0 or less where signing in took too long."""
        if self._sign_in_by is None:
            return self.whole(in_literal=in_literal)
        return self._sign_in_by - self._clock.monotonic()
