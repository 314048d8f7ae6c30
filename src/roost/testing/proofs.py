"""Logins that say no password, in memory: one salt for all, and a list of how they ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from roost.ports.net import Wire
from roost.proto.sasl import cram_md5
from roost.proto.sasl.mechanism import (
    CramMd5Key,
    CramMd5Secrets,
    Failed,
    LookUp,
    Proved,
    ScramKeys,
    ScramSecrets,
    Secrets,
    Token,
)
from roost.proto.sasl.scram import HASHES, MIN_ITERATIONS, scram_keys
from roost.service.login_outcome import LoginForeign

LoginT = TypeVar("LoginT")

SALT = b"salt of sixteen."
KEY_ID = 7


@dataclass
class MemoryProofs(Generic[LoginT]):
    """Proofs of one password.

    login_of: who has a name, None for nobody. password: everybody's. token: the one that is good.
    ended: how each exchange ended, in words: "foreign", "broken off", or a mechanism's Code.
    """

    login_of: Callable[[str], LoginT | None]
    password: str
    token: str = "a-good-token"  # noqa: S105 - no secret
    ended: list[str] = field(default_factory=list)

    def begin(self, _mechanism: str, _client: str, _wire: Wire) -> "_MemoryProof[LoginT]":
        """One exchange."""
        return _MemoryProof(self)


class _MemoryProof(Generic[LoginT]):
    def __init__(self, all_of_them: MemoryProofs[LoginT]) -> None:
        self._all = all_of_them
        self._is_listed = False

    async def secrets(self, asked: LookUp) -> Secrets:
        known = self._all.login_of(asked.username) is not None
        if asked.family == cram_md5.FAMILY:
            key = CramMd5Key(KEY_ID, *cram_md5.cram_md5_key(self._all.password))
            return CramMd5Secrets((key,) if known else ())
        digest = HASHES[asked.family]
        keys = ScramKeys(KEY_ID, *scram_keys(digest, self._all.password, SALT, MIN_ITERATIONS))
        return ScramSecrets(SALT, MIN_ITERATIONS, (keys,) if known else ())

    async def by_proof(self, proved: Proved) -> LoginT:
        self.require_own(proved.username, proved.authorization)
        self._is_listed = True
        login = self._all.login_of(proved.username)
        assert login is not None, "nobody proves what nobody has"
        return login

    async def by_token(self, token: Token) -> LoginT | None:
        if token.token == self._all.token:
            self._is_listed = True
            return self._all.login_of(token.username or token.authorization)
        self._list("token")
        return None

    def require_own(self, name: str, authorization: str) -> None:
        if authorization not in ("", name):
            self._list("foreign")
            raise LoginForeign

    def failed(self, failed: Failed) -> None:
        self._list(failed.code.value)

    def broken_off(self) -> None:
        self._list("broken off")

    def _list(self, how: str) -> None:
        if not self._is_listed:
            self._is_listed = True
            self._all.ended.append(how)
