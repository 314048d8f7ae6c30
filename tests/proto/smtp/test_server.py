"""The server machine: order of commands, replies, logins, limits. RFC 5321 section 4."""

import base64

import pytest

from roost.proto.sasl.login import LOGIN
from roost.proto.sasl.mechanism import Credentials
from roost.proto.sasl.plain import PLAIN
from roost.proto.smtp.command import Hello, Mail, Rcpt, StartTls
from roost.proto.smtp.event import (
    Closing,
    Event,
    LoginAsked,
    LoginBroken,
    MessageBegin,
    MessageChunk,
    MessageEnd,
    TransactionDropped,
)
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.proto.smtp.state import AFTER, Phase

MX = ServerConfig("mx.test")
SUBMISSION = ServerConfig("mx.test", Role.SUBMISSION, mechanisms=(PLAIN, LOGIN), auth_required=True)
NO = Reply(550, "5.7.1", "no")
WANT_ANSWERS = (Hello, StartTls, LoginAsked, Mail, Rcpt, MessageBegin, MessageEnd)


class Talk:
    """A conversation; the driver says yes to all but the events of the types in `refuse`."""

    def __init__(
        self, config: ServerConfig = MX, *, tls: bool = False, refuse: tuple[type, ...] = ()
    ) -> None:
        self.server = Server(config, connection_id="c1", tls=tls, can_start_tls=not tls)
        self.refuse = refuse
        self.events: list[Event] = []

    def say(self, octets: bytes) -> list[str]:
        """The lines that came back."""
        self.server.receive(octets)
        while (event := self.server.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, self.refuse):
                self.server.refuse(NO)
            elif isinstance(event, LoginBroken):
                self.server.refuse(event.reply)
            elif isinstance(event, WANT_ANSWERS):
                self.server.accept()
            if isinstance(event, StartTls) and StartTls not in self.refuse:
                self.server.tls_started()
        return self.server.take_output().decode().splitlines()

    def codes(self, octets: bytes) -> list[str]:
        """What came back, without texts; lines of one reply count once."""
        return [line[:3] for line in self.say(octets) if line[3:4] == " "]

    @property
    def message(self) -> bytes:
        return b"".join(event.octets for event in self.events if isinstance(event, MessageChunk))


def reach(phase: Phase) -> Talk:
    """A conversation that has come to this phase."""
    talk = Talk(ServerConfig("mx.test", mechanisms=(PLAIN,), auth_in_clear=True))
    steps = {
        Phase.CONNECTED: b"",
        Phase.GREETED: b"EHLO c.test\r\n",
        Phase.HAS_SENDER: b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\n",
        Phase.HAS_RECIPIENT: b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n",
        Phase.IN_CHUNKS: b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
        b"BDAT 1\r\nx",
    }
    talk.say(steps[phase])
    assert talk.server.phase is phase
    return talk


COMMANDS = {
    "EHLO": b"EHLO c.test\r\n",
    "HELO": b"HELO c.test\r\n",
    "STARTTLS": b"STARTTLS\r\n",
    "AUTH": b"AUTH PLAIN AHRpbQB4\r\n",
    "MAIL": b"MAIL FROM:<a@b.test>\r\n",
    "RCPT": b"RCPT TO:<c@d.test>\r\n",
    "DATA": b"DATA\r\n",
    "BDAT": b"BDAT 3\r\nabc",
    "BDAT LAST": b"BDAT 3 LAST\r\nabc",
    "RSET": b"RSET\r\n",
    "VRFY": b"VRFY x\r\n",
    "EXPN": b"EXPN x\r\n",
    "HELP": b"HELP\r\n",
    "NOOP": b"NOOP\r\n",
    "QUIT": b"QUIT\r\n",
    "LHLO": b"LHLO c.test\r\n",
}

