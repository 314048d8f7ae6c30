"""BDAT, RFC 3030."""

import pytest

from roost.proto.smtp.command import Hello, Mail, Rcpt
from roost.proto.smtp.event import (
    Closing,
    Event,
    MessageBegin,
    MessageChunk,
    MessageEnd,
    TransactionDropped,
)
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig

START = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
FULL = Reply(452, "4.3.1", "the disk is full")


class Talk:
    """A transaction with one recipient; the message is refused at its begin if so wished."""

    def __init__(self, role: Role = Role.MX, *, refuse_begin: bool = False) -> None:
        config = ServerConfig("mx.test", role, extensions=Extensions(max_message_octets=50))
        self.server = Server(config)
        self.refuse_begin = refuse_begin
        self.events: list[Event] = []
        self.say(START)

    def say(self, octets: bytes) -> list[str]:
        self.server.receive(octets)
        while (event := self.server.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, MessageBegin) and self.refuse_begin:
                self.server.refuse(FULL)
            elif isinstance(event, Hello | Mail | Rcpt | MessageBegin | MessageEnd):
                self.server.accept()
        return self.server.take_output().decode().splitlines()

    @property
    def message(self) -> bytes:
        return b"".join(event.octets for event in self.events if isinstance(event, MessageChunk))


def test_a_message_in_one_chunk() -> None:
    talk = Talk()
    assert talk.say(b"BDAT 7 LAST\r\na\r\n.\r\nb") == ["250 2.0.0 message taken"]
    assert talk.message == b"a\r\n.\r\nb"
    assert talk.events[-1] == MessageEnd(7)


def test_a_message_in_several_chunks() -> None:
    talk = Talk()
    assert talk.say(b"BDAT 4\r\nab\r\nBDAT 2\r\n..BDAT 0 LAST\r\nNOOP\r\n") == [
        "250 2.0.0 4 octets taken",
        "250 2.0.0 2 octets taken",
        "250 2.0.0 message taken",
        "250 2.0.0 still here",
    ]
    assert talk.message == b"ab\r\n.."
    assert sum(isinstance(event, MessageBegin) for event in talk.events) == 1


def test_a_crlf_may_be_cut_by_chunks() -> None:
    talk = Talk()
    assert talk.say(b"BDAT 2\r\na\rBDAT 2 LAST\r\n\nb")[-1] == "250 2.0.0 message taken"
    assert talk.message == b"a\r\nb"


def test_an_empty_message() -> None:
    talk = Talk()
    assert talk.say(b"BDAT 0 LAST\r\n") == ["250 2.0.0 message taken"]
    assert talk.events[-1] == MessageEnd(0)


def test_after_the_last_chunk_there_is_no_transaction() -> None:
    talk = Talk()
    assert [line[:3] for line in talk.say(b"BDAT 1 LAST\r\naBDAT 1 LAST\r\nbNOOP\r\n")] == [
        "250",
        "503",
        "250",
    ]
    assert talk.message == b"a"


def test_data_and_recipients_are_out_of_order_between_chunks() -> None:
    talk = Talk()
    replies = talk.say(b"BDAT 1\r\naDATA\r\nRCPT TO:<x@d.test>\r\nMAIL FROM:<>\r\n")
    assert [line[:3] for line in replies] == ["250", "503", "503", "503"]
    assert talk.say(b"BDAT 1 LAST\r\nb") == ["250 2.0.0 message taken"]


def test_rset_between_chunks_drops_the_message() -> None:
    talk = Talk()
    replies = talk.say(b"BDAT 1\r\naRSET\r\nBDAT 1 LAST\r\nb")
    assert [line[:3] for line in replies] == ["250", "250", "503"]
    assert talk.events[-1] == TransactionDropped()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"BDAT 3\r\na\nbBDAT 1 LAST\r\nc", "550 5.6.0"),
        (b"BDAT 3\r\na\n.BDAT 1 LAST\r\nc", "500 5.5.2"),
        (b"BDAT 3\r\na\0bBDAT 1 LAST\r\nc", "550 5.6.0"),
        (b"BDAT 60\r\n" + b"x" * 60 + b"BDAT 1 LAST\r\nc", "552 5.3.4"),
    ],
    ids=["bare LF", "smuggled end", "NUL", "too large"],
)
def test_a_bad_chunk_is_skipped_and_so_are_those_behind_it(octets: bytes, code: str) -> None:
    talk = Talk()
    replies = talk.say(octets + b"NOOP\r\n")
    assert [line[:9] for line in replies] == [code, "503 5.5.1", "250 2.0.0"]


def test_a_bare_line_end_at_the_very_end_counts() -> None:
    assert Talk().say(b"BDAT 2 LAST\r\na\r")[0].startswith("550 5.6.0")
    talk = Talk(Role.LOCALSERVE)
    assert talk.say(b"BDAT 2 LAST\r\na\r") == ["250 2.0.0 message taken"]
    assert talk.message == b"a\r\n"


def test_a_refused_begin_is_told_after_the_chunk() -> None:
    talk = Talk(refuse_begin=True)
    assert talk.say(b"BDAT 6\r\nQUIT") == []
    assert talk.say(b"\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") == [
        "452 4.3.1 the disk is full",
        "503 5.5.1 say MAIL FROM first",
        "250 2.0.0 still here",
    ]
    assert talk.message == b""
    assert Closing() not in talk.events
    assert TransactionDropped("the disk is full") in talk.events


@pytest.mark.parametrize("line", [b"BDAT", b"BDAT x", b"BDAT 1 FIRST", b"BDAT 1\0"])
def test_a_chunk_of_unknown_length_ends_the_connection(line: bytes) -> None:
    talk = Talk()
    assert talk.say(line + b"\r\nQUIT\r\n") == [
        "501 5.5.4 BDAT needs a number of octets, then LAST or nothing"
    ]
    assert talk.events[-1] == Closing()
