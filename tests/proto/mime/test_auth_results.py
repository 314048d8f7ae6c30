"""The Authentication-Results field. RFC 8601."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.errors import ProtocolError
from roost.proto.mime.auth_results import (
    AuthResults,
    AuthResultsInvalid,
    MethodResult,
    Property,
    fields_of_server,
    parse_auth_results,
    spell_auth_results,
)

EXAMPLES = [
    (b" example.org 1; none\r\n", AuthResults("example.org")),
    (
        b" example.com; auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        b"  spf=pass smtp.mailfrom=example.net",
        AuthResults(
            "example.com",
            (
                MethodResult(
                    "auth", "pass", "cram-md5", "",
                    (Property("smtp", "auth", "sender@example.net"),),
                ),
                MethodResult("spf", "pass", "", "", (Property("smtp", "mailfrom", "example.net"),)),
            ),
        ),
    ),
    (
        b" example.com;\r\n dkim=fail reason=\"bad signature\" header.i=@mail.example;",
        AuthResults(
            "example.com",
            (
                MethodResult(
                    "dkim", "fail", "", "bad signature",
                    (Property("header", "i", "@mail.example"),),
                ),
            ),
        ),
    ),
    (
        b" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait"
        b" for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me)"
        b" = (as I wasn't expecting it) 1362471462",
        AuthResults(
            "foo.example.net",
            (MethodResult("dkim", "fail", "", "", (Property("policy", "expired", "1362471462"),)),),
        ),
    ),
    (
        b'"my (server)"; x-thing/2=PASS header.from="a b"@c.test header.b=AB+/cd==',
        AuthResults(
            "my (server)",
            (
                MethodResult(
                    "x-thing", "pass", "", "",
                    (Property("header", "from", "a b@c.test"), Property("header", "b", "AB+/cd==")),
                    2,
                ),
            ),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "found"),
    EXAMPLES,
    ids=["appendix B.2", "appendix B.3", "reason", "appendix B.7", "quoted and lenient"],
)
def test_reads(value: bytes, found: AuthResults) -> None:
    """RFC 8601 appendix B."""
    assert parse_auth_results(value) == found


@pytest.mark.parametrize(
    "value",
    [
        b"", b";", b"a b; none", b"a; spf", b"a; spf=", b"a; spf=pass smtp", b"a; spf=pass smtp.",
        b"a; spf=pass smtp.x=", b'a; spf=pass smtp.x="', b"a; none none", b"a; =x", b"(a; spf=pass",
        b"a; spf=pass" + b" a.b=c" * 101, b"a; x=" + b"y" * 70_000, b"a; spf/x=pass",
    ],
)  # fmt: skip
def test_refuses(value: bytes) -> None:
    with pytest.raises(AuthResultsInvalid):
        parse_auth_results(value)


def test_spells() -> None:
    found = AuthResults(
        "mx.test",
        (
            MethodResult(
                "spf", "fail", "(192.0.2.1) \r\nX: y", "no \"such\\thing",
                (Property("smtp", "mailfrom", "a@b.test"), Property("policy", "ip", "2001:db8::1")),
            ),
            MethodResult("dmarc", "none"),
        ),
    )  # fmt: skip
    assert spell_auth_results(found) == (
        b"Authentication-Results: mx.test;\r\n"
        b'\tspf=fail (192.0.2.1 X: y) reason="no \\"such\\\\thing" smtp.mailfrom=a@b.test\r\n'
        b'\t\tpolicy.ip="2001:db8::1";\r\n'
        b"\tdmarc=none\r\n"
    )
    assert (
        spell_auth_results(AuthResults("mx.test")) == b"Authentication-Results: mx.test; none\r\n"
    )


WORDS = st.sampled_from(["spf", "dkim", "x-a", "pass", "b1"])
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)
RESULTS = st.builds(
    MethodResult,
    WORDS,
    WORDS,
    PRINTABLE.map(lambda text: text.translate({ord(char): None for char in "()\\"})),
    PRINTABLE,
    st.lists(st.builds(Property, WORDS, WORDS, PRINTABLE), max_size=3).map(tuple),
    st.integers(1, 3),
)


@given(st.lists(RESULTS, max_size=4), PRINTABLE)
def test_what_is_spelled_is_read(results: list[MethodResult], server: str) -> None:
    found = AuthResults(server, tuple(results))
    field = spell_auth_results(found)
    assert parse_auth_results(field.partition(b":")[2]) == found
    assert field.count(b"\n") == field.count(b"\r\n\t") + 1


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_nothing_ends_the_field(comment: str, reason: str, value: str) -> None:
    part = Property("smtp", "mailfrom", value)
    found = AuthResults("mx.test", (MethodResult("spf", "pass", comment, reason, (part,)),))
    field = spell_auth_results(found)
    assert field.count(b"\r\n") == field.count(b"\r\n\t") + 1
    read = parse_auth_results(field.partition(b":")[2])
    assert [one.result for one in read.results] == ["pass"]


@given(st.binary(max_size=80) | st.text('a; =()"\\.@1\r\n', max_size=40).map(str.encode))
def test_any_octets(octets: bytes) -> None:
    with suppress(ProtocolError):
        parse_auth_results(octets)
    fields_of_server(b"Authentication-Results:" + octets, ["mx.test"])


@pytest.mark.timeout(5)
def test_comments_made_to_be_slow() -> None:
    with suppress(ProtocolError):
        parse_auth_results(b"(" * 60_000)
    with suppress(ProtocolError):
        parse_auth_results(b"a; x=y " + b"(a)" * 20_000)


def test_finds_the_fields_that_claim_to_be_ours() -> None:
    """RFC 8601 section 5."""
    lines = [
        b"Authentication-Results: mx.test; none",
        b"Authentication-Results: other.test; none",
        b"AUTHENTICATION-RESULTS : (x) MX.test 1; spf=pass",
        b'Authentication-Results: =rubbish="',
        b"Authentication-Results: xn--bcher-kva.test; none",
        b"X-Other: mx.test",
        b'Authentication-Results:\r\n "mx.test"; none',
    ]
    message = (
        b"".join(line + b"\r\n" for line in lines) + b"\r\nAuthentication-Results: mx.test\r\n"
    )
    found = fields_of_server(message, ["mx.test", "bücher.test"])
    assert [message[one.start : one.end].rstrip() for one in found] == [
        lines[number] for number in (0, 2, 3, 4, 6)
    ]
