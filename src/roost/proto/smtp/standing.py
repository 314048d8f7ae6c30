"""What a connection has proved so far, and what it may not do for want of it."""

from dataclasses import dataclass

from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.mechanism import Offered
from roost.proto.smtp import replies
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server_config import ServerConfig


@dataclass(slots=True)
class Standing:
    """How far a client is trusted.

    can_start_tls: whether STARTTLS may be offered. bindings: what a login may be bound to.
    has_certificate: whether the client presented one. identified: whether that alone says who it
    is; it needs no AUTH then, and may use it all the same. authenticated: whether an AUTH was
    accepted.
    """

    tls: bool
    can_start_tls: bool
    bindings: Bindings = NO_BINDINGS
    has_certificate: bool = False
    identified: bool = False
    authenticated: bool = False

    def secure(self, bindings: Bindings, *, has_certificate: bool) -> None:
        """TLS has begun: what was proved in clear counts for nothing. RFC 3207 section 4.2."""
        self.tls, self.bindings, self.has_certificate = True, bindings, has_certificate
        self.identified = self.authenticated = False

    def greeted(self) -> None:
        """EHLO begins anew: who is known by a certificate is that one again, and may use AUTH."""
        if self.identified:
            self.authenticated = False

    def offered(self, config: ServerConfig) -> tuple[Offered, ...]:
        """The mechanisms that may be used now."""
        return config.offered(
            tls=self.tls, bindings=self.bindings, has_certificate=self.has_certificate
        )

    def refusal(self, verb: str, config: ServerConfig) -> Reply | None:
        """Why a command may not be used now, None when it may."""
        if verb == "STARTTLS" and (self.tls or self.authenticated or not self.can_start_tls):
            return replies.NO_STARTTLS
        if verb == "AUTH" and self.authenticated:
            return replies.TWICE_AUTH
        if verb == "MAIL" and config.auth_required and not (self.authenticated or self.identified):
            return replies.AUTH_REQUIRED
        return None
