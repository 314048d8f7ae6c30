"""Tokens of a command. RFC 9051 section 9."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from roost.proto.imap.error import BadMailboxName, BadSyntax, OverLimit
from roost.proto.imap.token import ArgumentLiteral, Cursor, MessageLiteral, Piece, read_tag

Read = Callable[[Cursor], object]


@pytest.mark.parametrize(
    ("text", "read", "value"),
    [
        (b"a1.[x", Cursor.tag, b"a1.[x"),
        (b"a]b+", Cursor.astring, b"a]b+"),
        (b"a]", Cursor.atom, b"a"),
        (b"body.peek", Cursor.word, "BODY.PEEK"),
        (b"BODY[", Cursor.label, "BODY"),
        (b"42", Cursor.number, 42),
        (b"0042", Cursor.number, 42),
        (b"4294967295", Cursor.number, 4294967295),
        (b"9223372036854775807", Cursor.number64, 9223372036854775807),
        (b'""', Cursor.string, b""),
        (rb'"a\"b\\c"', Cursor.string, rb'a"b\c'),
        ('"ü"'.encode(), Cursor.string, "ü".encode()),
        (b"nil", Cursor.nstring, None),
        (b'"nil"', Cursor.nstring, b"nil"),
        (b"NIL", Cursor.astring, b"NIL"),
        (b"a*%]/b", Cursor.list_mailbox, "a*%]/b"),
        (b"InBox", Cursor.mailbox, "INBOX"),
        (b"InBox", Cursor.list_mailbox, "InBox"),
        (b"Entw&APw-rfe", Cursor.mailbox, "Entwürfe"),
        (rb"\Seen", Cursor.flag, rb"\Seen"),
        (b"1-Feb-1994", Cursor.date, date(1994, 2, 1)),
        (b'"01-fEB-1994"', Cursor.date, date(1994, 2, 1)),
        (
            b'" 7-Jul-1996 02:44:25 -0730"',
            Cursor.date_time,
            datetime(1996, 7, 7, 2, 44, 25, tzinfo=timezone(-timedelta(hours=7, minutes=30))),
        ),
        (
            b'"17-Jul-1996 02:44:25 +0000"',
            Cursor.date_time,
            datetime(1996, 7, 17, 2, 44, 25, tzinfo=UTC),
        ),
    ],
)
def test_reads(text: bytes, read: Read, value: object) -> None:
    cursor = Cursor([b"x" + text])
    cursor.expect(b"x", "x")
    assert read(cursor) == value


@pytest.mark.parametrize(
    ("text", "read", "offset"),
    [
        (b"+a", Cursor.tag, 1),
        (b"(a", Cursor.astring, 1),
        (b"\xffa", Cursor.astring, 1),
        (b'"a', Cursor.string, 1),
        (rb'"a\n"', Cursor.string, 1),
        (b'"a\rb"', Cursor.string, 1),
        (b'"a\x00b"', Cursor.string, 1),
        (b'"ab\xff"', Cursor.string, 4),
        (b"abc", Cursor.string, 1),
        (b"-1", Cursor.number, 1),
        (b"4294967296", Cursor.number, 1),
        (b"9" * 5000, Cursor.number, 1),
        (b"9223372036854775808", Cursor.number64, 1),
        (b"0", Cursor.nz_number, 1),
        (b"1,2:0", Cursor.sequence_set, 3),
        (b"1-Foo-1994", Cursor.date, 1),
        (b"31-Feb-1994", Cursor.date, 1),
        (b"1-Jan-0000", Cursor.date, 1),
        (b'"1-Feb-1994', Cursor.date, 1),
        (b'"17-Jul-1996 24:44:25 +0000"', Cursor.date_time, 1),
        (b'"17-Jul-1996 02:44:25 +2400"', Cursor.date_time, 1),
        (b'"17-Jul-1996 02:44:25 +0060"', Cursor.date_time, 1),
        (b'"01-Jan-0001 00:00:00 +0100"', Cursor.date_time, 1),
        (b'"31-Dec-9999 23:59:59 -0100"', Cursor.date_time, 1),
        (b'"17-Jul-1996 02:44:25"', Cursor.date_time, 1),
        (b"17-Jul-1996", Cursor.date_time, 1),
        (b"\\", Cursor.flag, 1),
    ],
)
def test_refuses_at_the_offset(text: bytes, read: Read, offset: int) -> None:
    cursor = Cursor([b"x" + text])
    cursor.expect(b"x", "x")
    with pytest.raises(BadSyntax) as error:
        read(cursor)
    assert error.value.offset == offset


def test_a_bad_name_has_its_own_error() -> None:
    with pytest.raises(BadMailboxName) as error:
        Cursor([b"ab&"]).mailbox()
    assert error.value.offset == 2
    with pytest.raises(BadMailboxName):
        Cursor([b"", ArgumentLiteral(b"\xff"), b""], utf8=True).mailbox()


def test_names_are_utf8_once_that_is_enabled() -> None:
    assert Cursor(['"a&ü"'.encode()], utf8=True).mailbox() == "a&ü"


def test_literals_stand_where_strings_stand() -> None:
    cursor = Cursor([b"", ArgumentLiteral(b"a b"), b" ", ArgumentLiteral(b""), b" c"])
    assert cursor.astring() == b"a b"
    cursor.sp()
    assert not cursor.at_end()
    assert cursor.string() == b""
    cursor.sp()
    assert (cursor.offset, cursor.astring()) == (5, b"c")
    assert cursor.at_end()


@pytest.mark.parametrize(
    ("pieces", "read"),
    [
        ([b"", ArgumentLiteral(b"a", binary=True), b""], Cursor.astring),
        ([b"", ArgumentLiteral(b"a\0b"), b""], Cursor.astring),
        ([b"", ArgumentLiteral(b"\xff"), b""], Cursor.text),
        ([b"", MessageLiteral(3), b""], Cursor.astring),
        ([b"", ArgumentLiteral(b"a"), b""], Cursor.message),
        ([b"", ArgumentLiteral(b"a"), b""], Cursor.end),
        ([b"x", ArgumentLiteral(b"a"), b""], Cursor.string),
        ([b""], Cursor.astring),
    ],
    ids=["literal8", "NUL", "not UTF-8", "message", "no message", "left over", "stuck", "nothing"],
)
def test_literals_elsewhere_are_refused(pieces: list[Piece], read: Read) -> None:
    cursor = Cursor(pieces)
    with pytest.raises(BadSyntax) as error:
        read(cursor)
    assert error.value.offset == 0


def test_lists_have_bounds() -> None:
    def words(text: bytes, *, empty: bool = False) -> list[str]:
        cursor = Cursor([text])
        return cursor.listed(cursor.word, 3, empty=empty)

    assert words(b"(a b c)") == ["A", "B", "C"]
    assert words(b"()", empty=True) == []
    with pytest.raises(OverLimit):
        words(b"(a b c d)")
    for broken in (b"()", b"(a", b"(a  b)", b"( a)", b"(a )", b"a"):
        with pytest.raises(BadSyntax):
            words(broken)


def test_a_command_may_be_cut_off_at_a_message() -> None:
    assert Cursor([b"x", MessageLiteral(3)]).partial
    assert not Cursor([b"x", MessageLiteral(3), b""]).partial


@pytest.mark.parametrize(
    ("pieces", "tag"), [([b"a1 x"], b"a1"), ([b" a"], None), ([], None), ([b"\xff"], None)]
)
def test_finds_the_tag_for_the_answer(pieces: list[Piece], tag: bytes | None) -> None:
    assert read_tag(pieces) == tag
