"""Reads the first message of a TLS client, before a context is chosen. RFC 8446 section 4.1.2."""

from dataclasses import dataclass

MAX_OCTETS = 16 * 1024
KEY_NAME_OCTETS = 16

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_ALPN = 16
_SESSION_TICKET = 35
_PRE_SHARED_KEY = 41
_MAX_RECORD = 16 * 1024


class NotClientHello(ValueError):
    """The octets do not begin with a ClientHello, or it is malformed or too large."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What decides on a certificate.

    server_name: lower case, without a final dot; None when absent or not a name in ASCII.
    alpn: the protocols offered, in the client's order (RFC 7301 section 3.1).
    ticket_key_name: what the session ticket begins with, if there is one (RFC 5077 section 4).
    """

    server_name: str | None = None
    alpn: tuple[str, ...] = ()
    ticket_key_name: bytes = b""


def read_client_hello(octets: bytes | bytearray) -> ClientHello | None:
    """The ClientHello at the start of `octets`; None when it is not whole yet.

    Raises NotClientHello, at the first octet that tells, and when it would exceed MAX_OCTETS.
    The message may be cut into several records (RFC 8446 section 5.1).
    """
    message = _join_records(bytes(octets[: MAX_OCTETS + 1]))
    if message is None:
        if len(octets) > MAX_OCTETS:
            raise NotClientHello("the ClientHello is too large")
        return None
    return _read_hello(message)


def _join_records(octets: bytes) -> bytes | None:
    """The octets of the first handshake message, without its header; None when cut short."""
    message = b""
    at = 0
    while at < len(octets):
        if octets[at] != _HANDSHAKE or octets[at + 1 : at + 2] not in (b"", b"\x03"):
            raise NotClientHello("no TLS handshake record")
        if len(octets) < at + 5:
            return None
        length = int.from_bytes(octets[at + 3 : at + 5])
        if not 0 < length <= _MAX_RECORD:
            raise NotClientHello("a record of an impossible length")
        message += octets[at + 5 : at + 5 + length]
        at += 5 + length
        if message and message[0] != _CLIENT_HELLO:
            raise NotClientHello("the first message is no ClientHello")
        if len(message) >= 4:
            whole = 4 + int.from_bytes(message[1:4])
            if whole > MAX_OCTETS:
                raise NotClientHello("the ClientHello is too large")
            if len(message) >= whole:
                return message[4:whole]
    return None


def _read_hello(message: bytes) -> ClientHello:
    fields = _Reader(message)
    fields.skip(2 + 32)  # legacy_version, random
    fields.vector(1)  # legacy_session_id
    fields.vector(2)  # cipher_suites
    fields.vector(1)  # legacy_compression_methods
    server_name: str | None = None
    alpn: tuple[str, ...] = ()
    ticket = b""
    extensions = _Reader(fields.vector(2) if fields.left else b"")
    while extensions.left:
        kind = extensions.number(2)
        content = _Reader(extensions.vector(2))
        if kind == _SERVER_NAME:
            server_name = _read_server_name(content)
        elif kind == _ALPN:
            alpn = _read_alpn(content)
        elif kind == _SESSION_TICKET:
            ticket = content.skip(content.left)
        elif kind == _PRE_SHARED_KEY:
            ticket = _read_identity(content)
    return ClientHello(server_name, alpn, ticket[:KEY_NAME_OCTETS])


def _read_server_name(content: "_Reader") -> str | None:
    """The host_name of a server_name extension. RFC 6066 section 3."""
    names = _Reader(content.vector(2))
    while names.left:
        is_host = names.number(1) == 0
        name = names.vector(2)
        if is_host and name.isascii():
            return name.decode("ascii").lower().removesuffix(".") or None
    return None


def _read_alpn(content: "_Reader") -> tuple[str, ...]:
    names = _Reader(content.vector(2))
    found = []
    while names.left:
        found.append(names.vector(1).decode("latin-1"))
    return tuple(found)


def _read_identity(content: "_Reader") -> bytes:
    """The first identity of a pre_shared_key extension: a ticket. RFC 8446 section 4.2.11."""
    return _Reader(content.vector(2)).vector(2)


class _Reader:
    """Takes numbers and vectors (RFC 8446 section 3.4) off the front of octets."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def skip(self, count: int) -> bytes:
        if count > self.left:
            raise NotClientHello("the ClientHello ends early")
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.skip(size))

    def vector(self, length_size: int) -> bytes:
        return self.skip(self.number(length_size))
