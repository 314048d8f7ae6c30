"""Plays golden dialogues: text files anyone can read, between clients and sessions.

    # RFC 5321 section 4.2.4: an unknown command is a 500 and the session goes on
    O: role=mx                  an option, handed to whoever opens connections
    S: 220 mx.test ESMTP        the server must say this line
    C: FROB                     the client says this line and CRLF
    S~ 500 5.5.1 {*} ({id})     a pattern: {*} any text, {name} any text but the same each time
    C< ab\\r\\ncd                 escapes are read, no CRLF is added
    C2: NOOP                    the second connection; S2: is what it hears
    T: 300                      the clock moves on so many seconds
    X:                          the client closes its side
    E:                          the server must have closed, with nothing more to say

A name captured by a pattern may stand as {name} in later lines of the client.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from roost.testing.clock import StoppedClock
from roost.testing.wire import MemoryWire

_STEP = re.compile(r"([CSXETO])(\d*)([:<~]) ?(.*)", re.DOTALL)
_GAP = re.compile(r"\\\{(\\\*|\w+)\\\}")
_NAME = re.compile(r"\{(\w+)\}")

Connect = Callable[[str, Mapping[str, str]], Awaitable[MemoryWire]]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dialogue. who: the connection's number as text, "" the first."""

    line: int
    kind: str
    who: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """A dialogue as read."""

    name: str
    options: Mapping[str, str]
    steps: tuple[Step, ...]


class DialogueFailed(AssertionError):
    """The server said something else; the text names the line and what was heard."""


def read_script(path: Path) -> Script:
    """Read a dialogue file; ValueError names the line that is none of the forms above."""
    options: dict[str, str] = {}
    steps: list[Step] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _STEP.fullmatch(line)
        if found is None:
            raise ValueError(f"{path}:{number}: not a line of a dialogue: {line}")
        kind, who, mark, text = found.groups()
        if kind == "O":
            key, _, value = text.partition("=")
            options[key.strip()] = value.strip()
        else:
            steps.append(Step(number, kind, who, mark, text))
    return Script(path.name, options, tuple(steps))


def said(script: Script, who: str = "") -> bytes:
    """All that the client of one connection says, names of patterns left as they stand."""
    return b"".join(
        _octets_of(step) for step in script.steps if (step.kind, step.who) == ("C", who)
    )


async def play(
    script: Script,
    connect: Connect,
    *,
    clock: StoppedClock | None = None,
    one_octet_at_a_time: bool = False,
) -> None:
    """Play `script`; raises DialogueFailed at the first line that differs.

    connect: opens the connection of that number ("" the first) with the script's options.
    """
    player = _Player(script, connect, clock, one_octet_at_a_time=one_octet_at_a_time)
    for step in script.steps:
        await player.play(step)
    await player.finish()


class _Player:
    def __init__(
        self,
        script: Script,
        connect: Connect,
        clock: StoppedClock | None,
        *,
        one_octet_at_a_time: bool,
    ) -> None:
        self._script = script
        self._connect = connect
        self._clock = clock
        self._slow = one_octet_at_a_time
        self._wires: dict[str, MemoryWire] = {}
        self._known: dict[str, str] = {}

    async def play(self, step: Step) -> None:
        if step.kind == "T":
            assert self._clock is not None, "the dialogue moves a clock that is not there"
            self._clock.advance(timedelta(seconds=float(step.text)))
            return
        if step.who not in self._wires:
            self._wires[step.who] = await self._connect(step.who, self._script.options)
        wire = self._wires[step.who]
        match step.kind:
            case "C":
                await self._say(wire, step)
            case "S":
                await self._hear(wire, step)
            case "X":
                wire.end()
            case _:
                await self._expect_end(wire, step)

    async def finish(self) -> None:
        """Nothing may be left unheard and no task may have failed."""
        for who, wire in self._wires.items():
            await wire.settle()
            if wire.errors:
                raise wire.errors[0]
            if wire.output:
                raise DialogueFailed(
                    f"{self._script.name}: S{who} said more: {bytes(wire.output)!r}"
                )

    async def _say(self, wire: MemoryWire, step: Step) -> None:
        text = _NAME.sub(lambda name: self._known.get(name[1], name[0]), step.text)
        octets = _octets_of(replace(step, text=text))
        if self._slow:
            for at in range(len(octets)):
                wire.feed(octets[at : at + 1])
        else:
            wire.feed(octets)
        await wire.settle()

    async def _hear(self, wire: MemoryWire, step: Step) -> None:
        try:
            heard = (await wire.line()).decode("utf-8", "backslashreplace")
        except (TimeoutError, EOFError) as error:
            if wire.errors:
                raise wire.errors[0] from error
            what = "the connection is closed" if wire.closed else "nothing"
            raise self._failed(step, f"{what} {bytes(wire.output)!r}") from error
        if step.mark == "~":
            found = self._pattern(step.text).fullmatch(heard)
            if found is None:
                raise self._failed(step, heard)
            self._known |= found.groupdict()
        elif heard != step.text:
            raise self._failed(step, heard)

    async def _expect_end(self, wire: MemoryWire, step: Step) -> None:
        try:
            left = await wire.ended()
        except TimeoutError as error:
            raise self._failed(step, "an open connection") from error
        if left:
            raise self._failed(step, repr(left))

    def _pattern(self, text: str) -> re.Pattern[str]:
        met: set[str] = set()

        def gap(found: re.Match[str]) -> str:
            name = found[1]
            if name == r"\*":
                return ".*"
            if name in self._known:
                return re.escape(self._known[name])
            if name in met:
                return f"(?P={name})"
            met.add(name)
            return f"(?P<{name}>.+?)"

        return re.compile(_GAP.sub(gap, re.escape(text)), re.DOTALL)

    def _failed(self, step: Step, heard: str) -> DialogueFailed:
        return DialogueFailed(
            f"{self._script.name}:{step.line}: expected {step.kind}{step.who}{step.mark} "
            f"{step.text}\n  heard: {heard}"
        )


def _octets_of(step: Step) -> bytes:
    return _unescape(step.text) if step.mark == "<" else step.text.encode() + b"\r\n"


def _unescape(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1")
