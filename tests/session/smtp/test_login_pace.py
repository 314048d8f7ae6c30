"""Who guesses passwords over submission is slowed down, sent away, and not heard again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from roost.ports.net import TlsFacts
from roost.proto.sasl.external import EXTERNAL
from roost.proto.sasl.plain import PLAIN
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import SmtpPort
from roost.session.smtp.submission import SubmissionSession
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom
from roost.testing.smtp import MemoryMail, Refused
from roost.testing.wire import TLS, MemoryWire

RIGHT = b"AUTH PLAIN AGFAYi50ZXN0AHg=\r\n"
WRONG = b"AUTH PLAIN AGFAYi50ZXN0AHk=\r\n"
FOR_ANOTHER = b"AUTH PLAIN b3RoZXIAYUBiLnRlc3QAeA==\r\n"
BY_KEY = b"AUTH EXTERNAL =\r\n"
FOREIGN = b"AUTH EXTERNAL Ym9iQGMudGVzdA==\r\n"
KEYED = replace(TLS, peer_key="a key")
SENT_AWAY = b"421 4.7.0 too many logins failed, try again later"


class Bench:
    """A submission port with its fakes."""

    def __init__(self) -> None:
        self.mail = MemoryMail()
        self.clock = StoppedClock()
        self.mail.keys["a key"] = "a@b.test"
        config = ServerConfig(
            "mx.test", Role.SUBMISSION, mechanisms=(EXTERNAL, PLAIN), auth_required=True
        )
        self.port = SmtpPort(config, self.mail.services(), self.clock, ListLog(), SeededRandom())

    async def greeted(self, tls: TlsFacts = TLS) -> MemoryWire:
        wire = MemoryWire(SubmissionSession(self.port), tls=tls).connect()
        await wire.line()
        wire.feed(b"HELO laptop.test\r\n")
        await wire.line()
        return wire

    async def guess(self, wire: MemoryWire, said: bytes = WRONG) -> tuple[int, bytes]:
        """The seconds that a guess waits for its answer, and the answer."""
        wire.feed(said)
        seconds = 0
        await wire.settle()
        while not wire.output:
            self.clock.advance(timedelta(seconds=1))
            seconds += 1
            await wire.settle()
        return seconds, await wire.line()


async def test_each_guess_from_the_fourth_on_waits_a_second_longer_and_ten_end_it() -> None:
    bench = Bench()
    wire = await bench.greeted()
    guesses = [await bench.guess(wire) for _ in range(9)]
    assert [seconds for seconds, _ in guesses] == [0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert all(answer.startswith(b"535 5.7.8 ") for _, answer in guesses)
    _, last = await bench.guess(wire)
    assert last.startswith(SENT_AWAY)
    assert wire.closed


async def test_after_three_it_is_slow_until_a_right_password() -> None:
    bench = Bench()
    wire = await bench.greeted()
    slow = []
    for said in (WRONG, WRONG, WRONG, RIGHT):
        await bench.guess(wire, said)
        slow.append(wire.slow)
    assert slow == [False, False, True, False]


async def test_who_asks_for_others_by_a_certificate_waits_as_well() -> None:
    bench = Bench()
    wire = await bench.greeted(KEYED)
    guesses = [await bench.guess(wire, FOREIGN) for _ in range(5)]
    assert [seconds for seconds, _ in guesses] == [0, 0, 0, 1, 2]
    assert all(answer.startswith(b"535 5.7.8 ") for _, answer in guesses)
    slow = [wire.slow]
    await bench.guess(wire, BY_KEY)
    slow.append(wire.slow)
    assert slow == [True, False]


async def test_whoever_is_over_the_limit_hears_421_and_nothing_is_looked_at() -> None:
    bench = Bench()
    bench.mail.refusing = True
    wire = MemoryWire(SubmissionSession(bench.port), tls=TLS).connect()
    assert (await wire.ended()).startswith(SENT_AWAY)
    wire.session.receive(WRONG)
    assert bench.mail.logins == []


async def test_whoever_gets_over_the_limit_while_there_has_to_go() -> None:
    bench = Bench()
    wire = await bench.greeted()
    bench.mail.errors["login"] = Refused("login_limited", temporary=True)
    bench.mail.refusing = True
    _, answer = await bench.guess(wire)
    assert answer.startswith(SENT_AWAY)
    assert wire.closed


async def test_mail_from_others_is_taken_from_where_logins_failed() -> None:
    bench = Bench()
    bench.mail.refusing = True
    wire = MemoryWire(InboundSession(bench.port)).connect()
    assert (await wire.line()).startswith(b"220 ")


async def test_nobody_acts_for_another() -> None:
    """RFC 4616 section 2."""
    bench = Bench()
    wire = await bench.greeted()
    _, answer = await bench.guess(wire, FOR_ANOTHER)
    assert answer.startswith(b"535 5.7.8 ")
    assert bench.mail.logins == []


async def test_the_list_of_logins_is_told_how_and_with_what() -> None:
    bench = Bench()
    wire = await bench.greeted()
    await bench.guess(wire)
    [said] = bench.mail.logins
    assert (said.mechanism, said.username, said.client) == ("PLAIN", "a@b.test", "laptop.test")


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        ("login_disabled", b"525 5.7.13 "),
        ("login_busy", b"454 4.7.0 "),
        ("login_failed", b"535 5.7.8 "),
    ],
)
async def test_why_a_login_fails_is_told_by_its_code(code: str, reply: bytes) -> None:
    bench = Bench()
    wire = await bench.greeted()
    bench.mail.errors["login"] = Refused(code)
    _, answer = await bench.guess(wire)
    assert answer.startswith(reply)
