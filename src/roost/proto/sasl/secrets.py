"""What is stored of a password, so that a login can be checked without knowing it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """StoredKey and ServerKey of one password; id names the credential. RFC 5802 section 3."""

    id: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScramSecrets:
    """All passwords of one account for one hash: they share salt and count.

    keys: () for somebody unknown or without such secrets.
    """

    salt: bytes
    iterations: int
    keys: tuple[ScramKeys, ...] = ()


@dataclass(frozen=True, slots=True)
class CramMd5Key:
    """MD5's state behind each padded half of one password, 16 octets each; id names the credential.

    RFC 2195 section 2: as good as the password itself for CRAM-MD5, and for nothing else.
    """

    id: int
    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CramMd5Secrets:
    """All passwords of one account; () for somebody unknown or without such secrets."""

    keys: tuple[CramMd5Key, ...] = ()
