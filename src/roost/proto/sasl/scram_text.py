"""How messages of SCRAM are spelled: attributes, names, base64. RFC 5802 sections 5.1 and 7."""

import binascii
import re
from dataclasses import dataclass

MAX_MESSAGE_OCTETS = 4096
MAX_NONCE_CHARS = 512

_ATTRIBUTE = re.compile(r"[A-Za-z]=[^\0,]+")
_NONCE = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_GS2_HEADER = re.compile(r"(?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=([^\0,]+))?,")
_NOT_ESCAPED = re.compile(r"=(?!2C|3D)")


class NotScram(ValueError):
    """The message is not one of SCRAM.

    error: the server-error-value that says it. Never repeats what the peer sent.
    """

    def __init__(self, detail: str, error: str = "other-error") -> None:
        super().__init__(detail)
        self.error = error


@dataclass(frozen=True, slots=True)
class Gs2Header:
    """The start of the first message. RFC 5801 section 4.

    octets: as it stands, for the channel binding. flag: n, y or p. binding: the type after `p=`.
    """

    octets: bytes
    flag: str
    binding: str
    authorization: str


def decode_message(octets: bytes) -> str:
    """A message as text. Raises NotScram."""
    if len(octets) > MAX_MESSAGE_OCTETS:
        raise NotScram("the message is too long")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise NotScram("the message is not UTF-8", "invalid-encoding") from None


def parse_gs2_header(text: str) -> tuple[Gs2Header, str]:
    """The header, and the rest of the message. Raises NotScram."""
    found = _GS2_HEADER.match(text)
    if found is None:
        raise NotScram("the message does not begin with a GS2 header")
    flag, binding, authorization = found.groups()
    header = Gs2Header(
        found[0].encode(), flag or "p", binding or "", decode_name(authorization or "")
    )
    return header, text[found.end() :]


def parse_attributes(text: str, names: str) -> list[str]:
    """The values of the attributes called by the letters of `names`: the first ones, in that order.

    Further ones are optional extensions and passed over; a mandatory one is refused. Raises
    NotScram. RFC 5802 section 5.1.
    """
    parts = text.split(",")
    if any(part.startswith("m=") for part in parts):
        raise NotScram("this extension is not known", "extensions-not-supported")
    if not all(map(_ATTRIBUTE.fullmatch, parts)):
        raise NotScram("the message is no list of attributes")
    if "".join(part[0] for part in parts[: len(names)]) != names:
        raise NotScram("an attribute is missing or not in its place")
    return [part[2:] for part in parts[: len(names)]]


def check_nonce(nonce: str) -> str:
    """The nonce. Raises NotScram."""
    if len(nonce) > MAX_NONCE_CHARS or not _NONCE.fullmatch(nonce):
        raise NotScram("the nonce is too long or holds what it may not")
    return nonce


def encode_name(name: str) -> str:
    """A name as saslname. RFC 5802 section 5.1."""
    return name.replace("=", "=3D").replace(",", "=2C")


def decode_name(name: str) -> str:
    """The name that a saslname stands for. Raises NotScram."""
    if _NOT_ESCAPED.search(name):
        raise NotScram("an equals sign in a name is =3D", "invalid-username-encoding")
    return name.replace("=2C", ",").replace("=3D", "=")


def encode_base64(octets: bytes) -> str:
    """Base64 as attributes have it."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The octets. Raises NotScram."""
    try:
        return binascii.a2b_base64(text.encode(), strict_mode=True)
    except ValueError:
        raise NotScram("an attribute is not base64", "invalid-encoding") from None
