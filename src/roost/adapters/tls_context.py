"""TLS contexts: what our side offers and demands, and which certificate a client gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, X509, dump_certificate

from roost.adapters.certificate import CertifiedKey
from roost.adapters.client_hello import ClientHello
from roost.adapters.tls_tickets import TicketContexts
from roost.ports.clock import Clock
from roost.ports.net import IpAddress
from roost.proto.sasl.peer_key import fingerprint_of

# Whether a key may go on: its fingerprint, and where it comes from.
AcceptKey = Callable[[str, IpAddress | None], bool]

# RFC 8446 section 4.6.1: no ticket is good for longer.
_TICKET_LIFE = timedelta(days=7)

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
    accept_key: asks clients for a certificate, and says whether one with this key may go on; None
        never asks. It must not wait. A resumed session shows its certificate without it: whoever
        trusts `TlsFacts.peer_key` has to look it up again, after every handshake.
    """

    minimum: str = "TLSv1.2"
    tickets: bool = True
    accept_key: AcceptKey | None = None


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the callbacks of a context are told of the connection. alpn: the protocol agreed."""

    alpn: bytes | None
    peer: IpAddress | None


@dataclass(frozen=True, slots=True)
class Choice:
    """How to go on after a ClientHello.

    alpn: the protocol agreed, None without one. end_point: of the context's certificate, for
    channel binding, see `certificate.end_point_of`.
    """

    context: SSL.Context
    alpn: str | None = None
    end_point: bytes | None = None


Choose = Callable[[ClientHello], Choice | Alert]


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
    context.set_timeout(int(_TICKET_LIFE.total_seconds()))
    # OpenSSL resumes no session with a client certificate unless it knows whose it is.
    context.set_session_id(b"roost")
    context.use_privatekey(certified.key)
    context.use_certificate(certified.leaf)
    for certificate in certified.chain[1:]:
        context.add_extra_chain_cert(certificate)
    context.set_alpn_select_callback(_select_chosen)
    if options.accept_key is not None:
        _ask_for_certificate(context, options.accept_key)
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
    handshake: Handshake = connection.get_app_data()
    chosen = handshake.alpn
    return chosen if chosen in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _ask_for_certificate(context: SSL.Context, accept: AcceptKey) -> None:
    """Ask, but take none for an answer. Of the certificates only the first one's key counts.

    So no CA has to be behind it, and it may be past its time. That the client owns the key is
    proved by the handshake itself (CertificateVerify).
    """

    def decide(
        connection: SSL.Connection, certificate: X509, _error: int, depth: int, _ok: int
    ) -> bool:
        if depth > 0:
            return True
        try:
            fingerprint = fingerprint_of(dump_certificate(FILETYPE_ASN1, certificate))
        except ValueError:
            return False
        handshake: Handshake = connection.get_app_data()
        return accept(fingerprint, handshake.peer)

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_CLIENT_ONCE, decide)


class TlsContexts:
    """Keeps the server contexts of each certificate; today's is no older than a day."""

    def __init__(self, clock: Clock, options: ServerOptions) -> None:
        self._clock = clock
        self.options = options
        self._made: dict[bytes, TicketContexts] = {}

    @property
    def count(self) -> int:
        """How many contexts there are."""
        return sum(one.count for one in self._made.values())

    def of(self, certified: CertifiedKey, ticket_key_name: bytes = b"") -> SSL.Context:
        """The context of this certificate for a client with such a ticket, b"" without."""
        now = self._clock.monotonic()
        made = self._made.get(certified.fingerprint)
        if made is None:
            self._forget_old(now)
            context = server_context(certified, self.options)
            made = TicketContexts(context, now, keeps_older=self.options.tickets)
            self._made[certified.fingerprint] = made
        elif made.is_due(now):
            made.rotate(server_context(certified, self.options), now)
        return made.for_ticket(ticket_key_name)

    def rebuild(self) -> None:
        """Make every context anew at its next use."""
        self._made.clear()

    def _forget_old(self, now: float) -> None:
        """Drop those of certificates that were replaced long ago, lest they pile up."""
        self._made = {name: one for name, one in self._made.items() if not one.is_over(now)}


FindCertificate = Callable[[str | None], CertifiedKey | None]


def choose_by_name(
    contexts: TlsContexts, find: FindCertificate, alpn: tuple[str, ...] = ()
) -> Choose:
    """A choice by server name: `find` says which certificate, None refuses the name.

    find: gets the SNI, None where the client sent none.
    alpn: protocols this listener speaks, best first. A client that offers others only is refused
        (RFC 7301 section 3.2); with () whatever it offers is passed over, as mail clients expect.
    """

    def choose(hello: ClientHello) -> Choice | Alert:
        certified, offered = find(hello.server_name), hello.alpn
        if certified is None:
            return Alert.UNRECOGNIZED_NAME
        agreed = next((protocol for protocol in alpn if protocol in offered), None)
        if alpn and offered and agreed is None:
            return Alert.NO_APPLICATION_PROTOCOL
        context = contexts.of(certified, hello.ticket_key_name)
        return Choice(context, agreed, certified.end_point)

    return choose
