"""Passwords: how they are prepared, hashed and checked. RFC 8265, RFC 9106."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol, TypeVar

from argon2 import low_level
from argon2.exceptions import VerificationError
from precis_i18n import get_profile

from roost.base.errors import ServiceError
from roost.ports.random import Random
from roost.service.login_queue import RankedQueue

T = TypeVar("T")

MAX_PASSWORD_OCTETS = 255  # RFC 4616 section 2

_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1
_SALT_OCTETS = 16
_HASH_OCTETS = 32

_opaque = get_profile("OpaqueString")


@dataclass(eq=False)
class PasswordInvalid(ServiceError):
    """The text cannot be a password; `reason` says why."""

    code: ClassVar[str] = "password_invalid"
    reason: str

    def __str__(self) -> str:
        return f"choose another password: {self.reason}"


class PasswordHasher(Protocol):
    """Turns passwords into hashes, slowly on purpose, away from the loop."""

    async def hash(self, password: str) -> str:
        """A new hash, with a salt of its own. Raises LoginBusy."""
        ...

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        """Whether `hashed` was made from the password.

        hashed: None where there is nobody to compare with; costs the same and says False.
        rank: who waits for whom, see RankedQueue. Raises LoginBusy.
        """
        ...

    async def run(self, step: Callable[[], T]) -> T:
        """What another slow step returns. Raises LoginBusy."""
        ...


class Argon2Hasher:
    """argon2id with 19 MiB and two passes, in threads that the caller brings."""

    def __init__(self, queue: RankedQueue, random: Random) -> None:
        self._queue = queue
        self._random = random

    async def hash(self, password: str) -> str:
        salt = self._random.octets(_SALT_OCTETS)
        return (await self._queue.run(partial(_hash, password, salt))).decode()

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        step = partial(_verify, password, (hashed or _NOBODY).encode())
        return await self._queue.run(step, rank)

    async def run(self, step: Callable[[], T]) -> T:
        return await self._queue.run(step)


def prepare(password: str) -> str:
    """The one form of a password, however it was typed. RFC 8265 section 4.2.

    Raises PasswordInvalid for an empty one, one with control characters, one over
    MAX_PASSWORD_OCTETS octets.
    """
    try:
        prepared = password if _is_plain(password) else _opaque.enforce(password)
    except UnicodeError as error:
        raise PasswordInvalid("it is empty or has a character that cannot be typed") from error
    if len(prepared.encode()) > MAX_PASSWORD_OCTETS:
        raise PasswordInvalid(f"it has more than {MAX_PASSWORD_OCTETS} octets")
    return prepared


def _is_plain(password: str) -> bool:
    """Whether preparing changes nothing: the common case, decided in a microsecond."""
    return bool(password) and password.isascii() and password.isprintable()


def _hash(password: str, salt: bytes) -> bytes:
    return low_level.hash_secret(
        password.encode(), salt, _PASSES, _MEMORY_KIB, _LANES, _HASH_OCTETS, low_level.Type.ID
    )


def _verify(password: str, hashed: bytes) -> bool:
    try:
        return low_level.verify_secret(hashed, password.encode(), low_level.Type.ID)
    except VerificationError:
        return False


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")


# A hash that no password has, so that a login of nobody takes as long as any other.
_NOBODY = (
    f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}"
    f"${_base64(bytes(_SALT_OCTETS))}${_base64(bytes(_HASH_OCTETS))}"
)
