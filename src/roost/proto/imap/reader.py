"""Octets in, commands out; messages are handed out while they come.

RFC 9051 sections 2.2.1 and 4.3, RFC 7888.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from roost.proto.imap.error import LineTooLong
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece, read_tag

IsMessage = Callable[[Sequence[Piece]], bool]

_ANNOUNCED = re.compile(rb"(~?)\{([0-9]+)(\+?)\}\Z")
_VERB = re.compile(rb"[^ ]+ (?:UID )?([A-Za-z0-9-]+)", re.IGNORECASE)
_MAX_SIZE_DIGITS = 19
_ENDLESS = 1 << 63


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one command may be.

    line_octets: each line, with CRLF. argument_octets: each literal that is no message.
    command_octets: all lines and such literals of a command. literals: how many of them.
    skipped_octets: a refused literal that the client sends all the same is read past up to this.
    """

    line_octets: int = 16 * 1024
    argument_octets: int = 100 * 1024
    command_octets: int = 1024 * 1024
    literals: int = 1000
    skipped_octets: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommandRead:
    """A whole command. tag: None if it has none; verb: upper case, without UID, "" if none.

    pieces: for `Grammar.parse`.
    """

    tag: bytes | None
    verb: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class LiteralAsked:
    """A literal is announced. Wants `Reader.accept_literal` or `Reader.refuse_literal`.

    synchronising: the client waits: `+ ` after accepting it, or the tagged answer that ends the
    command. message: its octets will come as MessageChunk and MessageEnd.
    too_big: it is beyond the limits and can only be refused ([TOOBIG], RFC 7888 section 4).
    too_many: and that because the command had as many as it may ([LIMIT], RFC 5530 section 3).
    pieces: for `Grammar.parse`, what came of the command; for a message they end with it.
    size_octets: at most 2^63, which stands for all above.
    """

    tag: bytes | None
    verb: str
    size_octets: int
    synchronising: bool
    binary: bool
    message: bool
    too_big: bool
    pieces: tuple[Piece, ...]
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class MessageChunk:
    """Some octets of the message that was accepted."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """All octets of the message came; the rest of the command follows."""


@dataclass(frozen=True, slots=True)
class LineRead:
    """The line that was asked for with `Reader.expect_line`, without its CRLF."""

    line: bytes


Event = CommandRead | LiteralAsked | MessageChunk | MessageEnd | LineRead


@dataclass(slots=True)
class _Command:
    """What came of a command."""

    pieces: list[Piece] = field(default_factory=list)
    octets: int = 0
    literals: int = 0


class Reader:
    """What a client sends, cut anywhere; each octet is looked at once.

    message_literals: of `Grammar`, tells which literals are messages.
    `next_event` is called until it gives None. When the client has to be answered first, as for
    LiteralAsked, it gives None until that is done.
    """

    def __init__(
        self, limits: Limits | None = None, message_literals: Mapping[str, IsMessage] | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._message_literals = message_literals or {}
        self._chunks: deque[bytes] = deque()
        self._at = 0
        self._waiting_octets = 0
        self._partial = bytearray()
        self._command = _Command()
        self._wanted_octets = self._skipped_octets = 0
        self._binary = False
        self._asked: LiteralAsked | None = None
        self._step: Callable[[], Event | None] = self._read_line
        self._line_expected = False

    def feed(self, octets: bytes) -> None:
        """Add octets, cut anywhere."""
        if octets:
            self._chunks.append(octets)
            self._waiting_octets += len(octets)

    def __len__(self) -> int:
        """How many octets came and are not used yet, but for an unfinished line or literal."""
        return self._waiting_octets

    @property
    def between_commands(self) -> bool:
        """Whether nothing of a further command came yet, as far as was looked."""
        return self._step == self._read_line and not self._partial and not self._command.pieces

    @property
    def in_literal(self) -> bool:
        """Whether octets of a literal are still to come, be it one that is read past."""
        return self._step in (self._read_argument, self._read_message, self._read_past)

    def next_event(self) -> Event | None:
        """What comes next; None when more octets or an answer are wanted.

        Raises LineTooLong when the stream cannot be understood any more: say BYE and close.
        """
        while self._asked is None:
            step = self._step
            event = step()
            if event is not None or step == self._step:
                return event
        return None

    def accept_literal(self) -> None:
        """Take the literal that was asked about; send `+ ` if it is synchronising."""
        asked = self._settle()
        if asked.too_big:
            raise ValueError("a literal beyond the limits can only be refused")
        self._begin_literal(asked.size_octets, binary=asked.binary, message=asked.message)

    def refuse_literal(self) -> bool:
        """End the command here: the owner gives it its tagged answer.

        Returns False when the client sends the literal all the same and it is too large to read
        past: close the connection. Of a literal that is read past, as of the rest of its command,
        no event comes.
        """
        asked = self._settle()
        if asked.synchronising:
            self._command = _Command()
            self._step = self._read_line
            return True
        self._command = _Command()
        self._skipped_octets = asked.size_octets
        self._skip(asked.size_octets)
        return asked.size_octets <= self._limits.skipped_octets

    def drop_message(self) -> None:
        """Read past the rest of the message that is coming, and past the rest of its command.

        For when it fails half-way; the owner gives the command its tagged answer.
        """
        if self._step != self._read_message:
            raise ValueError("no message is coming")
        self._command = _Command()
        self._skipped_octets = 0
        self._skip(self._wanted_octets)

    def expect_line(self) -> None:
        """Give the next line as LineRead, whatever it holds: for AUTHENTICATE and IDLE."""
        self._line_expected = True

    def cancel_line(self) -> None:
        """Undo `expect_line`."""
        self._line_expected = False

    def clear(self) -> None:
        """Forget what came, as STARTTLS demands. RFC 9051 section 6.2.1."""
        self.take_rest()

    def take_rest(self) -> bytes:
        """Take what came and was not used: it belongs to another layer (COMPRESS)."""
        rest = bytes(self._partial) + b"".join(self._chunks)[self._at :]
        self._chunks.clear()
        self._partial.clear()
        self._at = self._waiting_octets = 0
        return rest

    # Steps: each reads one kind of thing; it gives an event, or changes the step, or wants more.

    def _read_line(self) -> Event | None:
        line = self._line()
        if line is None:
            return None
        command = self._command
        if self._line_expected and not command.pieces:
            self._line_expected = False
            return LineRead(line)
        command.octets += len(line)
        if command.octets > self._limits.command_octets:
            self._break("the command is too long")
        announced = _ANNOUNCED.search(line) if line.endswith(b"}") else None
        if announced is not None:
            command.pieces.append(line[: announced.start()])
            return self._announce(announced)
        command.pieces.append(line)
        self._command = _Command()
        pieces = tuple(command.pieces)
        return CommandRead(read_tag(pieces), _verb(pieces), pieces)

    def _announce(self, announced: re.Match[bytes]) -> LiteralAsked | None:
        size = _size(announced[2])
        binary, synchronising = announced[1] == b"~", not announced[3]
        pieces: tuple[Piece, ...] = tuple(self._command.pieces)
        verb = _verb(pieces)
        is_message = self._message_literals.get(verb)
        message = is_message is not None and is_message(pieces)
        too_many = self._command.literals >= self._limits.literals
        too_big = too_many or self._too_big(size, message=message)
        if not (synchronising or message or too_big):
            self._begin_literal(size, binary=binary, message=False)
            return None
        if message:
            pieces = (*pieces, MessageLiteral(size, binary))
        self._asked = LiteralAsked(
            read_tag(pieces), verb, size, synchronising, binary, message, too_big, pieces, too_many
        )
        return self._asked

    def _too_big(self, size: int, *, message: bool) -> bool:
        limits, command = self._limits, self._command
        if message:
            return size >= _ENDLESS
        return size > limits.argument_octets or command.octets + size > limits.command_octets

    def _settle(self) -> LiteralAsked:
        if self._asked is None:
            raise ValueError("no literal was asked about")
        asked, self._asked = self._asked, None
        return asked

    def _begin_literal(self, size: int, *, binary: bool, message: bool) -> None:
        command = self._command
        command.literals += 1
        self._wanted_octets, self._binary = size, binary
        if message:
            command.pieces.append(MessageLiteral(size, binary))
            self._step = self._read_message
        else:
            command.octets += size
            self._step = self._read_argument

    def _read_argument(self) -> None:
        while self._wanted_octets:
            octets = self._take(self._wanted_octets)
            if not octets:
                return
            self._partial += octets
            self._wanted_octets -= len(octets)
        self._command.pieces.append(ArgumentLiteral(bytes(self._partial), self._binary))
        self._partial.clear()
        self._step = self._read_line

    def _read_message(self) -> Event | None:
        if not self._wanted_octets:
            self._step = self._read_line
            return MessageEnd()
        octets = self._take(self._wanted_octets)
        if not octets:
            return None
        self._wanted_octets -= len(octets)
        return MessageChunk(octets)

    def _skip(self, size: int) -> None:
        self._wanted_octets = size
        self._step = self._read_past

    def _read_past(self) -> None:
        while self._wanted_octets:
            octets = self._take(self._wanted_octets)
            if not octets:
                return
            self._wanted_octets -= len(octets)
        self._step = self._read_past_line

    def _read_past_line(self) -> None:
        """Of a refused command; it goes on only with a literal that is not synchronising."""
        line = self._line()
        if line is None:
            return
        announced = _ANNOUNCED.search(line) if line.endswith(b"}") else None
        if announced is None or not announced[3]:
            self._step = self._read_line
            return
        self._skipped_octets += _size(announced[2])
        if self._skipped_octets > self._limits.skipped_octets:
            self._break("the refused command is too long")
        self._skip(_size(announced[2]))

    def _broken(self) -> NoReturn:
        raise LineTooLong("the stream makes no sense any more")

    def _break(self, text: str) -> NoReturn:
        """Nothing that follows may be taken for a command."""
        self._step = self._broken
        raise LineTooLong(text)

    # Octets.

    def _line(self) -> bytes | None:
        """The next line without its CRLF, None when it is not whole yet."""
        partial = self._partial
        while self._chunks:
            chunk, start = self._chunks[0], self._at
            if partial.endswith(b"\r") and chunk.startswith(b"\n", start):
                self._use(1)
                return self._finish_line(b"", cut=1)
            end = chunk.find(b"\r\n", start)
            if end >= 0:
                self._use(end + 2 - start)
                return self._finish_line(chunk[start:end])
            self._use(len(chunk) - start)
            partial += chunk[start:]
            if len(partial) >= self._limits.line_octets:
                self._break("the line is too long")
        return None

    def _finish_line(self, last: bytes, *, cut: int = 0) -> bytes:
        partial = self._partial
        line = bytes(partial[: len(partial) - cut]) + last if partial else last
        partial.clear()
        if len(line) + 2 > self._limits.line_octets:
            self._break("the line is too long")
        return line

    def _take(self, most: int) -> bytes:
        """As many octets as lie together, b"" for none."""
        if not self._chunks:
            return b""
        chunk, start = self._chunks[0], self._at
        octets = chunk if not start and len(chunk) <= most else chunk[start : start + most]
        self._use(len(octets))
        return octets

    def _use(self, octets: int) -> None:
        self._at += octets
        self._waiting_octets -= octets
        if self._at == len(self._chunks[0]):
            self._chunks.popleft()
            self._at = 0


def _size(digits: bytes) -> int:
    digits = digits.lstrip(b"0") or b"0"
    return min(int(digits), _ENDLESS) if len(digits) <= _MAX_SIZE_DIGITS else _ENDLESS


def _verb(pieces: Sequence[Piece]) -> str:
    first = pieces[0]
    found = _VERB.match(first) if isinstance(first, bytes) else None
    return found[1].upper().decode("ascii") if found else ""
