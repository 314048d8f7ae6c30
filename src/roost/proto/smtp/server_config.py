"""What is the same for all connections of a port."""

from dataclasses import dataclass, field
from enum import Enum

from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.mechanisms import offered
from roost.proto.smtp.extension import Extensions


class Role(Enum):
    """Whom a port is for."""

    MX = "mx"  # other servers: what is malformed is refused
    SUBMISSION = "submission"  # people's mail programs, after a login
    LOCALSERVE = "localserve"  # a developer's own programs

    @property
    def mends(self) -> bool:
        """Whether a bare CR or LF of a message is made CRLF; else the message is refused."""
        return self is not Role.MX

    @property
    def forgives_space(self) -> bool:
        """Whether white space at the end of a command is overlooked."""
        return self is not Role.SUBMISSION

    @property
    def takes_any_name(self) -> bool:
        """Whether EHLO may say anything: mail programs in homes say all sorts of things."""
        return self is not Role.MX


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How a port behaves.

    mechanisms: for AUTH; none means that there is no AUTH. auth_required: before MAIL.
    auth_in_clear: whether passwords may come without TLS.
    max_errors: so many bad commands in a row end the connection.
    """

    hostname: str
    role: Role = Role.MX
    extensions: Extensions = field(default_factory=Extensions)
    mechanisms: tuple[Offered, ...] = ()
    auth_required: bool = False
    auth_in_clear: bool = False
    max_errors: int = 20

    def offered(
        self, *, tls: bool, bindings: Bindings = NO_BINDINGS, has_certificate: bool = False
    ) -> tuple[Offered, ...]:
        """The mechanisms that may be used with, or without, TLS and what it has.

        bindings: what a login may be bound to. has_certificate: whether the client presented one.
        """
        return offered(
            self.mechanisms,
            private=tls or self.auth_in_clear,
            bindings=bindings,
            has_certificate=has_certificate,
        )
