"""Parsing of commands, RFC 5321 section 4.1."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.address import Address
from roost.proto.smtp.command import (
    Auth,
    Bdat,
    Hello,
    Mail,
    Rcpt,
    is_address_literal,
    parse_auth_command,
    parse_bdat,
    parse_hello,
    parse_mail,
    parse_rcpt,
    split_line,
)
from roost.proto.smtp.extension import Extensions, FutureRelease
from roost.proto.smtp.parameter import CommandError, Hold
from roost.proto.smtp.reply import Reply

LATEST = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = Extensions(max_message_octets=1000)
ALL = Extensions(
    max_message_octets=1000,
    dsn=True,
    require_tls=True,
    future_release=FutureRelease(3600, LATEST),
)
A = Address.parse("a@b.test")


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"noop", "NOOP", None),
        (b"NOOP hello there", "NOOP", "hello there"),
        (b"MAIL FROM:<>", "MAIL", "FROM:<>"),
        (b"NOOP a\tb", "NOOP", "a\tb"),
        ("VRFY zoë".encode(), "VRFY", "zoë"),
    ],
    ids=["lower case", "argument", "null sender", "tab", "UTF-8"],
)
def test_splits_a_line(line: bytes, verb: str, argument: str | None) -> None:
    assert split_line(line) == (verb, argument)


@pytest.mark.parametrize(
    "line",
    [b"", b" ", b"EH", b"NOOP\x00", b"NOOP a\rb", b"NOOP a\nQUIT", b"\xff\xfe\xfd\xfc", b"M@IL x"],
    ids=["empty", "space", "short", "NUL", "CR", "LF", "no UTF-8", "no letters"],
)
def test_refuses_what_is_no_command(line: bytes) -> None:
    with pytest.raises(CommandError) as refused:
        split_line(line)
    assert (refused.value.reply.code, refused.value.reply.status) == (500, "5.5.2")


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("mx.example", "mx.example"),
        ("mx.example.", "mx.example."),
        ("localhost", "localhost"),
        ("under_score.example", "under_score.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[192.0.2.1] and more", "[192.0.2.1]"),
    ],
)
def test_reads_the_name_of_a_host(argument: str, name: str) -> None:
    assert parse_hello("EHLO", argument, any_name=False) == Hello(name)
    assert parse_hello("HELO", argument, any_name=False) == Hello(name, extended=False)


@pytest.mark.parametrize(
    "argument",
    [None, "", "-", "my pc", "zoë.example", "[2001:db8::1]", "[192.0.2.300]", "a<b", "x" * 300],
)
def test_a_mail_program_may_call_itself_anything(argument: str | None) -> None:
    assert parse_hello("EHLO", argument, any_name=True).name == (argument or "").split(" ")[0][:255]
    if argument != "my pc":
        with pytest.raises(CommandError) as refused:
            parse_hello("EHLO", argument, any_name=False)
        assert (refused.value.reply.code, refused.value.reply.status) == (501, "5.5.4")


@pytest.mark.parametrize(
    ("argument", "mail"),
    [
        ("FROM:<a@b.test>", Mail(A)),
        ("from:<a@b.test>", Mail(A)),
        ("FROM: <a@b.test>", Mail(A)),
        ("FROM:<>", Mail(None)),
        ("FROM:<@x.test,@y.test:a@b.test>", Mail(A)),
        ('FROM:<"a b"@b.test>', Mail(Address.parse('"a b"@b.test'))),
        ('FROM:<"a\\">b"@b.test>', Mail(Address.parse('"a\\">b"@b.test'))),
        ('FROM:<"@x:y"@b.test>', Mail(Address.parse('"@x:y"@b.test'))),
        ("FROM:<a@b.test> SIZE=1000", Mail(A, size_octets=1000)),
        ("FROM:<a@b.test>  body=8bitmime  SMTPUTF8", Mail(A, body="8BITMIME", smtputf8=True)),
        ("FROM:<zoë@b.test> SMTPUTF8", Mail(Address.parse("zoë@b.test"), smtputf8=True)),
        ("FROM:<a@b.test> AUTH=<>", Mail(A, auth="")),
        ("FROM:<a@b.test> AUTH=e+3Dmc2@example.com", Mail(A, auth="e=mc2@example.com")),
        ("FROM:<a@b.test> RET=hdrs ENVID=QQ+2B1", Mail(A, ret="HDRS", envid="QQ+1")),
        ("FROM:<a@b.test> REQUIRETLS", Mail(A, require_tls=True)),
        ("FROM:<a@b.test> HOLDFOR=3600", Mail(A, hold=Hold("HOLDFOR=3600", seconds=3600))),
        (
            "FROM:<a@b.test> HOLDUNTIL=2026-02-01T00:00:00Z",
            Mail(
                A,
                hold=Hold("HOLDUNTIL=2026-02-01T00:00:00Z", until=datetime(2026, 2, 1, tzinfo=UTC)),
            ),
        ),
    ],
)
def test_reads_mail(argument: str, mail: Mail) -> None:
    assert parse_mail(argument, ALL) == mail


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        (None, "501 5.5.2"),
        ("TO:<a@b.test>", "501 5.5.2"),
        ("FROM:a@b.test", "501 5.5.2"),
        ("FROM:  <a@b.test>", "501 5.5.2"),
        ("FROM:<a@b.test>x", "501 5.5.2"),
        ("FROM:<a@b.test", "501 5.5.2"),
        ("FROM:<a>", "501 5.1.7"),
        ("FROM:<a@>", "501 5.1.7"),
        ("FROM:<a..b@b.test>", "501 5.1.7"),
        ("FROM:<a b@b.test>", "501 5.1.7"),
        ("FROM:<postmaster>", "501 5.1.7"),
        (f"FROM:<{'l' * 129}@b.test>", "501 5.1.7"),
        (f"FROM:<a@{'d.' * 130}test>", "501 5.1.7"),
        ("FROM:<a@[192.0.2.1]>", "550 5.1.7"),
        ("FROM:<a@[IPv6:2001:db8::1]>", "550 5.1.7"),
        ("FROM:<a@[2001:db8::1]>", "501 5.1.7"),
        ("FROM:<zoë@b.test>", "550 5.6.7"),
        ("FROM:<a@zoë.test>", "550 5.6.7"),
        ("FROM:<a@b.test> SIZE=1001", "552 5.3.4"),
        ("FROM:<a@b.test> SIZE=99999999999999999999", "552 5.3.4"),
        ("FROM:<a@b.test> SIZE=999999999999999999999", "501 5.5.4"),
        ("FROM:<a@b.test> SIZE", "501 5.5.4"),
        ("FROM:<a@b.test> SIZE=1 SIZE=1", "501 5.5.4"),
        ("FROM:<a@b.test> BODY=BINARYMIME", "555 5.5.4"),
        ("FROM:<a@b.test> BODY=9BIT", "501 5.5.4"),
        ("FROM:<a@b.test> SMTPUTF8=yes", "501 5.5.4"),
        ("FROM:<a@b.test> COLOUR=red", "555 5.5.4"),
        ("FROM:<a@b.test> =red", "501 5.5.4"),
        ("FROM:<a@b.test> RET=SOME", "501 5.5.4"),
        ("FROM:<a@b.test> ENVID=a+b", "501 5.5.4"),
        ("FROM:<a@b.test> REQUIRETLS=1", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDFOR=0", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDFOR=3601", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDUNTIL=2026-03-01T00:00:01Z", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDUNTIL=2026-02-30T00:00:01Z", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDUNTIL=2026-02-01T00:00:01+01:00", "501 5.5.4"),
        ("FROM:<a@b.test> HOLDFOR=1 HOLDUNTIL=2026-02-01T00:00:00Z", "501 5.5.4"),
    ],
)
def test_refuses_mail(argument: str | None, reply: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse_mail(argument, ALL)
    assert f"{refused.value.reply.code} {refused.value.reply.status}" == reply


@pytest.mark.parametrize(
    "parameter",
    ["RET=FULL", "ENVID=x", "REQUIRETLS", "HOLDFOR=1", "HOLDUNTIL=2026-02-01T00:00:00Z"],
)
def test_mail_parameters_of_extensions_not_switched_on_are_not_recognised(parameter: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse_mail(f"FROM:<a@b.test> {parameter}", PLAIN)
    assert refused.value.reply.spell() == b"555 5.5.4 parameter not recognised\r\n"


@pytest.mark.parametrize(
    ("argument", "rcpt"),
    [
        ("TO:<a@b.test>", Rcpt(A)),
        ("To: <a@b.test>", Rcpt(A)),
        ("TO:<@x.test:a@b.test>", Rcpt(A)),
        ("TO:<PostMaster>", Rcpt(None)),
        ("TO:<a@b.test> NOTIFY=never", Rcpt(A, notify=frozenset())),
        ("TO:<a@b.test> NOTIFY=DELAY,FAILURE", Rcpt(A, notify=frozenset({"DELAY", "FAILURE"}))),
        ("TO:<a@b.test> ORCPT=rfc822;x+2By@z.test", Rcpt(A, orcpt=("rfc822", "x+y@z.test"))),
        ("TO:<a@b.test> ORCPT=RFC822;x+0D+0Ay", Rcpt(A, orcpt=("rfc822", "x??y"))),
    ],
)
def test_reads_rcpt(argument: str, rcpt: Rcpt) -> None:
    assert parse_rcpt(argument, ALL, smtputf8=False) == rcpt


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("FROM:<a@b.test>", "501 5.5.2"),
        ("TO:<>", "501 5.1.3"),
        ("TO:<a>", "501 5.1.3"),
        ("TO:<a@[192.0.2.1]>", "550 5.1.1"),
        ("TO:<zoë@b.test>", "553 5.6.7"),
        ("TO:<a@b.test> NOTIFY=NEVER,DELAY", "501 5.5.4"),
        ("TO:<a@b.test> NOTIFY=DELAY,DELAY", "501 5.5.4"),
        ("TO:<a@b.test> NOTIFY", "501 5.5.4"),
        ("TO:<a@b.test> ORCPT=x", "501 5.5.4"),
        ("TO:<a@b.test> SIZE=1", "555 5.5.4"),
    ],
)
def test_refuses_rcpt(argument: str, reply: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse_rcpt(argument, ALL, smtputf8=False)
    assert f"{refused.value.reply.code} {refused.value.reply.status}" == reply


def test_rcpt_beyond_ascii_needs_smtputf8() -> None:
    path = Address.parse("zoë@zoë.test")
    assert parse_rcpt("TO:<zoë@zoë.test>", PLAIN, smtputf8=True) == Rcpt(path)


@pytest.mark.parametrize("parameter", ["NOTIFY=NEVER", "ORCPT=rfc822;x"])
def test_rcpt_parameters_of_dsn_not_switched_on_are_not_recognised(parameter: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse_rcpt(f"TO:<a@b.test> {parameter}", PLAIN, smtputf8=False)
    assert refused.value.reply.spell() == b"555 5.5.4 parameter not recognised\r\n"


@pytest.mark.parametrize(
    ("argument", "auth"),
    [
        ("plain", Auth("PLAIN", None)),
        ("PLAIN =", Auth("PLAIN", b"")),
        ("PLAIN  AHRpbQB4 ", Auth("PLAIN", b"\0tim\0x")),
        ("SCRAM-SHA-256-PLUS biws", Auth("SCRAM-SHA-256-PLUS", b"n,,")),
    ],
)
def test_reads_auth(argument: str, auth: Auth) -> None:
    assert parse_auth_command(argument) == auth


@pytest.mark.parametrize(
    "argument", [None, "", "PL+IN", "PLAIN a b", "PLAIN a", "PLAIN AA==x", "PLAIN zoë"]
)
def test_refuses_auth(argument: str | None) -> None:
    with pytest.raises(CommandError) as refused:
        parse_auth_command(argument)
    assert refused.value.reply.code == 501


@pytest.mark.parametrize(
    ("argument", "bdat"),
    [("0 LAST", Bdat(0, last=True)), ("86 last", Bdat(86, last=True)), ("10", Bdat(10))],
)
def test_reads_bdat(argument: str, bdat: Bdat) -> None:
    assert parse_bdat(argument) == bdat


@pytest.mark.parametrize("argument", [None, "", "-1", "1 FIRST", "x", "1" * 21, "1LAST"])
def test_refuses_bdat(argument: str | None) -> None:
    with pytest.raises(CommandError):
        parse_bdat(argument)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("[192.0.2.1]", True),
        ("[IPv6:::1]", True),
        ("[ipv6:2001:db8::1]", True),
        ("[::1]", False),
        ("[192.0.2]", False),
        ("[IPv6:fe80::1%eth0 ]", False),
        ("192.0.2.1", False),
        ("[]", False),
    ],
)
def test_knows_address_literals(text: str, is_one: bool) -> None:
    assert is_address_literal(text) is is_one


WORDS = st.lists(
    st.sampled_from(
        ["FROM:", "TO:", "<", ">", "@", '"', "\\", "a", "b.test", " ", "SIZE=1", "NOTIFY=", ";", "=",
         "[1.2.3.4]", "ë", "+3D", "ORCPT=", "HOLDUNTIL=", "2026-02-01T00:00:00Z", "PLAIN", ":", ","]
    ),
    max_size=12,
)  # fmt: skip


def refusal(parse: Callable[[], object]) -> Reply | None:
    """What an argument is refused with, None when it was read."""
    try:
        parse()
    except CommandError as error:
        return error.reply
    return None


@given(st.one_of(st.text(max_size=60), WORDS.map("".join)))
@settings(deadline=None, max_examples=200)
def test_any_argument_is_read_or_refused(argument: str) -> None:
    for parse in (
        lambda: parse_mail(argument, ALL),
        lambda: parse_rcpt(argument, ALL, smtputf8=True),
        lambda: parse_hello("EHLO", argument, any_name=False),
        lambda: parse_auth_command(argument),
        lambda: parse_bdat(argument),
        lambda: split_line(argument.encode("utf-8", "surrogatepass")),
    ):
        reply = refusal(parse)
        assert reply is None or (500 <= reply.code < 560 and reply.spell().isascii())
