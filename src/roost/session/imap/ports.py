"""What an IMAP session is given: the use cases behind it, and the limits of a port."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from roost.ports.blobs import Blobs
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.net import Wire
from roost.ports.random import Random
from roost.proto.sasl.external import EXTERNAL
from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.plain import PLAIN
from roost.service.key_login import KeyLogin, KeyRefused
from roost.service.login import Login
from roost.session.sign_in import BeginProof, SignIn
from roost.store.engine import Store
from roost.store.search_index import SearchIndex

CheckLogin = Callable[[SignIn, Wire], Awaitable[Login]]
LoginAs = Callable[[str, str, Wire], Awaitable[Login]]


class Identify(Protocol):
    """Who the certificate of a connection says it is, which may have changed since its handshake.

    signs_in: whether that alone is a login, unless the key is to wait. Raises ServiceError.
    """

    async def __call__(self, wire: Wire, *, signs_in: bool) -> KeyLogin: ...


async def _nobody(wire: Wire, *, signs_in: bool) -> KeyLogin:  # noqa: ARG001 - see Identify
    raise KeyRefused


async def _as_nobody(_identity: str, _client: str, _wire: Wire) -> Login:
    raise KeyRefused


@dataclass(frozen=True, slots=True)
class ImapLimits:
    """Bounds of a session.

    login_timeout: until a client signed in. idle_timeout: silence that ends a session that did
    (RFC 9051 section 5.4), literal_timeout: in the middle of a literal. buffered_octets: input that
    may wait while a command is worked on, before reading stops. message_limit: messages that one
    command deals with, save_limit: those that one COPY or APPEND saves; 0 for no limit (RFC 9738).
    """

    max_append_octets: int = 100 << 20
    login_timeout: timedelta = timedelta(minutes=1)
    idle_timeout: timedelta = timedelta(minutes=30)
    literal_timeout: timedelta = timedelta(minutes=1)
    buffered_octets: int = 128 << 10
    message_limit: int = 0
    save_limit: int = 0


def _never(_wire: Wire) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ImapPort:
    """All that sessions of one port share.

    check_login: name and password -> who that is; raises ServiceError. begin_proof: the same for
    mechanisms that do not send the password. mechanisms: for AUTHENTICATE. refuses_logins: whether
    too many failed where the connection comes from. default_quota: octets of accounts without a
    limit of their own, 0 for none. search: the index of texts, None where there is none.
    in_background: runs work that outlives the connection. version: of the program, told to clients
    that logged in, "" to keep it from them. identify: see Identify. login_as: who asks for an
    identity by the certificate of its connection, "" for its own, with what the program calls
    itself.
    """

    hostname: str
    store: Store
    blobs: Blobs
    clock: Clock
    random: Random
    log: Log
    check_login: CheckLogin
    begin_proof: BeginProof[Login]
    may_accept: Callable[[], bool]
    in_background: Callable[[Coroutine[Any, Any, None]], None]
    search: SearchIndex | None = None
    refuses_logins: Callable[[Wire], bool] = _never
    default_quota: int = 0
    mechanisms: tuple[Offered, ...] = (EXTERNAL, PLAIN)
    clear_text_logins: bool = False
    version: str = ""
    identify: Identify = _nobody
    login_as: LoginAs = _as_nobody
    limits: ImapLimits = field(default_factory=ImapLimits)
