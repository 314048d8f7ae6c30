"""What an SMTP session is given: the use cases behind it, and the limits of a port."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from roost.base.address import Address
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.net import Wire
from roost.ports.random import Random
from roost.proto.smtp.server_config import ServerConfig
from roost.session.sign_in import BeginProof, SignIn
from roost.session.smtp.transaction import Envelope

RouteT = TypeVar("RouteT")  # what resolving a recipient gives, handed on as it is
StowedT = TypeVar("StowedT")  # what a finished sink gives
LoginT = TypeVar("LoginT")  # who logged in
StowedT_co = TypeVar("StowedT_co", covariant=True)


class MessageSink(Protocol[StowedT_co]):
    """Takes the octets of one message."""

    async def write(self, octets: bytes) -> None:
        """Take some; returns when there may be more. Raises ServiceError."""
        ...

    async def finish(self) -> StowedT_co:
        """All octets came, and are safe when it returns. Raises ServiceError."""
        ...

    async def discard(self) -> None:
        """Forget them. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Services(Generic[RouteT, StowedT, LoginT]):
    """The use cases behind a port. What they raise as ServiceError is told to the peer.

    resolve_recipient: where mail for an address goes.
    begin_message: a sink for one message.
    deliver: returns once the message is committed for all recipients; raises, and then it is
    for none. It also writes the log, because it knows what became of the message.
    check_login: who that is by a password; it also writes the log, because it knows who and why.
    begin_proof: the same for mechanisms that do not send the password.
    refuses_logins: whether too many failed where the connection comes from.
    identify: who the certificate of a connection says it is, which may have changed since its
    handshake. login_as: the same with an identity of the client's choice, "" for its own, and with
    what the client calls itself.
    discard: forgets a message that was finished and not delivered; never raises.
    may_send_as: whether the login may (still) use the address, or the null path, as sender.
    may_accept: whether there is room for another message.
    in_background: runs work that outlives the connection.
    """

    resolve_recipient: Callable[[Address], Awaitable[RouteT]]
    begin_message: Callable[[], MessageSink[StowedT]]
    deliver: Callable[[Envelope[RouteT, LoginT], StowedT], Awaitable[None]]
    discard: Callable[[StowedT], Coroutine[Any, Any, None]]
    check_login: Callable[[SignIn, Wire], Awaitable[LoginT]]
    begin_proof: BeginProof[LoginT]
    refuses_logins: Callable[[Wire], bool]
    identify: Callable[[Wire], Awaitable[LoginT]]
    login_as: Callable[[str, str, Wire], Awaitable[LoginT]]
    may_send_as: Callable[[LoginT, Address | None], Awaitable[bool]]
    may_accept: Callable[[], bool]
    in_background: Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """Bounds that are not the protocol machine's.

    command_timeout, data_timeout: silence that ends a connection (RFC 5321 section 4.5.3.2).
    message_timeout: the whole of one message. buffered_octets: input that may wait while a
    command is worked on, before reading stops.
    """

    command_timeout: timedelta = timedelta(minutes=5)
    data_timeout: timedelta = timedelta(minutes=5)
    message_timeout: timedelta = timedelta(minutes=30)
    buffered_octets: int = 128 * 1024


@dataclass(frozen=True, slots=True)
class SmtpPort(Generic[RouteT, StowedT, LoginT]):
    """All that sessions of one port share."""

    config: ServerConfig
    services: Services[RouteT, StowedT, LoginT]
    clock: Clock
    log: Log
    random: Random
    limits: SmtpLimits = field(default_factory=SmtpLimits)
