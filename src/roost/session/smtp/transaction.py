"""A mail transaction on its way, and the envelope it ends in. RFC 5321 section 3.3."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from roost.base.address import Address
from roost.ports.net import Endpoint, TlsFacts
from roost.proto.smtp.command import Hello, Mail, Rcpt

RouteT = TypeVar("RouteT")
LoginT = TypeVar("LoginT")


@dataclass(frozen=True, slots=True)
class Client(Generic[LoginT]):
    """Who brought the message.

    hello: what it called itself. login: None where nobody logged in.
    """

    connection_id: str
    hello: Hello
    peer: Endpoint
    local: Endpoint
    tls: TlsFacts | None
    login: LoginT | None


@dataclass(frozen=True, slots=True)
class Recipient(Generic[RouteT]):
    """One accepted recipient.

    address: as the client wrote it, <postmaster> completed with our hostname.
    route: what resolving it gave. rcpt: the command with its parameters.
    """

    address: Address
    route: RouteT
    rcpt: Rcpt


@dataclass(frozen=True, slots=True)
class Envelope(Generic[RouteT, LoginT]):
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
