"""An EventBus that keeps its hints for a test to look at."""

from collections.abc import Callable

from roost.base.ids import AccountId
from roost.ports.bus import Hint


class ListBus:
    """Keeps hints in `hints` and tells listeners at once. loses: whether hints get lost instead."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []
        self.loses = False
        self._listeners: dict[object, tuple[AccountId | None, Callable[[Hint], None]]] = {}

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, hint: Hint) -> None:
        if self.loses:
            return
        self.hints.append(hint)
        for account, hear in list(self._listeners.values()):
            if account is None or account == hint.account:
                hear(hint)

    def listen(self, account: AccountId | None, hear: Callable[[Hint], None]) -> Callable[[], None]:
        key = object()
        self._listeners[key] = (account, hear)
        return lambda: self._listeners.pop(key, None) and None
