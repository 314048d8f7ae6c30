"""What SMTP sessions are given: use cases bound to the store of this server."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from roost.app.key_logins import KeyLogins
from roost.base.address import Address
from roost.config.smtp import SmtpConfig
from roost.delivery.receive import receive
from roost.delivery.route import Destination
from roost.ports.blobs import Blobs
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Wire
from roost.ports.random import Random
from roost.proto.sasl.mechanism import Offered
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.service.login import Login, is_valid
from roost.service.submission import may_send_as, submit
from roost.session.sign_in import BeginProof, SignIn
from roost.session.smtp.ports import Services, SmtpLimits, SmtpPort
from roost.session.smtp.traced import hop_of
from roost.session.smtp.transaction import Envelope
from roost.store.blobs import begin_blob, discard
from roost.store.engine import Store
from roost.store.stowed import Stowed

Port = SmtpPort[Destination, Stowed, Login]
Sent = Envelope[Destination, Login]
Route = Callable[[Address], Awaitable[Destination]]
CheckLogin = Callable[[SignIn, Wire], Awaitable[Login]]


@dataclass(frozen=True, slots=True)
class SmtpParts:
    """What all SMTP ports of the server have in common.

    route: where mail goes. check_login, begin_proof: who that is, with a password and without.
    mechanisms: for AUTH. refuses_logins: whether too many logins failed there. keys: who signs in
    by a certificate. says_recipients: whether the log names addresses, as only localserve's does.
    """

    hostname: str
    config: SmtpConfig
    store: Store
    blobs: Blobs
    clock: Clock
    random: Random
    log: Log
    route: Route
    check_login: CheckLogin
    begin_proof: BeginProof[Login]
    mechanisms: tuple[Offered, ...]
    refuses_logins: Callable[[Wire], bool]
    keys: KeyLogins
    may_accept: Callable[[], bool]
    in_background: Callable[[Coroutine[Any, Any, None]], None]
    local: bool
    clear_text_logins: bool

    def mx_port(self) -> Port:
        """The port where others deliver; localserve's takes everything from everyone."""
        return self._port(
            Role.LOCALSERVE if self.local else Role.MX, self._receive, auth_required=False
        )

    def submission_port(self) -> Port:
        """A port where users send, after a login."""
        return self._port(Role.SUBMISSION, self._submit, auth_required=True)

    def _port(
        self, role: Role, deliver: Callable[[Sent, Stowed], Awaitable[None]], *, auth_required: bool
    ) -> Port:
        config = ServerConfig(
            hostname=self.hostname,
            role=role,
            extensions=Extensions(
                max_message_octets=self.config.max_message_size,
                max_recipients=self.config.max_recipients,
            ),
            mechanisms=self._mechanisms_of(role),
            auth_required=auth_required,
            auth_in_clear=self.clear_text_logins,
        )
        services = Services(
            resolve_recipient=self.route,
            begin_message=lambda: begin_blob(self.store, self.blobs, self.clock),
            deliver=deliver,
            discard=lambda stowed: discard(self.store, self.blobs, self.clock, stowed),
            check_login=self.check_login,
            begin_proof=self.begin_proof,
            refuses_logins=self.refuses_logins,
            identify=self._identify,
            login_as=self.keys.login_as,
            may_send_as=self._may_send_as,
            may_accept=self.may_accept,
            in_background=self.in_background,
        )
        limits = SmtpLimits(
            command_timeout=timedelta(seconds=self.config.command_timeout.total_seconds()),
            data_timeout=timedelta(seconds=self.config.data_timeout.total_seconds()),
        )
        return SmtpPort(config, services, self.clock, self.log, self.random, limits)

    def _mechanisms_of(self, role: Role) -> tuple[Offered, ...]:
        """Nobody is asked for a certificate on port 25, nor on localserve's."""
        if role is Role.MX:
            return ()
        asked = role is Role.SUBMISSION
        return tuple(one for one in self.mechanisms if asked or not one.needs_certificate)

    async def _receive(self, envelope: Sent, stowed: Stowed) -> None:
        destinations = [one.route for one in envelope.recipients]
        hop = hop_of(envelope, hostname=self.hostname, hides_client=False)
        filed = await receive(self.store, hop, envelope.reverse_path, destinations, stowed)
        self._log(Event.MESSAGE_RECEIVED, envelope, stowed, copies=len(filed))

    async def _submit(self, envelope: Sent, stowed: Stowed) -> None:
        login = envelope.client.login
        assert login is not None, "nobody gets this far without a login"
        submission = await submit(
            self.store,
            login.account,
            hop_of(envelope, hostname=self.hostname, hides_client=True),
            envelope.reverse_path,
            [one.address for one in envelope.recipients],
            stowed,
            envelope.received_at,
        )
        self._log(Event.MESSAGE_SUBMITTED, envelope, stowed, submission=submission)

    def _log(self, event: Event, envelope: Sent, stowed: Stowed, **facts: str | int) -> None:
        if self.local:
            facts["to"] = ", ".join([str(one.address) for one in envelope.recipients[:20]])
        self.log.info(
            event,
            connection=envelope.client.connection_id,
            size=stowed.size,
            recipients=len(envelope.recipients),
            **facts,
        )

    async def _identify(self, wire: Wire) -> Login:
        return (await self.keys.identify(wire, signs_in=True)).login

    async def _may_send_as(self, login: Login, address: Address | None) -> bool:
        if not await is_valid(self.store, self.clock, login):
            return False
        if self.local or address is None:
            return True
        return await may_send_as(self.store, login.account, address)
