"""Octets in, commands out. RFC 9051 sections 2.2.1 and 4.3, RFC 7888."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append
from roost.proto.imap.error import LineTooLong
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import (
    CommandRead,
    Event,
    Limits,
    LineRead,
    LiteralAsked,
    MessageChunk,
    MessageEnd,
    Reader,
)
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral

GRAMMAR = Grammar(CORE)
SMALL = Limits(
    line_octets=60, argument_octets=20, command_octets=100, literals=3, skipped_octets=30
)


def new_reader(limits: Limits = SMALL) -> Reader:
    return Reader(limits, GRAMMAR.message_literals)


def events_in(reader: Reader, *, accept: bool = True) -> Iterator[Event]:
    """The events there are, literals accepted as the limits allow."""
    while (event := reader.next_event()) is not None:
        if isinstance(event, LiteralAsked):
            if accept and not event.too_big:
                reader.accept_literal()
            else:
                reader.refuse_literal()
        yield event


def drain(reader: Reader, *, accept: bool = True) -> list[Event]:
    """All events there are, neighbouring chunks made one."""
    events: list[Event] = []
    for event in events_in(reader, accept=accept):
        add(events, event)
    return events


def add(events: list[Event], event: Event) -> None:
    last = events[-1] if events else None
    if isinstance(event, MessageChunk) and isinstance(last, MessageChunk):
        events[-1] = MessageChunk(last.octets + event.octets)
    else:
        events.append(event)


def read(octets: bytes, *, accept: bool = True) -> list[Event]:
    reader = new_reader()
    reader.feed(octets)
    return drain(reader, accept=accept)


def verbs(events: list[Event]) -> list[str]:
    return [event.verb for event in events if isinstance(event, CommandRead)]


def test_reads_pipelined_commands() -> None:
    assert read(b"a NOOP\r\nb uid fetch 1 FLAGS\r\n") == [
        CommandRead(b"a", "NOOP", (b"a NOOP",)),
        CommandRead(b"b", "FETCH", (b"b uid fetch 1 FLAGS",)),
    ]


@pytest.mark.parametrize(
    ("line", "tag", "verb"),
    [
        (b"", None, ""),
        (b" NOOP", None, ""),
        (b"+ NOOP", None, "NOOP"),
        (b"a", b"a", ""),
        (b"a+b NOOP", b"a", "NOOP"),
        (b"\xff\x00", None, ""),
        (b"GET / HTTP/1.1", b"GET", ""),
    ],
)
def test_what_is_no_command(line: bytes, tag: bytes | None, verb: str) -> None:
    assert read(line + b"\r\n") == [CommandRead(tag, verb, (line,))]


def test_asks_about_a_synchronising_literal() -> None:
    reader = new_reader()
    reader.feed(b"a LOGIN {4}\r\n")
    assert reader.next_event() == LiteralAsked(
        b"a", "LOGIN", 4, True, False, False, False, (b"a LOGIN ",)
    )
    assert reader.next_event() is None
    reader.accept_literal()
    reader.feed(b"fred {2+}\r\nab\r\n")
    assert drain(reader) == [
        CommandRead(
            b"a",
            "LOGIN",
            (b"a LOGIN ", ArgumentLiteral(b"fred"), b" ", ArgumentLiteral(b"ab"), b""),
        )
    ]


def test_a_refused_synchronising_literal_ends_the_command() -> None:
    reader = new_reader()
    reader.feed(b"a LOGIN {4}\r\n")
    reader.next_event()
    assert reader.refuse_literal()
    reader.feed(b"b NOOP\r\n")
    assert verbs(drain(reader)) == ["NOOP"]


@pytest.mark.parametrize(
    "rest",
    [b" x\r\n", b" {3+}\r\nabc x\r\n", b" {3+}\r\na\r\n {2+}\r\nx\r\n\r\n", b" {400}\r\n"],
    ids=["text", "one more literal", "literals with line ends", "a synchronising literal"],
)
def test_a_refused_literal_that_comes_all_the_same_is_read_past(rest: bytes) -> None:
    events = read(b"a LOGIN {25+}\r\n" + b"b CAPABILITY\r\n".ljust(25) + rest + b"c NOOP\r\n")
    assert isinstance(events[0], LiteralAsked)
    assert events[0].too_big
    assert verbs(events) == ["NOOP"]


def test_a_refused_literal_may_be_too_large_to_read_past() -> None:
    reader = new_reader()
    reader.feed(b"a LOGIN {31+}\r\n")
    reader.next_event()
    assert not reader.refuse_literal()


def test_literals_after_a_refused_one_count_together() -> None:
    reader = new_reader()
    reader.feed(b"a LOGIN {25+}\r\n" + b"x" * 25 + b" {6+}\r\n")
    with pytest.raises(LineTooLong):
        drain(reader)


@pytest.mark.parametrize(
    ("line", "too_big"),
    [
        (b"a LOGIN {20}", False),
        (b"a LOGIN {21}", True),
        (b"a LOGIN {1099511627776}", True),
        (b"a LOGIN {99999999999999999999}", True),
        (b"a LOGIN {" + b"9" * 40 + b"}", True),
        (b"a LOGIN {0000000000000000000000000000020}", False),
        (b"a APPEND x {1099511627776}", False),
        (b"a APPEND x {9223372036854775807}", False),
        (b"a APPEND x {9223372036854775808}", True),
        (b"a APPEND x {99999999999999999999}", True),
    ],
)
def test_sizes(line: bytes, too_big: bool) -> None:
    (asked,) = read(line + b"\r\n", accept=False)
    assert isinstance(asked, LiteralAsked)
    assert asked.too_big is too_big
    assert asked.size_octets <= 2**63


def test_a_literal_beyond_the_limits_cannot_be_accepted() -> None:
    reader = new_reader()
    reader.feed(b"a LOGIN {21}\r\n")
    reader.next_event()
    with pytest.raises(ValueError, match="only be refused"):
        reader.accept_literal()


def test_literals_have_limits_in_number_and_together() -> None:
    many = read(b"a X {1+}\r\n" + b"x {1+}\r\n" * 3 + b"x\r\nb NOOP\r\n")
    assert [event.too_big for event in many if isinstance(event, LiteralAsked)] == [True]
    assert verbs(many) == ["NOOP"]
    large = Reader(Limits(command_octets=50, argument_octets=20))
    large.feed(b"a X {20+}\r\n" + b"x" * 20 + b" {20+}\r\n" + b"x" * 20 + b"\r\n")
    assert [isinstance(event, LiteralAsked) for event in drain(large)] == [True]


@pytest.mark.parametrize("octets", [b"x" * 60, b"x" * 59 + b"\r\n", b"x" * 5000 + b"\r\n"])
def test_a_line_that_is_too_long_ends_all(octets: bytes) -> None:
    reader = new_reader()
    reader.feed(octets)
    for _ in range(2):
        with pytest.raises(LineTooLong):
            reader.next_event()
        reader.feed(b"\r\na NOOP\r\n")


def test_the_longest_line() -> None:
    assert len(read(b"x" * 58 + b"\r\n")) == 1


def test_a_message_is_streamed() -> None:
    reader = new_reader()
    reader.feed(b"a APPEND {5+}\r\nINBOX (\\Seen) {310}\r\n")
    asked = reader.next_event()
    assert isinstance(asked, LiteralAsked)
    assert (asked.message, asked.synchronising, asked.too_big) == (True, True, False)
    append = GRAMMAR.parse(asked.pieces).args
    assert isinstance(append, Append)
    assert (append.mailbox, append.messages[0].size_octets) == ("INBOX", 310)
    reader.accept_literal()
    assert reader.next_event() is None
    for octets in (b"x" * 100, b"y" * 210 + b"\r\nb NO"):
        reader.feed(octets)
    assert drain(reader) == [
        MessageChunk(b"x" * 100 + b"y" * 210),
        MessageEnd(),
        CommandRead(b"a", "APPEND", (*asked.pieces, b"")),
    ]
    assert not reader.between_commands


def test_chunks_that_lie_alone_are_not_copied() -> None:
    reader = new_reader()
    reader.feed(b"a APPEND x {5000+}\r\n")
    reader.next_event()
    reader.accept_literal()
    chunk = b"x" * 3000
    reader.feed(chunk)
    event = reader.next_event()
    assert isinstance(event, MessageChunk)
    assert event.octets is chunk


def test_a_message_without_octets_still_ends() -> None:
    events = read(b"a APPEND x {0+}\r\n\r\n")
    assert [type(event) for event in events] == [LiteralAsked, MessageEnd, CommandRead]


def test_a_literal8() -> None:
    (asked,) = read(b"a APPEND x ~{3}\r\n")
    assert isinstance(asked, LiteralAsked)
    assert asked.binary
    assert asked.pieces == (b"a APPEND x ", MessageLiteral(3, binary=True))


def test_a_message_can_be_dropped_half_way() -> None:
    reader = new_reader()
    reader.feed(b"a APPEND x {10+}\r\nabc")
    assert isinstance(reader.next_event(), LiteralAsked)
    reader.accept_literal()
    assert reader.next_event() == MessageChunk(b"abc")
    reader.drop_message()
    reader.feed(b"d\r\nefgh\r\nb NOOP\r\n")
    assert drain(reader) == [CommandRead(b"b", "NOOP", (b"b NOOP",))]


def test_a_line_that_is_no_command() -> None:
    reader = new_reader()
    reader.feed(b"a IDLE\r\ndone {3}\r\nb NOOP\r\n")
    assert verbs([event for event in [reader.next_event()] if event]) == ["IDLE"]
    reader.expect_line()
    assert reader.next_event() == LineRead(b"done {3}")
    assert verbs(drain(reader)) == ["NOOP"]
    reader.expect_line()
    reader.cancel_line()
    reader.feed(b"c NOOP\r\n")
    assert verbs(drain(reader)) == ["NOOP"]


def test_what_came_before_tls_is_forgotten() -> None:
    reader = new_reader()
    reader.feed(b"a STARTTLS\r\nb NOOP\r\nc NO")
    reader.next_event()
    reader.clear()
    assert len(reader) == 0
    reader.feed(b"d NOOP\r\n")
    assert drain(reader) == [CommandRead(b"d", "NOOP", (b"d NOOP",))]


def test_the_rest_can_be_taken() -> None:
    reader = new_reader()
    reader.feed(b"a COMPRESS DEFLATE\r\nxyz")
    reader.next_event()
    reader.feed(b"w")
    assert reader.take_rest() == b"xyzw"
    assert reader.next_event() is None


def test_answers_come_only_after_questions() -> None:
    reader = new_reader()
    with pytest.raises(ValueError, match="no literal"):
        reader.accept_literal()
    with pytest.raises(ValueError, match="no literal"):
        reader.refuse_literal()
    with pytest.raises(ValueError, match="no message"):
        reader.drop_message()


def test_a_bare_line_feed_ends_nothing() -> None:
    assert read(b"a NOOP\nb NOOP\rc\r\n") == [CommandRead(b"a", "NOOP", (b"a NOOP\nb NOOP\rc",))]


pieces = st.sampled_from(
    [b"a NOOP", b"b APPEND x ", b"c LOGIN ", b"{3+}", b"{3}", b"~{2+}", b"{25+}", b"{99+}", b"\r",
     b"\n", b"\r\n", b"\r\n", b" ", b"abc", b"UID ", b"x" * 30]
)  # fmt: skip


def events_of(chunks: list[bytes]) -> tuple[list[Event], bool]:
    """The events of a stream cut like this, and whether it could be understood to its end."""
    reader = new_reader()
    events: list[Event] = []
    for chunk in chunks:
        reader.feed(chunk)
        try:
            for event in events_in(reader):
                add(events, event)
        except LineTooLong:
            return events, False
    return events, True


@given(st.lists(pieces, max_size=30))
@settings(max_examples=200, deadline=None)
def test_packet_edges_change_nothing(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    whole = events_of([stream])
    assert events_of(chunks) == whole
    assert events_of([stream[at : at + 1] for at in range(len(stream))]) == whole


def test_many_small_feeds_cost_no_more() -> None:
    reader = Reader()
    reader.feed(b"a LOGIN {100000+}\r\n")
    for _ in range(100_000):
        reader.feed(b"x")
        assert reader.next_event() is None
    reader.feed(b" y\r\n")
    assert isinstance(reader.next_event(), CommandRead)
