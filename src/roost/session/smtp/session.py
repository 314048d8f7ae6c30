"""What all SMTP sessions have in common: events of the machine become calls of services.

Commands run strictly in order. What needs no waiting is dealt with at once; at the first event that
does, a task takes over until the input is used up. While it runs, input waits in the machine, and
reading stops when too much of it does.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar, Generic

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.ports.log_events import Event as LogEvent
from roost.ports.net import ConnectionLost, Wire
from roost.proto.smtp.command import Hello, Mail, Rcpt, StartTls
from roost.proto.smtp.event import (
    Closing,
    Event,
    ExternalAsked,
    LoginAsked,
    LoginBroken,
    MessageBegin,
    MessageChunk,
    MessageEnd,
    SecretsAsked,
    TransactionDropped,
)
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server import Server
from roost.session.sign_in import bindings_of, fresh_exchange
from roost.session.smtp import replies
from roost.session.smtp.login import Asked, Authenticator
from roost.session.smtp.ports import LoginT, MessageSink, RouteT, SmtpPort, StowedT
from roost.session.smtp.transaction import Client, Envelope, Recipient

FLUSH_OCTETS = 32 * 1024  # replies of pipelined commands leave together, up to so much
LONG_WORK_SECONDS = 1.0  # after which the client gets its whole time again


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """The client presented a certificate: who that is comes before anything it says.

    greets: whether it still waits for the greeting.
    """

    greets: bool


_LOGINS = frozenset({SecretsAsked, LoginAsked, LoginBroken, ExternalAsked})
_WAITING = _LOGINS | {CertificateSeen, Mail, Rcpt, MessageChunk, MessageEnd}


class SmtpSession(Generic[RouteT, StowedT, LoginT]):
    """One connection; see roost.ports.net.Session for what the methods mean."""

    special_replies: ClassVar[dict[str, Reply]] = {}

    _wire: Wire
    _machine: Server
    _authenticator: Authenticator[RouteT, StowedT, LoginT]

    def __init__(self, port: SmtpPort[RouteT, StowedT, LoginT]) -> None:
        self._port = port
        self._services = port.services
        self._clock = port.clock
        self._log = port.log
        self._hello = Hello("")
        self._mail: Mail | None = None
        self._recipients: list[Recipient[RouteT]] = []
        self._sink: MessageSink[StowedT] | None = None
        self._message_begun: float | None = None
        self._wait = port.limits.command_timeout
        self._has_task = False  # from the spawning of the task to its end
        self._at_work = False  # while the task really runs
        self._held = False
        self._peer_gone = False
        self._stopping = False
        self._lost = False

    # What the connection does.

    def opened(self, wire: Wire) -> None:
        """Greet."""
        self._wire = wire
        self._log = self._log.bind(connection=wire.id)
        self._machine = Server(
            self._port.config,
            connection_id=wire.id,
            tls=wire.tls is not None,
            can_start_tls=wire.can_start_tls,
            bindings=bindings_of(wire),
            has_certificate=self._has_certificate,
            fresh=partial(fresh_exchange, self._port.random, self._clock),
        )
        self._authenticator = Authenticator(self._services, self._machine, wire, self._clock)
        wire.wait_at_most(self._wait.total_seconds())
        if self._is_refused():
            self._leave(replies.TOO_MANY_LOGINS)
            return
        if self._has_certificate:
            self._begin_work(CertificateSeen(greets=True))
            return
        self._machine.greet()
        self._flush()

    def receive(self, octets: bytes) -> None:
        """Feed the machine and deal with what comes out."""
        self._machine.receive(octets)
        if not self._has_task:
            if self._message_takes_too_long():
                self._leave(replies.TOO_SLOW)
            else:
                self._go_on()
        elif not self._held and self._machine.buffered_octets > self._port.limits.buffered_octets:
            self._held = True
            self._wire.hold()

    def tls_started(self) -> None:
        """Forget all the client said in clear. RFC 3207 section 4.2."""
        self._hello = Hello("")
        self._drop_transaction()
        bindings, has_certificate = bindings_of(self._wire), self._has_certificate
        self._machine.tls_started(bindings, has_certificate=has_certificate)
        if has_certificate:
            self._begin_work(CertificateSeen(greets=False))

    def peer_closed(self) -> None:
        """Close, after the answer to what is being worked on."""
        self._peer_gone = True
        if not self._has_task:
            self._wire.close()

    def timed_out(self) -> None:
        """Take leave; a client that waits for us gets its whole time again."""
        if self._has_task:
            self._wire.wait_at_most(self._wait.total_seconds())
        else:
            self._leave(replies.TIMED_OUT)

    def stop(self) -> None:
        """Take leave, after the answer to what is being worked on."""
        self._stopping = True
        if not self._has_task:
            self._leave(replies.STOPPING)

    def lost(self) -> None:
        """Forget the message that was coming, once nobody writes to it any more."""
        self._lost = True
        self._authenticator.lost(self._hello.name)
        if not self._at_work:
            self._drop_transaction()

    # Events.

    def _go_on(self) -> None:
        """Deal with events up to the first that has to wait for something."""
        while (event := self._machine.next_event()) is not None:
            if type(event) in _WAITING:
                self._begin_work(event)
                return  # the task sends what is to be said so far along with its own
            self._at_once(event)
        self._flush()

    def _begin_work(self, first: Event | CertificateSeen) -> None:
        self._has_task = True
        self._wire.spawn(self._work(first))

    async def _work(self, first: Event | CertificateSeen) -> None:
        """Deal with this event and those behind it. Runs as the connection's task."""
        self._at_work = True
        began = self._clock.monotonic()
        event: Event | CertificateSeen | None = first
        try:
            while event is not None:
                if type(event) in _WAITING:
                    await self._wait_for(event)
                else:
                    self._at_once(event)
                if self._stopping:
                    break
                if self._machine.output_octets > FLUSH_OCTETS:
                    self._flush()
                    await self._wire.room()
                event = self._machine.next_event()
        except ConnectionLost:
            return
        finally:
            self._has_task = self._at_work = False
            if self._lost:
                self._drop_transaction()
        self._after_work(began)

    def _after_work(self, began: float) -> None:
        if self._stopping:
            self._leave(replies.STOPPING)
            return
        self._flush()
        if self._peer_gone:
            self._wire.close()
            return
        if self._clock.monotonic() - began > LONG_WORK_SECONDS:
            self._wire.wait_at_most(self._wait.total_seconds())
        if self._held:
            self._held = False
            self._wire.resume()

    def _at_once(self, event: Event | CertificateSeen) -> None:
        """Deal with an event that needs no waiting."""
        match event:
            case Hello():
                self._drop_transaction()
                self._hello = event
                self._authenticator.greeted()
                self._machine.accept()
            case StartTls():
                self._machine.accept()
                self._flush()
                self._wire.start_tls()
            case MessageBegin():
                self._begin_message()
            case TransactionDropped(reason):
                if reason:
                    self._log.info(LogEvent.MESSAGE_REFUSED, reason=reason)
                self._drop_transaction()
            case Closing():
                self._flush()
                self._wire.close()

    async def _wait_for(self, event: Event | CertificateSeen) -> None:
        """Deal with an event of _WAITING, and tell the peer what is wrong if it fails."""
        try:
            match event:
                case Mail():
                    await self._take_sender(event)
                case Rcpt():
                    await self._take_recipient(event)
                case MessageChunk(octets):
                    await self._take_octets(octets)
                case MessageEnd():
                    await self._take_message()
                case SecretsAsked() | LoginAsked() | LoginBroken() | ExternalAsked():
                    await self._take_login(event)
                case CertificateSeen():
                    await self._identify(event)
        except ConnectionLost:
            raise
        except Exception as error:  # the connection goes on; what is a bug is in the log
            self._refuse(event, error)

    def _refuse(self, event: Event | CertificateSeen, error: Exception) -> None:
        reply = replies.reply_for(error, self.special_replies)
        if not isinstance(error, ServiceError):
            self._log.error(LogEvent.COMMAND_FAILED, error=error, at=type(event).__name__)
        if isinstance(event, CertificateSeen):
            self._leave(Reply(421, "4.7.0", reply.text))
            return
        if isinstance(event, MessageChunk):
            self._machine.spoil(reply)
            self._discard()
            return
        if isinstance(event, MessageEnd):
            self._log.info(LogEvent.MESSAGE_REFUSED, reason=reply.text)
            self._drop_transaction()
        self._machine.refuse(reply)

    # Transactions.

    async def _take_sender(self, mail: Mail) -> None:
        if not self._services.may_accept():
            self._machine.refuse(replies.NO_ROOM)
            return
        if (reply := await self._sender_refusal(mail)) is not None:
            self._machine.refuse(reply)
            return
        self._mail = mail
        self._machine.accept()

    async def _sender_refusal(self, _mail: Mail) -> Reply | None:
        """Why this kind of port takes no mail of the sender, None when it does."""
        return None

    async def _take_recipient(self, rcpt: Rcpt) -> None:
        address = rcpt.forward_path or self._postmaster()
        route = await self._services.resolve_recipient(address)
        self._recipients.append(Recipient(address, route, rcpt))
        self._machine.accept()

    def _postmaster(self) -> Address:
        """Who <postmaster> is. RFC 5321 section 4.5.1."""
        return Address("postmaster", Domain.parse(self._port.config.hostname))

    def _begin_message(self) -> None:
        self._sink = self._services.begin_message()
        self._message_begun = self._clock.monotonic()
        self._await(self._port.limits.data_timeout)
        self._machine.accept()

    async def _take_octets(self, octets: bytes) -> None:
        if self._sink is not None:
            await self._sink.write(octets)

    def _message_takes_too_long(self) -> bool:
        """Also for one that will be refused at its end."""
        if self._message_begun is None:
            return False
        so_far = self._clock.monotonic() - self._message_begun
        return so_far > self._port.limits.message_timeout.total_seconds()

    async def _take_message(self) -> None:
        assert self._sink is not None
        assert self._mail is not None
        stowed = await self._sink.finish()
        self._sink = None
        envelope = Envelope(self._mail, tuple(self._recipients), self._client(), self._clock.now())
        try:
            await self._services.deliver(envelope, stowed)
        except BaseException:
            # Also when cancelled: what was committed all the same is stored, and stays.
            self._services.in_background(self._services.discard(stowed))
            raise
        self._drop_transaction()
        self._machine.accept()

    def _client(self) -> Client[LoginT]:
        wire, used_auth = self._wire, self._machine.authenticated
        return Client(wire.id, self._hello, wire.peer, wire.local, wire.tls, self._login, used_auth)

    @property
    def _has_certificate(self) -> bool:
        return self._wire.tls is not None and self._wire.tls.peer_key is not None

    async def _identify(self, seen: CertificateSeen) -> None:
        """Take the client for who its certificate says it is, also on a resumed connection."""
        await self._authenticator.identify()
        if seen.greets:
            self._machine.greet()

    def _is_refused(self) -> bool:
        """Whether this kind of port hears nobody from where the connection comes from."""
        return False

    async def _take_login(self, asked: Asked) -> None:
        if await self._authenticator.answer(asked, self._hello.name):
            self._leave(replies.TOO_MANY_LOGINS)

    @property
    def _login(self) -> LoginT | None:
        """Who is signed in."""
        return self._authenticator.login

    def _drop_transaction(self) -> None:
        """Nothing of it is kept."""
        self._mail = None
        self._recipients = []
        self._message_begun = None
        self._discard()
        self._await(self._port.limits.command_timeout)

    def _discard(self) -> None:
        """Forget the octets that came so far."""
        if self._sink is not None:
            self._services.in_background(self._sink.discard())
            self._sink = None

    # Output and time.

    def _await(self, silence: timedelta) -> None:
        """From now on so much silence is too much."""
        if silence != self._wait and not self._lost:
            self._wait = silence
            self._wire.wait_at_most(silence.total_seconds())

    def _flush(self) -> None:
        if output := self._machine.take_output():
            self._wire.send(output)

    def _leave(self, reply: Reply) -> None:
        self._machine.close(reply)
        self._flush()
        self._wire.close()
