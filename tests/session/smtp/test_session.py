"""SMTP sessions: order, back-pressure, time, stopping, failures."""

import asyncio
from datetime import timedelta
from ipaddress import ip_address

import pytest

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.ports.log_events import Event
from roost.ports.net import Endpoint, Session
from roost.proto.sasl.plain import PLAIN
from roost.proto.smtp.command import Hello
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import SmtpLimits, SmtpPort
from roost.session.smtp.submission import SubmissionSession
from roost.session.smtp.traced import hop_of
from roost.testing.clock import START, StoppedClock
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom
from roost.testing.smtp import MemoryMail, Refused
from roost.testing.wire import TLS, MemoryWire

HELLO = b"EHLO c.test\r\n"
TRANSACTION = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
LIMITS = SmtpLimits(buffered_octets=1000)


class CountingWire(MemoryWire):
    """Counts writes that were not empty."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.writes: list[bytes] = []

    def send(self, octets: bytes) -> None:
        self.writes.append(octets)
        super().send(octets)


class Bench:
    """A port with its fakes, and connections to it."""

    def __init__(self, role: Role = Role.MX, limits: SmtpLimits = LIMITS) -> None:
        self.mail = MemoryMail()
        self.clock = StoppedClock()
        self.log = ListLog()
        config = ServerConfig(
            "mx.test",
            role,
            Extensions(max_message_octets=1_000_000),
            mechanisms=(PLAIN,) if role is Role.SUBMISSION else (),
            auth_in_clear=True,
        )
        self._port = SmtpPort(
            config, self.mail.services(), self.clock, self.log, SeededRandom(), limits
        )
        self._is_submission = role is Role.SUBMISSION

    def session(self) -> Session:
        kind = SubmissionSession if self._is_submission else InboundSession
        return kind(self._port)

    async def connect(self, begin: bytes = b"") -> CountingWire:
        """A connection on which this was said; its output is forgotten."""
        wire = CountingWire(self.session())
        wire.connect()
        wire.feed(begin)
        await wire.settle()
        wire.output.clear()
        wire.writes.clear()
        return wire

    def close_gate(self, step: str) -> asyncio.Event:
        """Let a step wait until the event is set."""
        return self.mail.gates.setdefault(step, asyncio.Event())


async def heard(wire: MemoryWire) -> list[bytes]:
    """The lines that came since the last call."""
    await wire.settle()
    lines = bytes(wire.output).split(b"\r\n")[:-1]
    wire.output.clear()
    return lines


def is_held(wire: MemoryWire) -> bool:
    """Whether the session reads no more."""
    return wire.held


def wait_of(wire: MemoryWire) -> float | None:
    """How many seconds of silence the session bears."""
    return wire.wait_seconds


async def test_the_envelope_has_all_that_is_known() -> None:
    bench = Bench()
    wire = await bench.connect(
        HELLO + b"MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME\r\nRCPT TO:<postmaster>\r\n"
        b"RCPT TO:<c@d.test>\r\nDATA\r\n"
    )
    wire.feed(b"Subject: x\r\n\r\n..\r\n.\r\n")
    assert await heard(wire) == [b"250 2.0.0 message taken"]
    [(envelope, octets)] = bench.mail.delivered
    assert octets == b"Subject: x\r\n\r\n.\r\n"
    assert envelope.reverse_path == Address.parse("a@b.test")
    assert envelope.mail.body == "8BITMIME"
    assert [(str(r.address), r.route) for r in envelope.recipients] == [
        ("postmaster@mx.test", "to postmaster@mx.test"),
        ("c@d.test", "to c@d.test"),
    ]
    assert envelope.received_at == START
    assert envelope.client.hello == Hello("c.test")
    assert envelope.client.peer == Endpoint(ip_address("192.0.2.7"), 40000)
    assert envelope.client.login is None


async def test_the_facts_for_trace_fields() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b".\r\n")
    await wire.settle()
    hop = hop_of(bench.mail.delivered[0][0], hostname="mx.test", hides_client=False)
    assert (hop.helo, str(hop.peer), hop.connection_id) == ("c.test", "192.0.2.7", "c1")
    assert hop.recipient == Address.parse("c@d.test")
    assert not hop.authenticated


async def test_replies_of_pipelined_commands_leave_in_one_write() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO)
    wire.feed(b"NOOP\r\n" + TRANSACTION + b"a\r\n.\r\n" + TRANSACTION)
    await wire.settle()
    assert len(wire.writes) == 1
    assert wire.writes[0].count(b"\r\n") == 1 + 3 + 1 + 3


async def test_several_messages_on_one_connection() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO)
    for number in range(3):
        wire.feed(TRANSACTION)
        wire.feed(b"%d\r\n.\r\n" % number)
    await wire.settle()
    assert [octets for _, octets in bench.mail.delivered] == [b"0\r\n", b"1\r\n", b"2\r\n"]


async def test_commands_wait_for_those_before_them() -> None:
    bench = Bench()
    gate = bench.close_gate("deliver")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"a\r\n.\r\nNOOP\r\n")
    assert await heard(wire) == []
    wire.feed(b"QUIT\r\n")
    assert await heard(wire) == []
    gate.set()
    assert await heard(wire) == [
        b"250 2.0.0 message taken",
        b"250 2.0.0 still here",
        b"221 2.0.0 bye",
    ]
    assert wire.closed


async def test_reading_stops_while_too_much_input_waits() -> None:
    bench = Bench()
    gate = bench.close_gate("write")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"a" * 500)
    await wire.settle()
    assert not is_held(wire)
    wire.feed(b"b" * 1001)
    assert is_held(wire)
    wire.feed(b"c\r\n.\r\n")
    gate.set()
    assert await heard(wire) == [b"250 2.0.0 message taken"]
    assert not is_held(wire)
    assert bench.mail.delivered[0][1] == b"a" * 500 + b"b" * 1001 + b"c\r\n"


async def test_a_peer_that_does_not_read_is_not_answered_without_end() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO + b"MAIL FROM:<a@b.test>\r\n")
    for _ in range(20):
        wire.feed(b"RCPT TO:<gone@d.test>\r\n" * 1000)
    await wire.settle()
    assert len(wire.output) < 350_000
    wire.feed(b"NOOP\r\n")
    assert is_held(wire)
    lines = 0
    while not wire.closed and lines < 20_000:
        await wire.line()
        lines += 1
    assert lines == 20_000


# Time.


async def test_silence_ends_the_connection() -> None:
    bench = Bench(limits=SmtpLimits(command_timeout=timedelta(seconds=30)))
    wire = await bench.connect(HELLO)
    assert wire.wait_seconds == 30
    wire.session.timed_out()
    assert await heard(wire) == [b"421 4.4.2 nothing came for too long (c1)"]
    assert wire.closed


async def test_a_message_has_its_own_time() -> None:
    bench = Bench(limits=SmtpLimits(data_timeout=timedelta(seconds=10)))
    wire = await bench.connect(HELLO + TRANSACTION)
    assert wait_of(wire) == 10
    wire.feed(b".\r\n")
    await wire.settle()
    assert wait_of(wire) == 300


async def test_silence_while_the_client_waits_for_us_is_no_silence() -> None:
    bench = Bench()
    gate = bench.close_gate("deliver")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b".\r\n")
    await wire.settle()
    wire.wait_at_most(0)
    wire.session.timed_out()
    assert wait_of(wire) == 300
    assert not wire.closed
    wire.wait_at_most(0)
    bench.clock.advance(timedelta(seconds=2))
    gate.set()
    assert await heard(wire) == [b"250 2.0.0 message taken"]
    assert wait_of(wire) == 300


@pytest.mark.parametrize("octets", [b"a\r\nb", b"a\nb"], ids=["good so far", "bad already"])
async def test_a_message_may_not_trickle_in_for_ever(octets: bytes) -> None:
    bench = Bench(limits=SmtpLimits(message_timeout=timedelta(minutes=30)))
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(octets)
    await wire.settle()
    bench.clock.advance(timedelta(minutes=31))
    wire.feed(b"c\r\n")
    assert await heard(wire) == [b"421 4.4.2 the message takes too long (c1)"]
    assert wire.closed
    assert bench.mail.sinks[0].discarded


# Ends.


async def test_stopping_takes_leave() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO)
    wire.session.stop()
    assert await heard(wire) == [b"421 4.3.2 the server is stopping, try again soon (c1)"]
    assert wire.closed


async def test_a_message_being_committed_is_answered_before_stopping() -> None:
    bench = Bench()
    gate = bench.close_gate("deliver")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b".\r\n" + TRANSACTION)
    await wire.settle()
    wire.session.stop()
    assert await heard(wire) == []
    gate.set()
    assert await heard(wire) == [
        b"250 2.0.0 message taken",
        b"421 4.3.2 the server is stopping, try again soon (c1)",
    ]
    assert wire.closed


async def test_a_peer_that_said_all_is_still_answered() -> None:
    bench = Bench()
    gate = bench.close_gate("deliver")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b".\r\n")
    wire.end()
    assert not wire.closed
    gate.set()
    assert await heard(wire) == [b"250 2.0.0 message taken"]
    assert wire.closed


async def test_a_peer_that_said_all_and_waits_for_nothing_is_closed() -> None:
    wire = await Bench().connect(HELLO)
    wire.end()
    assert wire.closed


async def test_a_lost_connection_leaves_no_octets_behind() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"abc\r\n")
    await wire.settle()
    wire.lose()
    await wire.settle()
    assert [sink.discarded for sink in bench.mail.sinks] == [True]
    assert bench.mail.delivered == []


@pytest.mark.parametrize("turns", [0, 1, 20])
async def test_a_connection_lost_while_octets_are_written(turns: int) -> None:
    bench = Bench()
    bench.close_gate("write")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"abc\r\n")
    for _ in range(turns):
        await asyncio.sleep(0)
    wire.lose()
    await wire.settle()
    assert [sink.discarded for sink in bench.mail.sinks] == [True]
    assert wire.errors == []


async def test_a_connection_lost_during_the_commit_discards_nothing() -> None:
    bench = Bench()
    bench.close_gate("deliver")
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b".\r\n")
    await wire.settle()
    wire.lose()
    await wire.settle()
    assert [(sink.finished, sink.discarded) for sink in bench.mail.sinks] == [(True, False)]
    assert wire.errors == []


@pytest.mark.parametrize("end", [b"RSET\r\n", HELLO], ids=["RSET", "EHLO"])
async def test_a_message_in_chunks_given_up_is_discarded(end: bytes) -> None:
    bench = Bench()
    wire = await bench.connect(
        HELLO + b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nBDAT 3\r\nabc"
    )
    wire.feed(end)
    await wire.settle()
    assert [sink.discarded for sink in bench.mail.sinks] == [True]


async def test_a_bad_message_is_discarded() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"good line\r\n")
    wire.feed(b"a\nb\r\n.\r\n")
    assert (await heard(wire))[0].startswith(b"550 5.6.0")
    assert bench.mail.sinks[0].discarded
    assert bench.log.named(Event.MESSAGE_REFUSED)[0].facts["connection"] == "c1"


# Failures.


@pytest.mark.parametrize("step", ["write", "finish", "deliver"])
@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (Refused("store_full", temporary=True), b"452 4.3.1 no room for the message at the moment"),
        (Refused("never_heard_of", temporary=True), b"451 4.3.0 try again later"),
        (Refused("never_heard_of"), b"554 5.3.0 refused"),
        (RuntimeError("secret"), b"451 4.3.0 internal error, try again later"),
    ],
    ids=["known", "unknown, temporary", "unknown, for good", "a bug"],
)
async def test_a_failing_step_is_told_at_the_end_of_the_message(
    step: str, error: Exception, reply: bytes
) -> None:
    bench = Bench()
    bench.mail.errors[step] = error
    wire = await bench.connect(HELLO + TRANSACTION)
    wire.feed(b"a\r\n")
    wire.feed(b"b\r\n.\r\n" + TRANSACTION)
    lines = await heard(wire)
    assert lines[0] == reply + b" (c1)"
    assert [line[:3] for line in lines[1:]] == [b"250", b"250", b"354"]
    assert bench.mail.delivered == []
    assert bench.mail.sinks[0].discarded or step == "deliver"
    bugs = bench.log.named(Event.COMMAND_FAILED)
    assert bool(bugs) is not isinstance(error, ServiceError)
    assert all(b"secret" not in line for line in lines)


async def test_a_bug_while_resolving_is_a_temporary_failure() -> None:
    bench = Bench()
    bench.mail.errors["resolve"] = KeyError("c@d.test")
    wire = await bench.connect(HELLO + b"MAIL FROM:<a@b.test>\r\n")
    wire.feed(b"RCPT TO:<c@d.test>\r\nNOOP\r\n")
    assert await heard(wire) == [
        b"451 4.3.0 internal error, try again later (c1)",
        b"250 2.0.0 still here",
    ]


async def test_a_login_is_known_to_the_envelope() -> None:
    bench = Bench(Role.SUBMISSION)
    wire = await bench.connect(HELLO + b"AUTH PLAIN AGFAYi50ZXN0AHg=\r\n" + TRANSACTION)
    wire.feed(b".\r\n")
    assert await heard(wire) == [b"250 2.0.0 message taken"]
    envelope = bench.mail.delivered[0][0]
    assert envelope.client.login == "a@b.test"
    assert hop_of(envelope, hostname="mx.test", hides_client=True).authenticated


async def test_tls_is_known_to_the_envelope() -> None:
    bench = Bench()
    wire = await bench.connect(HELLO + b"STARTTLS\r\n")
    wire.feed(HELLO + TRANSACTION)
    wire.feed(b".\r\n")
    await wire.settle()
    assert bench.mail.delivered[0][0].client.tls == TLS
