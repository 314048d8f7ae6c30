"""TLS contexts: what our side offers and demands, and which certificate a client gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, X509, dump_certificate

from roost.adapters.certificate import CertifiedKey
from roost.ports.clock import Clock

AcceptCertificate = Callable[[bytes], bool]

# Tickets are sealed with a key of the context; a new one each day bounds what a stolen key opens.
MAX_AGE_SECONDS = 24 * 3600.0

_MINIMUM = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
# Only ciphers with forward secrecy and authenticated encryption (RFC 9325 section 4.2). The names
# are of TLS 1.2; 1.3 has no others.
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"


class Alert(IntEnum):
    """The fatal alert a ClientHello is answered with. RFC 8446 section 6."""

    DECODE_ERROR = 50
    UNRECOGNIZED_NAME = 112
    NO_APPLICATION_PROTOCOL = 120

    @property
    def record(self) -> bytes:
        """The alert as it stands on the wire, before any key is agreed."""
        return b"\x15\x03\x01\x00\x02\x02" + bytes([self.value])


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What one listener offers.

    minimum: "TLSv1.2" or "TLSv1.3".
    tickets: whether sessions may be resumed.
    accept_certificate: asks clients for a certificate, and says whether this one (DER) may go on;
        None never asks. It is called in the handshake and at resumption and must not wait.
    """

    minimum: str = "TLSv1.2"
    tickets: bool = True
    accept_certificate: AcceptCertificate | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How to go on after a ClientHello.

    alpn: the protocol agreed, None without one. end_point: of the context's certificate, for
    channel binding, see `certificate.end_point_of`.
    """

    context: SSL.Context
    alpn: str | None = None
    accept_certificate: AcceptCertificate | None = None
    end_point: bytes | None = None


Choose = Callable[[str | None, tuple[str, ...]], Choice | Alert]


if TYPE_CHECKING:
    _AlpnAnswer = bytes | SSL._NoOverlappingProtocols  # noqa: SLF001


def server_context(certified: CertifiedKey, options: ServerOptions) -> SSL.Context:
    """A context for connections that others open. Costs about a millisecond: keep it."""
    context = _common_context(SSL.TLS_SERVER_METHOD, options.minimum)
    context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION)
    if not options.tickets:
        context.set_options(SSL.OP_NO_TICKET)
    # The peer holds its session in a ticket; a cache of ours would only grow.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # OpenSSL resumes no session with a client certificate unless it knows whose it is.
    context.set_session_id(b"roost")
    context.use_privatekey(certified.key)
    context.use_certificate(certified.leaf)
    for certificate in certified.chain[1:]:
        context.add_extra_chain_cert(certificate)
    context.set_alpn_select_callback(_select_chosen)
    if options.accept_certificate is not None:
        _ask_for_certificate(context, options.accept_certificate)
    return context


def client_context(minimum: str = "TLSv1.2") -> SSL.Context:
    """A context for connections that we open. The chain is looked at after the handshake."""
    context = _common_context(SSL.TLS_CLIENT_METHOD, minimum)
    context.set_verify(SSL.VERIFY_NONE)
    return context


def _common_context(method: int, minimum: str) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(_MINIMUM[minimum])
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    return context


def _select_chosen(connection: SSL.Connection, offered: list[bytes]) -> _AlpnAnswer:
    """Answer ALPN with what was chosen from the ClientHello: it was put on the connection."""
    chosen: bytes | None = connection.get_app_data()
    return chosen if chosen in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _ask_for_certificate(context: SSL.Context, accept: AcceptCertificate) -> None:
    """Ask, but take none for an answer; a certificate needs no CA behind it.

    That the client owns the key is proved by the handshake itself (CertificateVerify).
    """

    def decide(_: SSL.Connection, certificate: X509, __: int, depth: int, ___: int) -> bool:
        return depth > 0 or accept(dump_certificate(FILETYPE_ASN1, certificate))

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_CLIENT_ONCE, decide)


class TlsContexts:
    """Keeps one server context per certificate and makes a new one each day."""

    def __init__(self, clock: Clock, options: ServerOptions) -> None:
        self._clock = clock
        self.options = options
        self._made: dict[bytes, tuple[float, SSL.Context]] = {}

    def of(self, certified: CertifiedKey) -> SSL.Context:
        """The context of this certificate, no older than a day."""
        now = self._clock.monotonic()
        made = self._made.get(certified.fingerprint)
        if made is not None and now - made[0] < MAX_AGE_SECONDS:
            return made[1]
        self._forget_old(now)
        context = server_context(certified, self.options)
        self._made[certified.fingerprint] = (now, context)
        return context

    def rebuild(self) -> None:
        """Make every context anew at its next use."""
        self._made.clear()

    def _forget_old(self, now: float) -> None:
        """Drop contexts whose day is over, so that replaced certificates do not pile up."""
        self._made = {
            name: made for name, made in self._made.items() if now - made[0] < MAX_AGE_SECONDS
        }


FindCertificate = Callable[[str | None], CertifiedKey | None]


def choose_by_name(
    contexts: TlsContexts, find: FindCertificate, alpn: tuple[str, ...] = ()
) -> Choose:
    """A choice by server name: `find` says which certificate, None refuses the name.

    find: gets the SNI, None where the client sent none.
    alpn: protocols this listener speaks, best first. A client that offers others only is refused
        (RFC 7301 section 3.2); with () whatever it offers is passed over, as mail clients expect.
    """

    def choose(server_name: str | None, offered: tuple[str, ...]) -> Choice | Alert:
        certified = find(server_name)
        if certified is None:
            return Alert.UNRECOGNIZED_NAME
        agreed = next((protocol for protocol in alpn if protocol in offered), None)
        if alpn and offered and agreed is None:
            return Alert.NO_APPLICATION_PROTOCOL
        accept = contexts.options.accept_certificate
        return Choice(contexts.of(certified), agreed, accept, certified.end_point)

    return choose