# Each command in each phase: the reply's code, and the phase after it where that is another one.
STATES = """
           CONNECTED      GREETED         HAS_SENDER         HAS_RECIPIENT   IN_CHUNKS
EHLO       250 GREETED    250             250 GREETED        250 GREETED     250 GREETED
HELO       250 GREETED    250             250 GREETED        250 GREETED     250 GREETED
STARTTLS   503            220 CONNECTED   503                503             503
AUTH       503            235             503                503             503
MAIL       503            250 HAS_SENDER  503                503             503
RCPT       503            503             250 HAS_RECIPIENT  250             503
DATA       503            503             503                354             503
BDAT       503            503             503 GREETED        250 IN_CHUNKS   250
BDAT_LAST  503            503             503 GREETED        250 GREETED     250 GREETED
RSET       250            250             250 GREETED        250 GREETED     250 GREETED
VRFY       252            252             252                252             252
EXPN       252            252             252                252             252
HELP       214            214             214                214             214
NOOP       250            250             250                250             250
QUIT       221            221             221                221             221
LHLO       500            500             500                500             500
"""


def rows() -> list[tuple[str, Phase, str, Phase]]:
    """The table above, a row for each field."""
    head, *lines = STATES.strip().splitlines()
    found = []
    for line in lines:
        words = line.split()
        verb, fields = words[0], words[1:]
        columns: list[list[str]] = []
        for field in fields:
            if field.isdigit():
                columns.append([field])
            else:
                columns[-1].append(field)
        for name, column in zip(head.split(), columns, strict=True):
            after = Phase[column[1]] if len(column) > 1 else Phase[name]
            found.append((verb.replace("_", " "), Phase[name], column[0], after))
    return found


@pytest.mark.parametrize(("verb", "phase", "code", "after"), rows())
def test_each_command_in_each_phase(verb: str, phase: Phase, code: str, after: Phase) -> None:
    talk = reach(phase)
    assert talk.codes(COMMANDS[verb]) == [code]
    assert talk.server.phase is after


def test_the_table_names_every_verb_and_phase() -> None:
    assert {verb for verb, *_ in rows()} == set(COMMANDS)
    assert {verb for _, verb in AFTER} <= set(COMMANDS)
    assert len(rows()) == len(COMMANDS) * len(Phase)


def test_a_message_comes_through() -> None:
    talk = Talk()
    talk.server.greet()
    assert talk.say(b"") == ["220 mx.test ESMTP roost"]
    assert talk.say(b"EHLO c.test\r\n")[0] == "250-mx.test"
    assert talk.codes(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n") == [
        "250",
        "250",
        "354",
    ]
    assert talk.say(b"Subject: x\r\n\r\n..y\r\n.\r\nQUIT\r\n") == [
        "250 2.0.0 message taken",
        "221 2.0.0 bye",
    ]
    assert talk.message == b"Subject: x\r\n\r\n.y\r\n"
    assert talk.events[-2:] == [MessageEnd(18), Closing()]
    assert talk.say(b"NOOP\r\n") == []


def test_ehlo_announces_what_is_on() -> None:
    assert Talk().say(b"EHLO c.test\r\n") == [
        "250-mx.test",
        "250-PIPELINING",
        "250-SIZE 104857600",
        "250-STARTTLS",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-ENHANCEDSTATUSCODES",
        "250-CHUNKING",
        "250 LIMITS RCPTMAX=1000",
    ]
    extensions = Extensions(max_message_octets=5, max_recipients=2, dsn=True, require_tls=True)
    config = ServerConfig(
        "mx.test", Role.SUBMISSION, extensions=extensions, mechanisms=(PLAIN, LOGIN)
    )
    assert Talk(config).say(b"EHLO c.test\r\n") == [
        "250-mx.test",
        "250-PIPELINING",
        "250-SIZE 5",
        "250-STARTTLS",
        "250-DSN",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-ENHANCEDSTATUSCODES",
        "250-CHUNKING",
        "250 LIMITS RCPTMAX=2",
    ]
    assert Talk(config, tls=True).say(b"EHLO c.test\r\n")[3:6] == [
        "250-AUTH PLAIN LOGIN",
        "250-REQUIRETLS",
        "250-DSN",
    ]
    assert Talk().say(b"HELO c.test\r\n") == ["250 mx.test"]


def test_errors_carry_the_connection_and_a_status() -> None:
    talk = reach(Phase.GREETED)
    assert talk.say(b"FROB\r\n") == ["500 5.5.1 unknown command (c1)"]
    assert talk.say(b"DATA now\r\n") == ["503 5.5.1 say MAIL FROM first (c1)"]
    assert talk.say(b"RSET now\r\n") == ["501 5.5.4 RSET takes no argument (c1)"]
    assert talk.say(b"VRFY\r\n") == ["501 5.5.4 VRFY needs an argument (c1)"]


