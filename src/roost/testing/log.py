"""A log that keeps its events for a test to look at."""

from typing import NamedTuple, Self

from roost.ports.log import Fact
from roost.ports.log_events import Event


class Logged(NamedTuple):
    """One event as it was logged."""

    level: str
    event: Event
    facts: dict[str, Fact]
    error: BaseException | None = None


class ListLog:
    """Keeps events in `events`; logs made by `bind` share the list."""

    def __init__(
        self, events: list[Logged] | None = None, facts: dict[str, Fact] | None = None
    ) -> None:
        self.events: list[Logged] = [] if events is None else events
        self._facts = facts or {}

    def bind(self, **facts: Fact) -> Self:
        return type(self)(self.events, self._facts | facts)

    def debug(self, event: Event, **facts: Fact) -> None:
        self.events.append(Logged("debug", event, self._facts | facts))

    def info(self, event: Event, **facts: Fact) -> None:
        self.events.append(Logged("info", event, self._facts | facts))

    def warning(self, event: Event, **facts: Fact) -> None:
        self.events.append(Logged("warning", event, self._facts | facts))

    def error(self, event: Event, *, error: BaseException | None = None, **facts: Fact) -> None:
        self.events.append(Logged("error", event, self._facts | facts, error))

    def named(self, event: Event) -> list[Logged]:
        """The events of that name, in order."""
        return [logged for logged in self.events if logged.event is event]
