"""Log events as lines of logfmt or JSON."""

import sys
import traceback
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Self, TextIO

from structlog.processors import JSONRenderer, LogfmtRenderer

from roost.ports.clock import Clock
from roost.ports.log import Fact
from roost.ports.log_events import Event

# A net below the rule that no field holds a secret: these names never show their content.
_SECRET_NAMES = frozenset(
    {"authorization", "cookie", "credential", "key", "passphrase", "password", "secret", "token"}
)

Render = Callable[[Mapping[str, Fact]], str]


class Level(IntEnum):
    """From which level on events are written."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


def logfmt() -> Render:
    """Lines of `name=value`, for people and grep."""
    renderer = LogfmtRenderer(bool_as_flag=False)
    return lambda fields: _one_line(renderer(None, "", dict(fields)))


def json_lines() -> Render:
    """One JSON object a line, for programs; ASCII, so that nothing in it moves a terminal."""
    renderer = JSONRenderer()
    return lambda fields: str(renderer(None, "", dict(fields)))


def _one_line(text: str) -> str:
    """The renderer spells LF only; no other character may begin a line or move a terminal."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"


class Sink:
    """Where lines go; shared by a log and all that `bind` made of it.

    out: flushed after each line. What cannot be written stops nothing: `lines_lost` counts it.
    """

    def __init__(
        self, clock: Clock, render: Render, level: Level = Level.INFO, out: TextIO | None = None
    ) -> None:
        self.level = level
        self.lines_lost = 0
        self._clock = clock
        self._render = render
        self._out = out if out is not None else sys.stderr

    def write(self, level: str, event: Event, facts: dict[str, Fact]) -> None:
        """One line: time, level, event, then the facts in the order given."""
        time = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields: dict[str, Fact] = {"time": time, "level": level, "event": event.value, **facts}
        for name in _SECRET_NAMES & facts.keys():
            fields[name] = "[hidden]"
        try:
            self._out.write(self._render(fields) + "\n")
            self._out.flush()
        except (OSError, ValueError):
            # A full disk or a closed pipe; mail goes on.
            self.lines_lost += 1


class LineLog:
    """One line per event at or above the sink's level; below it an event costs a comparison."""

    def __init__(self, sink: Sink, facts: dict[str, Fact] | None = None) -> None:
        self._sink = sink
        self._facts = facts or {}

    def bind(self, **facts: Fact) -> Self:
        return type(self)(self._sink, self._facts | facts)

    def debug(self, event: Event, **facts: Fact) -> None:
        if self._sink.level <= Level.DEBUG:
            self._sink.write("debug", event, self._facts | facts)

    def info(self, event: Event, **facts: Fact) -> None:
        if self._sink.level <= Level.INFO:
            self._sink.write("info", event, self._facts | facts)

    def warning(self, event: Event, **facts: Fact) -> None:
        if self._sink.level <= Level.WARNING:
            self._sink.write("warning", event, self._facts | facts)

    def error(self, event: Event, *, error: BaseException | None = None, **facts: Fact) -> None:
        if error is not None:
            facts["stack"] = "".join(traceback.format_exception(error)).rstrip()
        self._sink.write("error", event, self._facts | facts)
