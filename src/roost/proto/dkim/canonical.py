"""The forms in which header and body are hashed. RFC 6376 section 3.4."""

import hashlib
import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

PIECE_OCTETS = 65_536

_CRLF = b"\r\n"
_CRLFS = _CRLF * 4096
_BLANKS = re.compile(rb"[ \t]+")
_REVERSED_LINE_ENDS = re.compile(rb"(?:\n\r)*+")
_TAB_TO_SPACE = bytes.maketrans(b"\t", b" ")


class Canonical(Enum):
    """How much change on the way a signature forgives."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def canonical_field(field: bytes, form: Canonical) -> bytes:
    """A header field, name and value with its folds, as it is hashed, without the last CRLF.

    RFC 6376 sections 3.4.1 and 3.4.2.
    """
    field = field.removesuffix(_CRLF)
    if form is Canonical.SIMPLE:
        return field
    name, _, value = field.partition(b":")
    unfolded = _BLANKS.sub(b" ", value.replace(_CRLF, b""))
    return name.rstrip(b" \t").lower() + b":" + unfolded.strip(b" ")


class BodyHash(NamedTuple):
    """What makes two hashes of a body the same. length: of octets hashed, None for all."""

    algorithm: str
    form: Canonical
    length: int | None = None


class BodyHashes:
    """The hashes of one body, each worked out once, whoever asks for it.

    Octets are fed in pieces of any size; nothing of the body is kept but the line ends whose
    fate is open. Line ends are CRLF: anything else is hashed as the octets it is.
    """

    def __init__(self, wanted: Iterable[BodyHash]) -> None:
        self._sinks = {one: _Sink(one) for one in wanted}
        forms: dict[Canonical, list[_Sink]] = {}
        for one, sink in self._sinks.items():
            forms.setdefault(one.form, []).append(sink)
        self._bodies = [_FORMS[form](sinks) for form, sinks in forms.items()]
        self._ended = False

    def feed(self, octets: bytes | memoryview) -> None:
        """The next octets of the body."""
        assert not self._ended, "the body was whole before"
        view = memoryview(octets)
        for start in range(0, len(view), PIECE_OCTETS):
            piece = bytes(view[start : start + PIECE_OCTETS])
            for body in self._bodies:
                body.feed(piece)

    def end(self) -> None:
        """The body is whole. Nothing may be fed after it; a second call does nothing."""
        if not self._ended:
            self._ended = True
            for body in self._bodies:
                body.end()

    def digest(self, wanted: BodyHash) -> bytes:
        """One of the hashes that were wanted, of the whole body."""
        self.end()
        return self._sinks[wanted].hash.digest()

    def octets(self, wanted: BodyHash) -> int:
        """How many octets the canonical body has, beyond a length to hash too."""
        self.end()
        return self._sinks[wanted].seen


class _Sink:
    """A hash that takes no more than its length."""

    def __init__(self, wanted: BodyHash) -> None:
        self.hash = hashlib.new(wanted.algorithm, usedforsecurity=True)
        self.seen = 0
        self._length = wanted.length

    def update(self, octets: bytes | memoryview) -> None:
        if self._length is None:
            self.hash.update(octets)
        elif self.seen < self._length:
            self.hash.update(octets[: self._length - self.seen])
        self.seen += len(octets)


class _SimpleBody:
    """RFC 6376 section 3.4.3: as it is, but for empty lines at the end."""

    # What is hashed of a body without any line that is not empty.
    empty = _CRLF

    def __init__(self, sinks: list[_Sink]) -> None:
        self._sinks = sinks
        self._tail = b""  # may turn out to belong to a line end
        self._line_ends = 0  # not hashed yet: they may be the end of the body
        self._begun = False

    def feed(self, piece: bytes) -> None:
        data = self.settle(self._tail + piece)
        self._tail = self.tail_of(data)
        end = len(data) - len(self._tail)
        content_end, line_ends = _before_line_ends(data, end)
        if content_end:
            self._write_line_ends(self._line_ends)
            self._write(memoryview(data)[:content_end])
            self._line_ends = 0
        self._line_ends += line_ends

    def end(self) -> None:
        tail = self.last_tail(self._tail)
        if tail:
            self._write_line_ends(self._line_ends)
            self._write(tail)
        self._write(_CRLF if self._begun else self.empty)

    def settle(self, data: bytes) -> bytes:
        return data

    def tail_of(self, data: bytes) -> bytes:
        return b"\r" if data.endswith(b"\r") else b""

    def last_tail(self, tail: bytes) -> bytes:
        return tail

    def _write(self, octets: bytes | memoryview) -> None:
        self._begun = True
        for sink in self._sinks:
            sink.update(octets)

    def _write_line_ends(self, count: int) -> None:
        whole, rest = divmod(count, len(_CRLFS) // 2)
        for _ in range(whole):
            self._write(_CRLFS)
        if rest:
            self._write(_CRLFS[: rest * 2])


class _RelaxedBody(_SimpleBody):
    """RFC 6376 section 3.4.4: blanks are one space, none at the end of a line."""

    empty = b""

    def settle(self, data: bytes) -> bytes:
        data = data.translate(_TAB_TO_SPACE)
        # Each round halves the longest run: far faster than a pattern that calls for each.
        while b"  " in data:
            data = data.replace(b"  ", b" ")
        return data.replace(b" \r\n", _CRLF)

    def tail_of(self, data: bytes) -> bytes:
        if data.endswith(b" \r"):
            return b" \r"
        return data[-1:] if data.endswith((b" ", b"\r")) else b""

    def last_tail(self, tail: bytes) -> bytes:
        return tail if tail.endswith(b"\r") else b""


_FORMS: dict[Canonical, type[_SimpleBody]] = {
    Canonical.SIMPLE: _SimpleBody,
    Canonical.RELAXED: _RelaxedBody,
}


def _before_line_ends(data: bytes, end: int) -> tuple[int, int]:
    """Where the line ends at the end of data[:end] begin, and how many they are."""
    if not data.endswith(_CRLF, 0, end):
        return end, 0
    marks = data[len(data[:end].rstrip(_CRLF)) : end]
    found = _REVERSED_LINE_ENDS.match(marks[::-1])
    assert found is not None, "the pattern matches the empty string"
    return end - found.end(), found.end() // 2
