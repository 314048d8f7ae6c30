"""A cursor over the pieces of one command, and the tokens that can stand there.

RFC 9051 section 9.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NoReturn, TypeVar

from roost.proto.imap import sequence
from roost.proto.imap.error import BadMailboxName, BadSyntax, OverLimit
from roost.proto.imap.name import canonical, decode_text
from roost.proto.imap.sequence import MAX_NUMBER, SAVED, SequenceSet

T = TypeVar("T")

MAX_NUMBER64 = 0x7FFF_FFFF_FFFF_FFFF

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_TAG = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]+')
_LABEL = re.compile(rb"[A-Za-z0-9._:-]+")
_LIST_MAILBOX = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_QUOTED = re.compile(rb'"((?:[^\x00\r\n"\\]|\\["\\])*)"')
_ESCAPE = re.compile(rb"\\(.)")
_FLAG = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_DIGITS = re.compile(rb"[0-9]+")
_SET = re.compile(rb"[0-9*:,]+")
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
_DATE_TIME = re.compile(
    rb'"([ 0-9]?[0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) '
    rb'([+-])([0-9]{2})([0-9]{2})"'
)
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun",
           b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")  # fmt: skip
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}


@dataclass(frozen=True, slots=True)
class ArgumentLiteral:
    """A literal held in memory. binary: it was a literal8, which may hold NUL."""

    octets: bytes
    binary: bool = False


@dataclass(frozen=True, slots=True)
class MessageLiteral:
    """A literal whose octets were, or are to be, handed out as a stream."""

    size_octets: int
    binary: bool = False


Piece = bytes | ArgumentLiteral | MessageLiteral


class Cursor:
    """Where a parser stands in a command.

    pieces: text and literals in turn, beginning with text; text has no CRLF and no `{n}`. A
    command that is cut off after a MessageLiteral (its octets are still to come) ends there; of
    a whole command the last piece is text.
    utf8: whether mailbox names are UTF-8 instead of modified UTF-7. RFC 9051 section A.1.

    Every reading method takes exactly what its name says and moves behind it, or raises BadSyntax
    with the offset where it should have stood.
    """

    __slots__ = ("_at", "_index", "_passed_octets", "_pieces", "_text", "utf8")

    def __init__(self, pieces: Sequence[Piece], *, utf8: bool = False) -> None:
        self._pieces = pieces
        self._index = 0
        first = pieces[0] if pieces else b""
        self._text = first if isinstance(first, bytes) else b""
        self._at = 0
        self._passed_octets = 0
        self.utf8 = utf8

    @property
    def offset(self) -> int:
        """How many octets of text and literals lie behind."""
        return self._passed_octets + self._at

    @property
    def partial(self) -> bool:
        """Whether the command is cut off after a MessageLiteral that is yet to come."""
        return isinstance(self._pieces[-1], MessageLiteral)

    def fail(self, text: str) -> NoReturn:
        """Refuse what stands here."""
        raise BadSyntax(text, self.offset)

    def match(self, pattern: re.Pattern[bytes], missing: str) -> re.Match[bytes]:
        """Take what the pattern finds here, or fail with the text `missing`."""
        found = pattern.match(self._text, self._at)
        if found is None:
            self.fail(missing)
        self._at = found.end()
        return found

    def take(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Take what the pattern finds here, or nothing."""
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def peek(self, octets: bytes) -> bool:
        """Whether these octets stand here."""
        return self._text.startswith(octets, self._at)

    def skip(self, octets: bytes) -> bool:
        """Take these octets if they stand here."""
        if not self._text.startswith(octets, self._at):
            return False
        self._at += len(octets)
        return True

    def expect(self, octets: bytes, missing: str) -> None:
        """Take these octets, or fail."""
        if not self.skip(octets):
            self.fail(missing)

    def sp(self) -> None:
        """Exactly one space."""
        self.expect(b" ", "a space is missing")

    def at_end(self) -> bool:
        """Whether nothing is left, or nothing that came yet."""
        return self._at == len(self._text) and self._index >= len(self._pieces) - 1

    def end(self) -> None:
        """Fail unless nothing is left."""
        if not self.at_end():
            self.fail("the command should end here")

    # Words and numbers.

    def tag(self) -> bytes:
        """A tag, as it is."""
        return self.match(_TAG, "a tag is missing")[0]

    def atom(self, missing: str = "an atom is missing") -> bytes:
        """An atom, as it is."""
        return self.match(_ATOM, missing)[0]

    def word(self, missing: str = "a name is missing") -> str:
        """An atom that is a name of the protocol, in upper case."""
        return self.match(_ATOM, missing)[0].upper().decode("ascii")

    def label(self, missing: str = "a name is missing") -> str:
        """A tagged-ext-label in upper case: letters, digits, `-`, `_`, `.` and `:` only."""
        return self.match(_LABEL, missing)[0].upper().decode("ascii")

    def next_word(self) -> str:
        """As word, but nothing is taken; "" if no atom stands here."""
        found = _ATOM.match(self._text, self._at)
        return found[0].upper().decode("ascii") if found else ""

    def expect_word(self, name: str) -> None:
        """This name of the protocol in any case."""
        if self.next_word() != name:
            self.fail("a name is missing")
        self._at += len(name)

    def is_digit(self) -> bool:
        """Whether a digit stands here."""
        return self._text[self._at : self._at + 1].isdigit()

    def number(self, largest: int = MAX_NUMBER, smallest: int = 0) -> int:
        """A decimal number within these bounds; leading zeros count for nothing."""
        start = self._at
        digits = self.match(_DIGITS, "a number is missing")[0].lstrip(b"0")
        number = int(digits or b"0") if len(digits) <= 19 else largest + 1
        if not smallest <= number <= largest:
            self._at = start
            self.fail("the number is out of range")
        return number

    def nz_number(self) -> int:
        """A number of 32 bits that is not zero."""
        return self.number(smallest=1)

    def number64(self, smallest: int = 0) -> int:
        """A number of 63 bits."""
        return self.number(MAX_NUMBER64, smallest)

    # Strings.

    def astring(self, missing: str = "a string is missing") -> bytes:
        """The octets of an atom, quoted string or literal; quoted octets above 127 are UTF-8."""
        found = _ASTRING.match(self._text, self._at)
        if found is None:
            return self.string(missing)
        self._at = found.end()
        return found[0]

    def string(self, missing: str = "a string is missing") -> bytes:
        """The octets of a quoted string or literal."""
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            return self._literal(missing)
        octets = found[1]
        if not octets.isascii():
            self._check_utf8(octets)
        self._at = found.end()
        return _ESCAPE.sub(rb"\1", octets) if b"\\" in octets else octets

    def nstring(self) -> bytes | None:
        """The octets of a quoted string or literal; None for NIL."""
        if self._text[self._at : self._at + 3].upper() == b"NIL":
            self._at += 3
            return None
        return self.string()

    def nstring8(self) -> bytes | None:
        """As nstring, or the octets of a literal8, which may hold NUL."""
        piece = self._next_piece()
        if not isinstance(piece, ArgumentLiteral):
            return self.nstring()
        self._pass(len(piece.octets))
        return piece.octets

    def text(self, missing: str = "a string is missing") -> str:
        """An astring that is UTF-8."""
        start = self.offset
        octets = self.astring(missing)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            raise BadSyntax("the string is not UTF-8", start) from None

    def message(self) -> MessageLiteral:
        """The place of a literal that is streamed."""
        piece = self._next_piece()
        if not isinstance(piece, MessageLiteral):
            self.fail("a literal is missing")
        self._pass(piece.size_octets)
        return piece

    def _literal(self, missing: str) -> bytes:
        piece = self._next_piece()
        if not isinstance(piece, ArgumentLiteral):
            self.fail(missing)
        if piece.binary:
            self.fail("a literal8 may not stand here")
        if b"\0" in piece.octets:
            self.fail("a literal may not hold NUL")
        self._pass(len(piece.octets))
        return piece.octets

    def _next_piece(self) -> Piece | None:
        """The literal that stands here, if the text before it is used up."""
        if self._at < len(self._text) or self._index + 1 >= len(self._pieces):
            return None
        return self._pieces[self._index + 1]

    def _pass(self, literal_octets: int) -> None:
        self._passed_octets += self._at + literal_octets
        self._index += 2
        self._at = 0
        following = self._pieces[self._index] if self._index < len(self._pieces) else b""
        self._text = following if isinstance(following, bytes) else b""

    def _check_utf8(self, octets: bytes) -> None:
        try:
            octets.decode()
        except UnicodeDecodeError as error:
            self._at += 1 + error.start
            self.fail("a quoted string is UTF-8")

    # Names, sets, flags and dates.

    def mailbox(self) -> str:
        """A mailbox name in its inner form. See `name.decode_name`."""
        return canonical(self._name(self.astring, "a mailbox name is missing"))

    def list_mailbox(self) -> str:
        """A pattern of LIST; INBOX stays as it is written."""
        return self._name(self._pattern, "a mailbox pattern is missing")

    def _name(self, read: Callable[[str], bytes], missing: str) -> str:
        start = self.offset
        octets = read(missing)
        try:
            return decode_text(octets, utf8=self.utf8)
        except BadMailboxName as error:
            raise BadMailboxName(error.text, start + (error.offset or 0)) from None

    def _pattern(self, missing: str) -> bytes:
        found = _LIST_MAILBOX.match(self._text, self._at)
        if found is None:
            return self.string(missing)
        self._at = found.end()
        return found[0]

    def sequence_set(self) -> SequenceSet:
        """A sequence-set, or SAVED for `$`. RFC 9051 section 6.4.4.1."""
        if self.skip(b"$"):
            return SAVED
        start = self.offset
        octets = self.match(_SET, "a set of messages is missing")[0]
        try:
            return sequence.parse(octets)
        except BadSyntax as error:
            raise BadSyntax(error.text, start + (error.offset or 0)) from None

    def flag(self) -> bytes:
        """A flag or keyword as it is written."""
        return self.match(_FLAG, "a flag is missing")[0]

    def date(self) -> date:
        """A calendar date, quoted or not."""
        start = self._at
        found = self.match(_DATE, "a date looks like 1-Feb-2026")
        try:
            return date(int(found[4]), _MONTH[found[3].lower()], int(found[2]))
        except (ValueError, KeyError):
            self._at = start
            self.fail("there is no such date")

    def date_time(self) -> datetime:
        """An aware date and time, always within what UTC can say."""
        start = self._at
        found = self.match(_DATE_TIME, "a date looks like a quoted 01-Feb-2026 12:00:00 +0100")
        try:
            return _date_time(found)
        except (ValueError, KeyError, OverflowError):
            self._at = start
            self.fail("there is no such date")

    def listed(self, item: Callable[[], T], most: int, *, empty: bool = False) -> list[T]:
        """A parenthesised list, its items parted by one space.

        item: reads one. most: more of them raise OverLimit. empty: whether `()` will do.
        """
        self.expect(b"(", "an opening parenthesis is missing")
        if empty and self.skip(b")"):
            return []
        items = [item()]
        while self.skip(b" "):
            if len(items) >= most:
                raise OverLimit("the list is too long", self.offset)
            items.append(item())
        self.expect(b")", "a closing parenthesis is missing")
        return items


def read_tag(pieces: Sequence[Piece]) -> bytes | None:
    """The tag of a command, for the answer to one that makes no sense; None if it has none."""
    first = pieces[0] if pieces else b""
    found = _TAG.match(first) if isinstance(first, bytes) else None
    return found[0] if found else None


def _date_time(found: re.Match[bytes]) -> datetime:
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    if int(zone_minutes) > 59:
        raise ValueError("a zone has less than 60 minutes")
    east = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    zone = timezone(-east if sign == b"-" else east)
    numbers = int(year), _MONTH[month.lower()], int(day), int(hour), int(minute), int(second)
    moment = datetime(*numbers, tzinfo=zone)
    moment.astimezone(UTC)  # raises OverflowError at the ends of time
    return moment
