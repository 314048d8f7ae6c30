"""Key records: public keys in DNS. RFC 6376 section 3.6, RFC 8463 section 4."""

import re
from base64 import b64encode
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from roost.base.errors import ProtocolError
from roost.proto.dkim.tags import parse_tags

PublicKey = RSAPublicKey | Ed25519PublicKey

MAX_RECORD_CHARACTERS = 16_384
MAX_STRING_OCTETS = 255

_ED25519_OCTETS = 32
_QUOTED = re.compile(rb"=([0-9A-F]{2})")
_PRINTABLE = frozenset(range(0x21, 0x7F)) - frozenset(b"=;:|")


class KeyUnusable(ProtocolError):
    """It is no record of a key, or its octets are no public key of its type."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key record.

    octets: of the public key, empty for one that is revoked. hashes: those allowed, None for
    all. services: what it may be used for, "*" for everything. notes: for people.
    """

    key_type: str
    octets: bytes
    hashes: tuple[str, ...] | None = None
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    notes: str = ""

    @property
    def is_testing(self) -> bool:
        """Whether the domain only tries DKIM."""
        return "y" in self.flags

    @property
    def is_strict(self) -> bool:
        """Whether the domain of an identity has to be that of the signature."""
        return "s" in self.flags

    def is_for(self, service: str) -> bool:
        """Whether the key may be used for a service such as "email"."""
        return "*" in self.services or service in self.services


def parse_record(text: str) -> KeyRecord:
    """Read a record. Raises TagsInvalid or KeyUnusable. RFC 6376 section 3.6.1."""
    if len(text) > MAX_RECORD_CHARACTERS:
        raise KeyUnusable(f"it has more than {MAX_RECORD_CHARACTERS} characters")
    tags = parse_tags(text)
    if tags.text("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags.values)) != "v"):
        raise KeyUnusable("its version is not DKIM1 or not its first tag")
    return KeyRecord(
        key_type=tags.text("k", "rsa"),
        octets=tags.octets("p"),
        hashes=tags.names("h") if "h" in tags else None,
        services=tags.names("s", "*"),
        flags=tags.names("t") if "t" in tags else (),
        notes=_without_quoting(tags.text("n", "")),
    )


def spell_record(record: KeyRecord) -> str:
    """The text of a record, to be published at SELECTOR._domainkey.DOMAIN."""
    tags = ["v=DKIM1"]
    if record.hashes is not None:
        tags.append("h=" + ":".join(record.hashes))
    tags.append(f"k={record.key_type}")
    if record.notes:
        tags.append("n=" + _quoted_printable(record.notes))
    if record.services != ("*",):
        tags.append("s=" + ":".join(record.services))
    if record.flags:
        tags.append("t=" + ":".join(record.flags))
    return "; ".join([*tags, "p=" + b64encode(record.octets).decode()])


def txt_strings(text: str) -> list[str]:
    """A record of ASCII in strings of at most 255 octets, of which a TXT record is made up."""
    return [
        text[start : start + MAX_STRING_OCTETS] for start in range(0, len(text), MAX_STRING_OCTETS)
    ]


def record_of(key: PublicKey, flags: tuple[str, ...] = (), notes: str = "") -> KeyRecord:
    """The record to publish for a key. Keys with RSA are tied to SHA-256 (RFC 8301)."""
    if isinstance(key, Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return KeyRecord("ed25519", raw, flags=flags, notes=notes)
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyRecord("rsa", octets, ("sha256",), flags=flags, notes=notes)


def public_key(record: KeyRecord) -> PublicKey:
    """The key of a record. Raises KeyUnusable.

    Keys with RSA come as SubjectPublicKeyInfo or, as RFC 6376 words it, as RSAPublicKey.
    """
    if record.key_type == "ed25519":
        if len(record.octets) != _ED25519_OCTETS:
            raise KeyUnusable(f"a key of Ed25519 has {_ED25519_OCTETS} octets")
        return Ed25519PublicKey.from_public_bytes(record.octets)
    try:
        key = load_der_public_key(record.octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable("its octets are no public key") from error
    if not isinstance(key, RSAPublicKey):
        raise KeyUnusable("its key is not one of RSA")
    return key


def key_bits(key: PublicKey) -> int:
    """The size of a key."""
    return key.key_size if isinstance(key, RSAPublicKey) else _ED25519_OCTETS * 8


def _quoted_printable(text: str) -> str:
    """RFC 6376 section 2.11, without white space, so that it may be folded anywhere."""
    return "".join(
        chr(octet) if octet in _PRINTABLE else f"={octet:02X}" for octet in text.encode()
    )


def _without_quoting(text: str) -> str:
    octets = _QUOTED.sub(lambda found: bytes((int(found[1], 16),)), text.encode())
    return octets.decode(errors="replace")
