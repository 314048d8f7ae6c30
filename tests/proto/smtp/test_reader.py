"""Octets cut into lines, RFC 5321 section 4.5.3.1.4."""

import pytest

from roost.proto.smtp.reader import (
    MAX_AUTH_LINE_OCTETS,
    MAX_LINE_OCTETS,
    InputReader,
    LineTooLong,
)


def reader_of(*pieces: bytes) -> InputReader:
    reader = InputReader()
    for piece in pieces:
        reader.feed(piece)
    return reader


def test_gives_lines_without_their_ends() -> None:
    reader = reader_of(b"NO", b"OP\r", b"\n\r\nQUIT")
    assert [reader.command_line() for _ in range(3)] == [b"NOOP", b"", None]
    assert len(reader) == 4


def test_gives_octets_and_takes_them_back() -> None:
    reader = reader_of(b"abc", b"def")
    assert reader.take(2) == b"ab"
    assert reader.take() == b"cdef"
    reader.put_back(b"ef")
    reader.feed(b"gh")
    assert (len(reader), reader.take(), reader.take(), len(reader)) == (4, b"efgh", b"", 0)


def test_forgets() -> None:
    reader = reader_of(b"abc")
    reader.take(1)
    reader.feed(b"def")
    reader.clear()
    assert (len(reader), reader.take()) == (0, b"")


@pytest.mark.parametrize(
    ("start", "limit"), [(b"NOOP ", MAX_LINE_OCTETS), (b"auth ", MAX_AUTH_LINE_OCTETS)]
)
def test_the_longest_line(start: bytes, limit: int) -> None:
    line = start.ljust(limit - 2, b"x")
    assert reader_of(line, b"\r\n").command_line() == line
    assert reader_of(line[:-1]).command_line() is None
    for pieces in ([line + b"x"], [line + b"x\r\n"], [line, b"xx"]):
        with pytest.raises(LineTooLong) as too_long:
            reader_of(*pieces, b"y").command_line()
        assert too_long.value.max_octets == limit


def test_the_longest_answer_in_auth() -> None:
    line = b"x" * (MAX_AUTH_LINE_OCTETS - 2)
    assert reader_of(line + b"\r\n").sasl_line() == line
    with pytest.raises(LineTooLong):
        reader_of(line + b"x\r\n").sasl_line()
