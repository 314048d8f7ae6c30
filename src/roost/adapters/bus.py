"""Hints within one process."""

from collections.abc import Callable

from roost.base.ids import AccountId
from roost.ports.bus import Hint
from roost.ports.log import Log
from roost.ports.log_events import Event

Hear = Callable[[Hint], None]


class LocalBus:
    """Calls every listener at once, in the loop's thread; one that raises stops no other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        # Each listening has a key of its own: the same function may listen twice.
        self._listeners: dict[AccountId | None, dict[object, Hear]] = {}

    def publish(self, hint: Hint) -> None:
        """See `EventBus.publish`. Who begins to listen meanwhile hears the next hint."""
        for account in (hint.account, None):
            for hear in tuple(self._listeners.get(account, {}).values()):
                try:
                    hear(hint)
                except Exception as error:
                    self._log.error(Event.JOB_FAILED, error=error, job="hear_hint")

    def listen(self, account: AccountId | None, hear: Hear) -> Callable[[], None]:
        """See `EventBus.listen`. What it returns may be called twice."""
        key = object()
        self._listeners.setdefault(account, {})[key] = hear

        def stop() -> None:
            listeners = self._listeners.get(account, {})
            listeners.pop(key, None)
            if not listeners:
                self._listeners.pop(account, None)

        return stop
