"""Signing in by a TLS client certificate: the handshake, the look-up behind it, log and counter."""

from dataclasses import dataclass

from prometheus_client import Counter

from roost.adapters.metrics import Metrics
from roost.app.logins import Logins
from roost.base.errors import ServiceError
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Endpoint, IpAddress, Wire
from roost.proto.sasl.external import EXTERNAL
from roost.service.key_login import KeyLogin, KeyRefused
from roost.service.known_keys import KnownKeys
from roost.service.login import Login
from roost.service.login_outcome import Outcome
from roost.service.sign_ins import Origin


def count_key_logins(metrics: Metrics) -> Counter:
    """The metric of client certificates."""
    return metrics.counter(
        "tls_client_auth", "TLS client certificates by outcome.", ("service", "outcome")
    )


@dataclass(frozen=True, slots=True)
class KeyLogins:
    """Looks the keys of client certificates up and tells of it.

    service: "imap" or "submission". logins: of the same protocol. certificates: counts what was
    presented.
    """

    service: str
    logins: Logins
    known: KnownKeys
    log: Log
    certificates: Counter

    def accepts(self, fingerprint: str, ip: IpAddress | None) -> bool:
        """Whether a handshake with this key may go on.

        From where too many logins failed every key may, lest anything be learnt of it; the
        connection ends behind the handshake then.
        """
        return self.logins.sign_ins.refuses(ip) or fingerprint in self.known

    def refused(self, peer: Endpoint, connection: str) -> None:
        """A handshake ended because of its certificate."""
        origin = Origin(self.logins.protocol, EXTERNAL.name, "", peer.ip, "", connection)
        self.logins.sign_ins.failed(origin, "", Outcome.UNKNOWN)
        self._count(KeyRefused.code)

    async def identify(self, wire: Wire, *, signs_in: bool) -> KeyLogin:
        """Who the certificate of a connection says it is, as the store has it now.

        Raises what `SignIns.by_certificate` raises.
        """
        origin = self.logins.origin(wire, EXTERNAL.name, "")
        try:
            found = await self.logins.sign_ins.by_certificate(origin, signs_in=signs_in)
        except ServiceError as error:
            self._count(error.code)
            raise
        self._count("ok")
        self.log.info(
            Event.CERTIFICATE_KNOWN,
            connection=wire.id,
            service=self.logins.protocol,
            account=found.login.account,
            resumed=wire.tls is not None and wire.tls.resumed,
        )
        return found

    async def login_as(self, identity: str, client: str, wire: Wire) -> Login:
        """Who asks for an identity by EXTERNAL. Raises what `SignIns.by_key` raises."""
        origin = self.logins.origin(wire, EXTERNAL.name, client)
        return await self.logins.sign_ins.by_key(origin, identity)

    def _count(self, outcome: str) -> None:
        self.certificates.labels(self.service, outcome).inc()
