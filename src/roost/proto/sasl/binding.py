"""Channel bindings: what ties a login to the TLS connection it runs in. RFC 5056, 5929, 9266."""

from dataclasses import dataclass

TLS_EXPORTER = "tls-exporter"
TLS_UNIQUE = "tls-unique"
TLS_SERVER_END_POINT = "tls-server-end-point"


@dataclass(frozen=True, slots=True)
class Bindings:
    """What both ends of one connection know of it and nobody between them does.

    Each is None where it cannot be had, all are in clear.
    tls_exporter: 32 octets, on TLS 1.3 (RFC 9266).
    tls_unique: the first Finished message of the handshake, below TLS 1.3 (RFC 5929 section 3).
    tls_server_end_point: a hash of the server's certificate (RFC 5929 section 4).
    """

    tls_exporter: bytes | None = None
    tls_unique: bytes | None = None
    tls_server_end_point: bytes | None = None

    def named(self, name: str) -> bytes | None:
        """The value of the type registered as `name`; None when it cannot be had or is unknown."""
        return self._by_name().get(name)

    def strongest(self) -> tuple[str, bytes] | None:
        """Name and value of the type a client should use: one of the connection before one of
        the certificate; None when there is no channel to bind to.
        """
        return next(((name, value) for name, value in self._by_name().items() if value), None)

    def __bool__(self) -> bool:
        return self.strongest() is not None

    def _by_name(self) -> dict[str, bytes | None]:
        return {
            TLS_EXPORTER: self.tls_exporter,
            TLS_UNIQUE: self.tls_unique,
            TLS_SERVER_END_POINT: self.tls_server_end_point,
        }


NO_BINDINGS = Bindings()
