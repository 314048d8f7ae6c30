"""What is stored of a password: one JSON text, made once, never turned back into the password."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from roost.ports.random import Random
from roost.proto.sasl.cram_md5 import cram_md5_key
from roost.proto.sasl.mechanism import CramMd5Key, ScramKeys
from roost.proto.sasl.scram import HASHES, scram_keys
from roost.service.passwords import PasswordHasher
from roost.store.credentials import Credential
from roost.store.scram_salts import Salt

# RFC 7677 section 4: what a modern machine does in 0.1 s.
ITERATIONS = 15_000
SALT_OCTETS = 16

_DIGEST_CONTEXT = b"roost app password\0"


class _Scram(msgspec.Struct, frozen=True):
    """What one hash of SCRAM needs."""

    stored_key: bytes
    server_key: bytes


class _CramMd5(msgspec.Struct, frozen=True):
    """What CRAM-MD5 needs."""

    inner: bytes
    outer: bytes


class _Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """The secret of a credential. argon2: "" where a digest finds it. scram: by hash."""

    argon2: str = ""
    scram: dict[str, _Scram] = {}
    cram_md5: _CramMd5 | None = None

    def __repr__(self) -> str:
        return "_Secret(...)"


_decode = msgspec.json.Decoder(_Secret).decode


@dataclass(frozen=True, slots=True)
class SecretMaker:
    """Makes what is stored of passwords.

    scram_hashes: those that keys are made for. cram_md5: whether what CRAM-MD5 needs is kept too.
    """

    hasher: PasswordHasher
    random: Random
    scram_hashes: tuple[str, ...] = ("SHA-256",)
    cram_md5: bool = False

    def salts(self, known: Mapping[str, Salt]) -> dict[str, Salt]:
        """A salt for each hash: the account's own, drawn where it has none yet."""
        return {
            name: known.get(name) or Salt(self.random.octets(SALT_OCTETS), ITERATIONS)
            for name in self.scram_hashes
        }

    async def make(self, password: str, salts: Mapping[str, Salt], *, guessable: bool) -> str:
        """The secret of a prepared password.

        guessable: whether somebody chose it, so that its hash has to be slow. Raises LoginBusy.
        """
        return _encode(
            _Secret(
                argon2=await self.hasher.hash(password) if guessable else "",
                scram=await self._scram(password, salts),
                cram_md5=_CramMd5(*cram_md5_key(password)) if self.cram_md5 else None,
            )
        )

    async def _scram(self, password: str, salts: Mapping[str, Salt]) -> dict[str, _Scram]:
        return {
            name: _Scram(
                *await self.hasher.run(
                    partial(
                        scram_keys,
                        HASHES[f"SCRAM-{name}"],
                        password,
                        salt.octets,
                        salt.iterations,
                    )
                )
            )
            for name, salt in salts.items()
        }


def digest_of(password: str) -> bytes:
    """What an app password is found by.

    It has over 128 random bits: nobody gets through those by guessing, however fast the hash is.
    """
    return hashlib.sha256(_DIGEST_CONTEXT + password.encode()).digest()


def argon2_of(credential: Credential) -> str:
    """The slow hash of a credential; "" for one that is found by its digest."""
    return _decode(credential.secret).argon2


def scram_keys_of(found: Iterable[Credential], hash_name: str) -> tuple[ScramKeys, ...]:
    """The keys of those credentials that have some for this hash."""
    secrets = ((one.id, _decode(one.secret).scram.get(hash_name)) for one in found)
    return tuple(
        ScramKeys(number, keys.stored_key, keys.server_key)
        for number, keys in secrets
        if keys is not None
    )


def cram_md5_keys_of(found: Iterable[Credential]) -> tuple[CramMd5Key, ...]:
    """What CRAM-MD5 needs of those credentials that have it."""
    secrets = ((one.id, _decode(one.secret).cram_md5) for one in found)
    return tuple(
        CramMd5Key(number, states.inner, states.outer)
        for number, states in secrets
        if states is not None
    )


def _encode(secret: _Secret) -> str:
    return msgspec.json.encode(secret).decode()