@pytest.mark.parametrize(
    "octets",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\r\n", b"LHLO x\r\n", b"\r\n"],
    ids=["HTTP", "TLS", "LMTP", "empty line"],
)
def test_what_begins_with_no_smtp_is_closed(octets: bytes) -> None:
    talk = Talk()
    assert talk.say(octets) == ["500 5.5.2 this is an SMTP server (c1)"]
    assert talk.events == [Closing()]


def test_too_many_bad_commands_in_a_row_end_the_connection() -> None:
    talk = reach(Phase.GREETED)
    assert talk.codes(b"FROB\r\n" * 19 + b"MAIL FROM:<>\r\n") == ["500"] * 19 + ["250"]
    assert talk.codes(b"FROB\r\n" * 30) == ["500"] * 20 + ["421"]
    assert talk.events[-1] == Closing()


def test_commands_out_of_order_do_not_count_as_bad() -> None:
    talk = reach(Phase.GREETED)
    assert talk.codes(b"RCPT TO:<a@b.test>\r\n" * 100) == ["503"] * 100


@pytest.mark.parametrize("piece", [1, 100, 5000])
def test_a_line_too_long_ends_the_connection(piece: int) -> None:
    talk = reach(Phase.GREETED)
    assert talk.codes(b"NOOP " + b"x" * 2041 + b"\r\n") == ["250"]
    replies = []
    for _ in range(5000 // piece):
        replies += talk.say(b"x" * piece)
        assert talk.server.buffered_octets <= 2048
    assert replies == ["500 5.5.2 the line is too long (c1)"]
    assert talk.events[-1] == Closing()


def test_a_line_is_ended_by_crlf_only() -> None:
    talk = reach(Phase.GREETED)
    assert talk.say(b"NOOP\nQUIT\n") == []
    assert talk.codes(b"\r\nNOOP\r\n") == ["500", "250"]


def test_white_space_at_the_end_is_forgiven_but_not_on_submission() -> None:
    assert reach(Phase.GREETED).codes(b"RSET \t\r\nMAIL FROM:<a@b.test> \r\n") == ["250", "250"]
    talk = Talk(SUBMISSION)
    assert talk.codes(b"EHLO x\r\nRSET \r\n") == ["250", "501"]


# Logins.


def plain(text: str) -> bytes:
    return base64.b64encode(text.encode())


def test_plain_with_an_initial_response() -> None:
    talk = Talk(SUBMISSION, tls=True)
    assert talk.codes(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\n") == ["250", "530"]
    assert talk.say(b"AUTH PLAIN " + plain("\0tim\0x") + b"\r\n") == ["235 2.7.0 logged in"]
    assert talk.events[-1] == LoginAsked("PLAIN", Credentials("tim", "x"))
    assert talk.codes(b"MAIL FROM:<a@b.test>\r\n") == ["250"]


def test_login_asks_for_both() -> None:
    talk = Talk(SUBMISSION, tls=True)
    talk.say(b"EHLO x\r\n")
    assert talk.say(b"AUTH LOGIN\r\n") == ["334 VXNlcm5hbWU6"]
    assert talk.say(plain("tim") + b"\r\n") == ["334 UGFzc3dvcmQ6"]
    assert talk.say(plain("x") + b"\r\n") == ["235 2.7.0 logged in"]
    assert talk.events[-1] == LoginAsked("LOGIN", Credentials("tim", "x"))


@pytest.mark.parametrize(
    ("octets", "replies"),
    [
        (b"AUTH PLAIN\r\n*\r\n", ["334 ", "501 5.7.0 the login was cancelled (c1)"]),
        (b"AUTH PLAIN\r\n%\r\n", ["334 ", "501 5.5.2 this is not base64 (c1)"]),
        (b"AUTH PLAIN =\r\n", ["501 5.5.2 PLAIN has three parts, parted by NUL (c1)"]),
        (b"AUTH CRAM-MD5\r\n", ["504 5.5.4 this mechanism is not offered (c1)"]),
        (
            b"AUTH\r\n",
            ["501 5.5.4 AUTH needs a mechanism and at most one response (c1)"],
        ),
        (b"AUTH PLAIN\r\n" + b"A" * 12288, ["334 ", "500 5.5.6 the line is too long (c1)"]),
        (b"AUTH PLAIN " + b"A" * 12277, ["500 5.5.6 the line is too long (c1)"]),
    ],
    ids=["cancelled", "no base64", "empty", "mechanism", "nothing", "long line", "long command"],
)
def test_a_login_that_goes_wrong(octets: bytes, replies: list[str]) -> None:
    talk = Talk(SUBMISSION, tls=True)
    talk.say(b"EHLO x\r\n")
    assert talk.say(octets) == replies
    assert not talk.server.authenticated


def test_a_long_auth_line_is_read() -> None:
    talk = Talk(SUBMISSION, tls=True)
    talk.say(b"EHLO x\r\n")
    assert talk.say(b"AUTH PLAIN " + b"AAAA" * 1500 + b"\r\n") == [
        "501 5.5.2 PLAIN has three parts, parted by NUL (c1)"
    ]


def test_passwords_need_tls_unless_allowed_in_clear() -> None:
    talk = Talk(SUBMISSION)
    assert not any("AUTH" in line for line in talk.say(b"EHLO x\r\n"))
    assert talk.say(b"AUTH PLAIN " + plain("\0tim\0x") + b"\r\n") == [
        "538 5.7.11 this mechanism needs TLS (c1)"
    ]


def test_a_login_is_made_once() -> None:
    talk = Talk(SUBMISSION, tls=True)
    talk.say(b"EHLO x\r\nAUTH PLAIN " + plain("\0tim\0x") + b"\r\n")
    assert talk.say(b"AUTH PLAIN\r\n") == ["503 5.5.1 you are logged in already (c1)"]
    assert Talk().codes(b"EHLO c.test\r\nAUTH PLAIN\r\n") == ["250", "503"]


def test_a_login_refused_can_be_tried_again() -> None:
    talk = Talk(SUBMISSION, tls=True, refuse=(LoginAsked,))
    assert talk.codes(b"EHLO x\r\nAUTH PLAIN AHRpbQB4\r\nMAIL FROM:<>\r\n") == ["250", "550", "530"]
    talk.refuse = ()
    assert talk.codes(b"AUTH PLAIN AHRpbQB4\r\n") == ["235"]


# TLS.


def test_what_comes_in_clear_behind_starttls_is_dropped() -> None:
    talk = reach(Phase.GREETED)
    assert talk.say(b"STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n") == ["220 2.0.0 go ahead with TLS"]
    assert talk.codes(b"MAIL FROM:<a@b.test>\r\nEHLO c.test\r\n") == ["503", "250"]
    assert talk.server.tls
    assert not any(isinstance(event, Mail) for event in talk.events)


def test_nothing_is_heard_until_the_handshake_is_done() -> None:
    server = Server(MX, can_start_tls=True)
    server.receive(b"EHLO c.test\r\n")
    assert server.next_event() == Hello("c.test")
    server.accept()
    server.receive(b"STARTTLS\r\n")
    assert server.next_event() == StartTls()
    server.accept()
    server.receive(b"NOOP\r\n")
    assert server.next_event() is None
    assert server.buffered_octets == 0


def test_starttls_is_refused_where_it_makes_no_sense() -> None:
    assert Talk(tls=True).codes(b"EHLO c.test\r\nSTARTTLS\r\n") == ["250", "503"]
    talk = reach(Phase.GREETED)
    talk.say(b"AUTH PLAIN AHRpbQB4\r\n")
    assert talk.codes(b"STARTTLS\r\n") == ["503"]
    talk = reach(Phase.GREETED)
    talk.refuse = (StartTls,)
    assert talk.codes(b"STARTTLS now\r\nSTARTTLS\r\nNOOP\r\n") == ["501", "550", "250"]


def test_requiretls_needs_tls() -> None:
    config = ServerConfig("mx.test", extensions=Extensions(require_tls=True))
    octets = b"EHLO c.test\r\nMAIL FROM:<a@b.test> REQUIRETLS\r\n"
    assert Talk(config).say(octets)[-1] == "523 5.7.10 REQUIRETLS needs TLS (c1)"
    assert Talk(config, tls=True).codes(octets) == ["250", "250"]


# Transactions.


@pytest.mark.parametrize(
    ("refused", "codes", "phase"),
    [
        (Mail, ["250", "550", "503", "503"], Phase.GREETED),
        (Rcpt, ["250", "250", "550", "503"], Phase.HAS_SENDER),
        (MessageBegin, ["250", "250", "250", "550"], Phase.GREETED),
    ],
)
def test_a_refused_step_changes_nothing(refused: type, codes: list[str], phase: Phase) -> None:
    talk = Talk(refuse=(refused,))
    assert (
        talk.codes(b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        == codes
    )
    assert talk.server.phase is phase


def test_a_message_refused_at_its_end_ends_the_transaction() -> None:
    talk = reach(Phase.HAS_RECIPIENT)
    talk.refuse = (MessageEnd,)
    assert talk.codes(b"DATA\r\n") == ["354"]
    assert talk.codes(b"x\r\n.\r\nMAIL FROM:<>\r\n") == ["550", "250"]


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"a\nb\r\n.\r\n", "550 5.6.0 the message has a CR or LF that is not part of CRLF (c1)"),
        (b"a\n.\r\n.\r\n", "500 5.5.2 a bare CR or LF stands next to a dot in the message (c1)"),
        (b"a\0\r\n.\r\n", "550 5.6.0 the message has a NUL octet (c1)"),
        (
            b"x" * 99 + b"\r\n.\r\n",
            "552 5.3.4 the message is larger than the 100 octets allowed (c1)",
        ),
    ],
    ids=["bare LF", "smuggled end", "NUL", "too large"],
)
def test_a_bad_message_is_refused_at_its_true_end(octets: bytes, reply: str) -> None:
    talk = Talk(ServerConfig("mx.test", extensions=Extensions(max_message_octets=100)))
    talk.say(b"EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
    assert talk.say(octets + b"MAIL FROM:<>\r\n") == [reply, "250 2.1.0 sender ok"]
    assert talk.events[-2] == TransactionDropped(reply[10:-5])


def test_a_driver_that_cannot_keep_the_message_says_so_at_its_end() -> None:
    server = reach(Phase.HAS_RECIPIENT).server
    server.receive(b"DATA\r\n")
    assert server.next_event() == MessageBegin()
    server.accept()
    server.take_output()
    server.receive(b"abc\r\nd\r\n.\r\n")
    assert server.next_event() == MessageChunk(b"abc\r\nd\r\n")
    server.spoil(Reply(452, "4.3.1", "the disk is full"))
    assert server.next_event() == TransactionDropped("the disk is full")
    assert server.take_output() == b"452 4.3.1 the disk is full (c1)\r\n"
    assert server.phase is Phase.GREETED


def test_one_recipient_too_many_is_refused_for_now() -> None:
    talk = Talk(ServerConfig("mx.test", extensions=Extensions(max_recipients=2)))
    octets = b"EHLO c.test\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<c@d.test>\r\n" * 40
    assert talk.codes(octets) == ["250", "250", "250", "250"] + ["452"] * 38
    assert talk.codes(b"RSET\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\n") == ["250"] * 3


def test_rset_and_hello_drop_a_transaction() -> None:
    talk = reach(Phase.HAS_RECIPIENT)
    talk.say(b"RSET\r\n")
    assert talk.events[-1] == TransactionDropped()
    count = len(talk.events)
    talk.say(b"RSET\r\n")
    assert len(talk.events) == count


def test_smtputf8_is_of_the_transaction() -> None:
    talk = reach(Phase.GREETED)
    utf8 = "RCPT TO:<zoë@d.test>\r\n".encode()
    assert talk.codes(b"MAIL FROM:<> SMTPUTF8\r\n" + utf8) == ["250", "250"]
    assert talk.codes(b"RSET\r\nMAIL FROM:<>\r\n" + utf8) == ["250", "250", "553"]


def test_replies_wait_for_the_answer() -> None:
    server = Server(MX)
    server.receive(b"NOOP\r\nEHLO c.test\r\nNOOP\r\n")
    assert server.next_event() == Hello("c.test")
    assert server.next_event() is None
    assert server.take_output() == b"250 2.0.0 still here\r\n"
    server.refuse(NO)
    assert server.next_event() is None
    assert server.take_output() == b"550 5.7.1 no\r\n250 2.0.0 still here\r\n"


def test_an_answer_without_a_question_is_a_mistake_of_the_driver() -> None:
    with pytest.raises(ValueError, match="nothing was asked"):
        Server(MX).accept()
