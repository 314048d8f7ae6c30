"""Signing in as the sessions ask for it: a connection becomes an origin, an outcome a log line."""

from dataclasses import dataclass

from prometheus_client import Counter

from roost.adapters.metrics import Metrics
from roost.base.ids import AccountId
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Wire
from roost.service.login import Login
from roost.service.login_outcome import Outcome
from roost.service.sign_ins import Origin, SignIns, Told
from roost.session.sign_in import SignIn


def count_logins(metrics: Metrics) -> Counter:
    """The metric of logins."""
    return metrics.counter("logins", "Logins by outcome.", ("service", "outcome"))


def teller(log: Log, counted: Counter) -> Told:
    """Counts and logs every login. A flood of those that nobody looks at makes no log lines."""

    def tell(origin: Origin, outcome: Outcome, account: AccountId | None) -> None:
        counted.labels(origin.protocol, outcome.value).inc()
        facts = {
            "connection": origin.connection,
            "service": origin.protocol,
            "mechanism": origin.mechanism,
            "peer": str(origin.ip or "local"),
            "tls": origin.tls,
        }
        if outcome is Outcome.OK:
            log.info(Event.LOGIN_DONE, account=account, **facts)
        elif outcome is Outcome.LIMITED:
            log.debug(Event.LOGIN_FAILED, reason=outcome.value, **facts)
        else:
            log.info(Event.LOGIN_FAILED, reason=outcome.value, **facts)

    return tell


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of one protocol."""

    sign_ins: SignIns
    protocol: str

    async def check(self, said: SignIn, wire: Wire) -> Login:
        """Who signs in. Raises what `SignIns.by_password` raises."""
        origin = self.origin(wire, said.mechanism, said.client)
        return await self.sign_ins.by_password(origin, said.username, said.password)

    def refuses(self, wire: Wire) -> bool:
        """Whether nothing that comes from the peer is looked at for now."""
        return self.sign_ins.refuses(wire.peer.ip)

    def origin(self, wire: Wire, mechanism: str, client: str) -> Origin:
        """Where a login over this connection comes from."""
        tls = wire.tls.version if wire.tls else ""
        key = wire.tls.peer_key or "" if wire.tls else ""
        return Origin(self.protocol, mechanism, client, wire.peer.ip, tls, wire.id, key)
