"""Channel bindings of a TLS connection, for logins that shall hold on this very one. RFC 5056."""

from typing import Any

from OpenSSL import SSL

from roost.proto.sasl.binding import Bindings

# RFC 9266 section 2.
_EXPORTER_LABEL = b"EXPORTER-Channel-Binding"
_EXPORTER_OCTETS = 32

# pyOpenSSL has no word for two facts; its binding has. The release is pinned and the tests of
# resumption and channel binding fail should they move.
_lib: Any = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001


def was_resumed(connection: SSL.Connection) -> bool:
    """Whether the handshake took up an earlier session."""
    return bool(_lib.SSL_session_reused(_handle(connection)))


def bindings_of(
    connection: SSL.Connection, server_end_point: bytes | None, *, is_server: bool
) -> Bindings:
    """What both ends of a connection know of it, once the handshake is done.

    server_end_point: see `certificate.end_point_of`. Costs about 10 microseconds.
    """
    if connection.get_protocol_version() >= SSL.TLS1_3_VERSION:
        exported = connection.export_keying_material(_EXPORTER_LABEL, _EXPORTER_OCTETS, b"")
        return Bindings(tls_exporter=exported, tls_server_end_point=server_end_point)
    unique = _first_finished(connection, is_server=is_server)
    return Bindings(tls_unique=unique, tls_server_end_point=server_end_point)


def _first_finished(connection: SSL.Connection, *, is_server: bool) -> bytes | None:
    """The first Finished message of the handshake. RFC 5929 section 3.1.

    It is the client's, and the server's where a session was resumed. A resumed session without
    extended master secret may be one that somebody in between shares with both ends (RFC 7627
    section 1): that proves nothing, so there is none.
    """
    resumed = was_resumed(connection)
    if resumed and _lib.SSL_get_extms_support(_handle(connection)) != 1:
        return None
    return connection.get_finished() if is_server == resumed else connection.get_peer_finished()


def _handle(connection: SSL.Connection) -> object:
    return connection._ssl  # noqa: SLF001
