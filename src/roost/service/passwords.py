"""Passwords: how they are prepared, hashed and checked. RFC 8265, RFC 9106."""

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

from argon2 import low_level
from argon2.exceptions import VerificationError
from precis_i18n import get_profile

from roost.base.errors import ServiceError
from roost.ports.random import Random

T = TypeVar("T")

MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_OCTETS = 255  # RFC 4616 section 2
MAX_WAITING = 64

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


@dataclass(eq=False)
class LoginBusy(ServiceError):
    """Too many passwords wait to be checked."""

    code: ClassVar[str] = "login_busy"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "too many people sign in at the moment: try again in a minute"


class PasswordHasher(Protocol):
    """Turns passwords into hashes, slowly on purpose, away from the loop."""

    async def hash(self, password: str) -> str:
        """A new hash, with a salt of its own. Raises LoginBusy."""
        ...

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether `hashed` was made from the password.

        hashed: None where there is nobody to compare with; costs the same and says False.
        Raises LoginBusy.
        """
        ...


class Argon2Hasher:
    """argon2id with 19 MiB and two passes, in a pool of threads that the caller brings."""

    def __init__(self, pool: Executor, random: Random, *, max_waiting: int = MAX_WAITING) -> None:
        """pool: bounds how many run at once. max_waiting: how many may run or wait."""
        self._pool = pool
        self._random = random
        self._max_waiting = max_waiting
        self._waiting = 0

    async def hash(self, password: str) -> str:
        salt = self._random.octets(_SALT_OCTETS)
        return (await self._run(_hash, password, salt)).decode()

    async def verify(self, hashed: str | None, password: str) -> bool:
        return await self._run(_verify, password, (hashed or _NOBODY).encode())

    async def _run(self, step: Callable[[str, bytes], T], password: str, other: bytes) -> T:
        if self._waiting >= self._max_waiting:
            raise LoginBusy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, step, password, other)
        finally:
            self._waiting -= 1


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


def prepare_new(password: str) -> str:
    """As `prepare`, for a password that is about to be set. Raises PasswordInvalid."""
    prepared = prepare(password)
    if len(prepared) < MIN_PASSWORD_LENGTH:
        raise PasswordInvalid(f"it has fewer than {MIN_PASSWORD_LENGTH} characters")
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
