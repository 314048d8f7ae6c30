"""Signing in, the same for every protocol: the check, the log line, the counter."""

from dataclasses import dataclass

from prometheus_client import Counter

from roost.adapters.metrics import Metrics
from roost.base.errors import ServiceError
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Wire
from roost.service.login import Login, LoginCache, check_password
from roost.service.passwords import PasswordHasher
from roost.store.engine import Store


def count_logins(metrics: Metrics) -> Counter:
    """The metric of logins."""
    return metrics.counter("logins", "Logins by outcome.", ("service", "outcome"))


@dataclass(frozen=True, slots=True)
class Logins:
    """Checks passwords and tells of it."""

    store: Store
    hasher: PasswordHasher
    cache: LoginCache
    clock: Clock
    log: Log
    counted: Counter

    async def check(self, service: str, name: str, password: str, wire: Wire) -> Login:
        """Who signs in. Raises what `check_password` raises."""
        try:
            login = await check_password(
                self.store, self.hasher, self.cache, self.clock, name, password
            )
        except ServiceError as error:
            self.counted.labels(service, error.code).inc()
            self.log.info(
                Event.LOGIN_FAILED,
                connection=wire.id,
                service=service,
                reason=error.code,
                peer=str(wire.peer.ip or "local"),
            )
            raise
        self.counted.labels(service, "ok").inc()
        self.log.info(
            Event.LOGIN_DONE,
            connection=wire.id,
            service=service,
            account=login.account,
            tls=wire.tls is not None,
        )
        return login
