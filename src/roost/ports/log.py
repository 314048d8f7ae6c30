"""Log events: a name of the closed list and facts as fields."""

from typing import Protocol, Self

from roost.ports.log_events import Event

Fact = str | int | float | bool | None


class Log(Protocol):
    """Where log events go. Fields never hold an address, a subject, a body or a secret.

    Only localserve, whose mail is a developer's own, says for whom a message was.
    """

    def bind(self, **facts: Fact) -> Self:
        """A log that adds `facts` to each event."""
        ...

    def debug(self, event: Event, **facts: Fact) -> None:
        """For who looks for a fault."""
        ...

    def info(self, event: Event, **facts: Fact) -> None:
        """Ordinary life."""
        ...

    def warning(self, event: Event, **facts: Fact) -> None:
        """The admin should look at it some day."""
        ...

    def error(self, event: Event, *, error: BaseException | None = None, **facts: Fact) -> None:
        """The admin should look at it now; `error` adds its stack."""
        ...
