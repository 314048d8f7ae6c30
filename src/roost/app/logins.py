"""Signing in as the sessions ask for it: a connection becomes an origin, an outcome a log line."""

from dataclasses import dataclass

from prometheus_client import Counter

from roost.adapters.metrics import Metrics
from roost.base.ids import AccountId
from roost.config.logins import LoginsConfig
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Wire
from roost.proto.sasl.bearer import OAUTHBEARER, XOAUTH2
from roost.proto.sasl.cram_md5 import CRAM_MD5
from roost.proto.sasl.login import LOGIN
from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.proto.sasl.scram import SCRAM_SHA_1, SCRAM_SHA_1_PLUS
from roost.service.login import Login
from roost.service.login_outcome import Outcome
from roost.service.protocols import IMAP
from roost.service.sasl_login import SaslLogin
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
        elif outcome is Outcome.WRONG_BINDING:
            log.warning(Event.LOGIN_FOREIGN_CHANNEL, account=account, **facts)
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

    def begin_proof(self, mechanism: str, client: str, wire: Wire) -> SaslLogin:
        """A login that says no password. client: what the program calls itself."""
        return SaslLogin(self.sign_ins, self.origin(wire, mechanism, client))

    def mechanisms(self, config: LoginsConfig) -> tuple[Offered, ...]:
        """What is offered, the safest first; which of them a connection may use, it shows.

        IMAP has a command of its own for what the mechanism LOGIN does.
        """
        off: set[Offered] = set()
        if not config.scram_sha_1:
            off |= {SCRAM_SHA_1, SCRAM_SHA_1_PLUS}
        if not config.cram_md5:
            off.add(CRAM_MD5)
        if self.sign_ins.token_judge is None:
            off |= {OAUTHBEARER, XOAUTH2}
        if self.protocol == IMAP:
            off.add(LOGIN)
        return tuple(one for one in MECHANISMS if one not in off)

    def refuses(self, wire: Wire) -> bool:
        """Whether nothing that comes from the peer is looked at for now."""
        return self.sign_ins.refuses(wire.peer.ip)

    def origin(self, wire: Wire, mechanism: str, client: str) -> Origin:
        """Where a login over this connection comes from."""
        tls = wire.tls.version if wire.tls else ""
        key = wire.tls.peer_key or "" if wire.tls else ""
        return Origin(self.protocol, mechanism, client, wire.peer.ip, tls, wire.id, key)
