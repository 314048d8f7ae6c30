"""The common form of SASL mechanisms, client side. RFC 4422 section 3.

Used as `start` says, then `answer` for each challenge. A server's success is to be believed only
when `is_done`: with SCRAM, only then has the server proved that it knows the password as well.
Names and passwords are given prepared (RFC 8265).
"""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Say:
    """Send these octets as the response."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Derive:
    """Work for a pool: give the result of `run` to `Client.derived`. RFC 5802 section 2.2.

    A thousand iterations take about half a millisecond.
    """

    hash_name: str
    password: str = field(repr=False)
    salt: bytes
    iterations: int

    def run(self) -> bytes:
        """SaltedPassword."""
        octets = self.password.encode()
        return hashlib.pbkdf2_hmac(self.hash_name, octets, self.salt, self.iterations)


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel the exchange (`*`) and believe no success; `reason` is for the log."""

    reason: str


ClientStep = Say | Derive | Stop


class Client(ABC):
    """One exchange; used once.

    name: of the mechanism. is_done: nothing more is to be said, and success may be believed.
    """

    name: str

    def __init__(self) -> None:
        self.is_done = False

    def start(self) -> bytes | None:
        """The initial response; None where the server speaks first. RFC 4422 section 5."""
        return None

    @abstractmethod
    def answer(self, challenge: bytes) -> ClientStep:
        """What to do about a challenge. Never raises."""

    def derived(self, salted_password: bytes) -> Say:  # noqa: ARG002 - for those that derive
        """Go on after a Derive."""
        raise TypeError(f"{type(self).__name__} derives nothing")


class OneMessage(Client):
    """A mechanism where the client says one thing and the server has nothing to ask."""

    def __init__(self, message: bytes) -> None:
        super().__init__()
        self._message = message
        self.is_done = True

    def start(self) -> bytes:
        """All there is to say."""
        return self._message

    def answer(self, challenge: bytes) -> ClientStep:  # noqa: ARG002 - there is nothing in it
        """The mechanism has no challenges."""
        return Stop("the server asks for more than there is")
