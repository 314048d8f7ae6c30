"""Whatever comes, cut anywhere: the same replies and events, and never an error but ours."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.smtp.command import Hello, Mail, Rcpt, StartTls
from roost.proto.smtp.event import (
    Event,
    MessageBegin,
    MessageChunk,
    MessageEnd,
)
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.testing.fuzz_sasl import EXCHANGE, LOGINS, LoginQuestion, answer

QUESTIONS = Hello | Mail | Rcpt | MessageBegin | MessageEnd

PIECES = st.lists(
    st.sampled_from(
        [
            b"EHLO c.test\r\n",
            b"HELO c.test\r\n",
            b"MAIL FROM:<a@b.test>\r\n",
            b"MAIL FROM:<a@b.test> SIZE=10\r\n",
            b"RCPT TO:<c@d.test>\r\n",
            b"RCPT TO:<postmaster>\r\n",
            b"DATA\r\n",
            b"Subject: x\r\n\r\n..\r\n",
            b"\r\n.\r\n",
            b".\r\n",
            b"a\n",
            b"\n.\r\n",
            b"BDAT 4\r\n",
            b"BDAT 4 LAST\r\n",
            b"BDAT 0 LAST\r\n",
            b"abcd",
            b"a\r\n.",
            b"RSET\r\n",
            b"NOOP x\r\n",
            b"VRFY x\r\n",
            b"AUTH PLAIN AHRpbQB4\r\n",
            b"AUTH PLAIN\r\n",
            b"AUTH LOGIN\r\n",
            b"AUTH CRAM-MD5\r\n",
            b"AUTH SCRAM-SHA-256 biwsbj11LHI9Y2xpZW50\r\n",
            b"AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\r\n",
            b"dSA5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n",
            b"AHRpbQB4\r\n",
            b"*\r\n",
            b"FROB\r\n",
            b"\r",
            b"\n",
            b"\0",
            b"\xff\r\n",
            b"x" * 700,
            b"QUIT\r\n",
        ]
    ),
    max_size=25,
)
CONFIGS = st.builds(
    ServerConfig,
    st.just("mx.test"),
    st.sampled_from(Role),
    extensions=st.just(Extensions(max_message_octets=1500, max_recipients=2)),
    mechanisms=st.sampled_from([(), LOGINS]),
    auth_in_clear=st.just(True),
)
START = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"


def listen(config: ServerConfig, chunks: list[bytes]) -> tuple[bytes, list[Event]]:
    """Replies and events; the chunks of a message that was refused do not count."""
    server = Server(config, fresh=lambda: EXCHANGE)
    events: list[Event] = []
    replies = b""
    message = b""
    for chunk in chunks:
        server.receive(chunk)
        while (event := server.next_event()) is not None:
            if isinstance(event, LoginQuestion):
                answer(server, event)
            if isinstance(event, QUESTIONS):
                server.accept()
            if isinstance(event, StartTls):
                raise AssertionError("TLS was not offered")
            if isinstance(event, MessageChunk):
                message += event.octets
                continue
            if isinstance(event, MessageEnd):
                assert event.size_octets == len(message)
                events.append(MessageChunk(message))
            events.append(event)
            message = b""
        replies += server.take_output()
    return replies, events


@given(CONFIGS, PIECES, st.sampled_from([b"", START]), st.data())
@settings(deadline=None, max_examples=200)
def test_packet_edges_change_nothing(
    config: ServerConfig, pieces: list[bytes], start: bytes, data: st.DataObject
) -> None:
    octets = start + b"".join(pieces)
    whole = listen(config, [octets])
    cuts = data.draw(st.lists(st.integers(0, len(octets)), max_size=6))
    edges = [0, *sorted(cuts), len(octets)]
    assert listen(config, [octets[a:b] for a, b in pairwise(edges)]) == whole
    assert listen(config, [octets[i : i + 1] for i in range(len(octets))]) == whole


@given(CONFIGS, st.lists(st.binary(max_size=80), max_size=10))
@settings(deadline=None, max_examples=150)
def test_any_octets_are_answered_with_well_formed_replies(
    config: ServerConfig, chunks: list[bytes]
) -> None:
    replies, _ = listen(config, [START, *chunks])
    for line in replies.split(b"\r\n")[:-1]:
        assert line[:3].isdigit()
        assert line[3:4] in (b" ", b"-")
        assert len(line) <= 510


@given(st.integers(1, 70_000), st.integers(1, 9000))
@settings(deadline=None, max_examples=25)
def test_a_large_message_goes_through_without_being_held(size: int, step: int) -> None:
    server = Server(ServerConfig("mx.test"))
    server.receive(START + b"DATA\r\n")
    while (event := server.next_event()) is not None:
        server.accept()
    octets = b"x" * size
    taken = 0
    for at in range(0, size, step):
        server.receive(octets[at : at + step])
        while (event := server.next_event()) is not None:
            assert isinstance(event, MessageChunk)
            taken += len(event.octets)
        assert server.buffered_octets == 0
        assert taken >= min(at + step, size) - 4
