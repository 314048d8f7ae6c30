"""TLS without a socket: octets of the network on one side, octets in clear on the other."""

from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate

from roost.adapters.certificate import end_point_of
from roost.adapters.tls_bindings import bindings_of, was_resumed
from roost.ports.net import REFUSED_CERTIFICATE, TlsFacts
from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.peer_key import fingerprint_of

# A record holds at most 2^14 octets in clear (RFC 8446 section 5.1). OpenSSL's memory BIOs keep
# the largest size they ever had, so both are fed no more than about a record at once.
RECORD_OCTETS = 16 * 1024

_OUTPUT_OCTETS = RECORD_OCTETS + 512

_HEADER_OCTETS = 5
_CONTENT_TYPES = range(20, 25)
# Encryption may add so much to a record (RFC 5246 section 6.2.3; TLS 1.3 allows less).
_MAX_RECORD_OCTETS = RECORD_OCTETS + 2048


def whole_records(octets: bytes | memoryview) -> int:
    """How many octets at the start are whole records: one, or as many as RECORD_OCTETS hold.

    0 when the first is not whole. What cannot be a record counts as it is, for OpenSSL to refuse
    at once. RFC 8446 section 5.1.
    """
    end = 0
    while end + _HEADER_OCTETS <= len(octets):
        length = octets[end + 3] << 8 | octets[end + 4]
        is_tls = octets[end] in _CONTENT_TYPES and octets[end + 1] == 3
        if length > _MAX_RECORD_OCTETS or not is_tls:
            return end or min(len(octets), RECORD_OCTETS)
        following = end + _HEADER_OCTETS + length
        if following > len(octets) or (end and following > RECORD_OCTETS):
            break
        end = following
    return end


class TlsBroken(Exception):
    """The handshake failed or a record was wrong.

    reason: a word for a metric: version, certificate, alert, protocol.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class TlsEngine:
    """One end of one TLS connection."""

    __slots__ = ("_connection", "peer_closed")

    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection
        self.peer_closed = False

    def receive(self, octets: bytes | memoryview) -> None:
        """Take octets of the network, at most about RECORD_OCTETS before the next `read`."""
        self._connection.bio_write(octets)

    def shake(self) -> bool:
        """Go on with the handshake; True once it is done. Raises TlsBroken.

        Look at `output` afterwards in every case: there may be an alert.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise _broken(error) from error
        return True

    def read(self) -> bytes | None:
        """The next octets in clear; None when more must come first or the peer closed.

        `peer_closed` turns true with the peer's close_notify. Raises TlsBroken.
        """
        try:
            return self._connection.recv(RECORD_OCTETS)
        except SSL.WantReadError:
            return None
        except SSL.ZeroReturnError:
            self.peer_closed = True
            return None
        except SSL.Error as error:
            raise _broken(error) from error

    def encrypt(self, octets: bytes | memoryview) -> None:
        """Put at most RECORD_OCTETS in clear into the output. Raises TlsBroken."""
        try:
            self._connection.send(octets)
        except SSL.Error as error:
            # Memory never blocks and nothing renegotiates, so this connection is beyond use.
            raise _broken(error) from error

    def close(self) -> None:
        """Put a close_notify into the output; never raises. RFC 8446 section 6.1."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            # The handshake is not done or the connection broke: there is nobody to tell.
            pass

    def output(self) -> bytes:
        """What must go to the network now."""
        pieces = []
        read = self._connection.bio_read
        try:
            while True:
                piece = read(_OUTPUT_OCTETS)
                pieces.append(piece)
                if len(piece) < _OUTPUT_OCTETS:
                    break
        except SSL.WantReadError:
            pass
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def peer_chain(self) -> list[bytes]:
        """The peer's certificates in DER as they were sent; its own comes first."""
        chain = self._connection.get_peer_cert_chain(as_cryptography=True) or []
        return [_der(certificate) for certificate in chain]

    def facts_as_server(
        self, server_name: str | None, alpn: str | None, end_point: bytes | None
    ) -> TlsFacts:
        """What the finished handshake agreed; end_point: of our certificate, see `end_point_of`."""
        bindings = bindings_of(self._connection, end_point, is_server=True)
        facts = self._facts(server_name, alpn, bindings)
        # Not read any further: a client may present what nothing here can read.
        presented = self._connection.get_peer_certificate()
        if presented is None:
            return facts
        certificate = dump_certificate(FILETYPE_ASN1, presented)
        return replace(facts, peer_certificate=certificate, peer_key=fingerprint_of(certificate))

    def facts_as_client(self, server_name: str | None) -> TlsFacts:
        """What the finished handshake agreed."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        end_point = None if certificate is None else end_point_of(certificate)
        bindings = bindings_of(self._connection, end_point, is_server=False)
        alpn = self._connection.get_alpn_proto_negotiated().decode("latin-1")
        facts = self._facts(server_name, alpn or None, bindings)
        return facts if certificate is None else replace(facts, peer_certificate=_der(certificate))

    def _facts(self, server_name: str | None, alpn: str | None, bindings: Bindings) -> TlsFacts:
        connection = self._connection
        return TlsFacts(
            version=connection.get_protocol_version_name(),
            cipher=connection.get_cipher_name() or "",
            server_name=server_name,
            alpn=alpn,
            bindings=bindings,
            resumed=was_resumed(connection),
        )


def _der(certificate: Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


_REASONS = {
    "unsupported protocol": "version",
    "version too low": "version",
    "wrong version number": "version",
    "certificate verify failed": REFUSED_CERTIFICATE,
}


def _broken(error: SSL.Error) -> TlsBroken:
    """Say in words what OpenSSL found."""
    entries = error.args[0] if error.args else ()
    if not isinstance(entries, list) or not entries:
        return TlsBroken("protocol", "the TLS connection ended early")
    text = str(entries[0][2]).lower()
    reason = "alert" if " alert " in f" {text} " else _REASONS.get(text, "protocol")
    return TlsBroken(reason, text)
