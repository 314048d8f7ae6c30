"""A mail transaction on its way, and the envelope it ends in. RFC 5321 section 3.3."""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from roost.base.address import Address
from roost.ports.net import Endpoint, TlsFacts
from roost.proto.smtp.command import Hello, Mail, Rcpt

RouteT = TypeVar("RouteT")
LoginT = TypeVar("LoginT")


class Client(msgspec.Struct, Generic[LoginT], frozen=True):
    """Who brought the message.

    hello: what it called itself. login: None where nobody logged in. used_auth: whether that was by
    AUTH; a TLS client certificate is a login by itself.
    """

    connection_id: str
    hello: Hello
    peer: Endpoint
    local: Endpoint
    tls: TlsFacts | None
    login: LoginT | None
    used_auth: bool


class Recipient(msgspec.Struct, Generic[RouteT], frozen=True):
    """One accepted recipient.

    address: as the client wrote it, <postmaster> completed with our hostname.
    route: what resolving it gave. rcpt: the command with its parameters.
    """

    address: Address
    route: RouteT
    rcpt: Rcpt


class Envelope(msgspec.Struct, Generic[RouteT, LoginT], frozen=True):
    """All that is known of a message but its octets.

    mail: the MAIL command: reverse-path, SMTPUTF8 and the other parameters.
    """

    mail: Mail
    recipients: tuple[Recipient[RouteT], ...]
    client: Client[LoginT]
    received_at: datetime

    @property
    def reverse_path(self) -> Address | None:
        """The sender, None for the null reverse-path."""
        return self.mail.reverse_path
