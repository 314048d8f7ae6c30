"""AUTH: what the machine asks of a login becomes calls of services. RFC 4954."""

from typing import Generic

from roost.base.errors import ServiceError
from roost.ports.clock import Clock
from roost.ports.net import Wire
from roost.proto.sasl.mechanism import Credentials, Proved, Token
from roost.proto.smtp.event import ExternalAsked, LoginAsked, LoginBroken, SecretsAsked
from roost.proto.smtp.server import Server
from roost.session.sign_in import LoginPace, Proof, SignIn
from roost.session.smtp.ports import LoginT, RouteT, Services, StowedT

MAX_CLIENT_LENGTH = 200  # of what it calls itself, in the list of logins

Asked = SecretsAsked | LoginAsked | LoginBroken | ExternalAsked


class Authenticator(Generic[RouteT, StowedT, LoginT]):
    """The logins of one connection.

    login: the one that did well, else who the client's certificate says it is; None before.
    """

    def __init__(
        self, services: Services[RouteT, StowedT, LoginT], machine: Server, wire: Wire, clock: Clock
    ) -> None:
        self.login: LoginT | None = None
        self._services = services
        self._machine = machine
        self._wire = wire
        self._pace = LoginPace(clock)
        self._proof: Proof[LoginT] | None = None
        self._by_key: LoginT | None = None

    async def identify(self) -> None:
        """Take the client for who its certificate says it is. Raises ServiceError."""
        self.login = self._by_key = await self._services.identify(self._wire)
        self._machine.client_identified()

    def greeted(self) -> None:
        """EHLO begins anew: who is known by a certificate is that one again, and may use AUTH."""
        if self._by_key is not None:
            self.login = self._by_key

    async def answer(self, asked: Asked, client: str) -> bool:
        """Answer the machine; whether so many logins failed that the connection has to end.

        client: what it calls itself. Raises ServiceError, which the machine is to be told.
        """
        client = client[:MAX_CLIENT_LENGTH]
        try:
            match asked:
                case SecretsAsked(mechanism, look_up):
                    await self._pace.before()
                    self._machine.found(await self._proof_of(mechanism, client).secrets(look_up))
                case LoginAsked(mechanism):
                    await self._sign_in(asked, self._proof_of(mechanism, client), client)
                case ExternalAsked(identity):
                    await self._pace.before()
                    self._welcome(await self._services.login_as(identity, client, self._wire))
                case LoginBroken(mechanism):
                    return self._broken(asked, self._proof_of(mechanism, client))
        except ServiceError:
            self._proof = None
            if self._has_to_go():
                return True
            raise
        return False

    def lost(self, client: str) -> None:
        """The connection is gone, perhaps in the middle of a login."""
        if mechanism := self._machine.unfinished_login:
            self._proof_of(mechanism, client[:MAX_CLIENT_LENGTH]).broken_off()

    async def _sign_in(self, asked: LoginAsked, proof: Proof[LoginT], client: str) -> None:
        login: LoginT | None
        match asked.credentials:
            case Credentials(name, password, authorization):
                await self._pace.before()
                proof.require_own(name, authorization)
                said = SignIn(asked.mechanism, name, password, client)
                login = await self._services.check_login(said, self._wire)
            case Proved() as proved:
                login = await proof.by_proof(proved)
            case Token() as token:
                await self._pace.before()
                login = await proof.by_token(token)
        if login is None:
            self._machine.token_refused()
        else:
            self._welcome(login)

    def _welcome(self, login: LoginT) -> None:
        self.login = login
        self._proof = None
        self._pace.succeeded(self._wire)
        self._machine.accept()

    def _broken(self, broken: LoginBroken, proof: Proof[LoginT]) -> bool:
        if broken.failed is None:
            proof.broken_off()
        else:
            proof.failed(broken.failed)
        self._proof = None
        if self._has_to_go():
            return True
        self._machine.refuse(broken.reply)
        return False

    def _has_to_go(self) -> bool:
        """A login failed: whether that was one too many."""
        return self._pace.failed(self._wire) or self._services.refuses_logins(self._wire)

    def _proof_of(self, mechanism: str, client: str) -> Proof[LoginT]:
        """The one of the exchange that runs."""
        if self._proof is None:
            self._proof = self._services.begin_proof(mechanism, client, self._wire)
        return self._proof
