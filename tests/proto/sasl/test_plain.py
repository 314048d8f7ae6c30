"""PLAIN, RFC 4616."""

import pytest

from roost.proto.sasl.mechanism import Challenge, Credentials, Failed
from roost.proto.sasl.plain import Plain


@pytest.mark.parametrize(
    ("octets", "credentials"),
    [
        (b"\0tim\0tanstaaftanstaaf", Credentials("tim", "tanstaaftanstaaf")),
        (b"Ursel\0Kurt\0xipj3plmq", Credentials("Kurt", "xipj3plmq", "Ursel")),
        ("\0zoë\0pässword".encode(), Credentials("zoë", "pässword")),
        (b"\0" + b"u" * 255 + b"\0" + b"p" * 255, Credentials("u" * 255, "p" * 255)),
    ],
    ids=["section 4, first", "section 4, acting as another", "beyond ASCII", "longest"],
)
def test_reads_the_message(octets: bytes, credentials: Credentials) -> None:
    assert Plain().step(octets) == credentials


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"tim\0password",
        b"\0tim\0pass\0word",
        b"\0\0password",
        b"\0tim\0",
        b"\0tim\0\xff",
        b"\0tim\0" + b"p" * 256,
    ],
    ids=["empty", "two parts", "four parts", "no identity", "no password", "no UTF-8", "too long"],
)
def test_refuses_what_is_no_message(octets: bytes) -> None:
    assert isinstance(Plain().step(octets), Failed)


def test_asks_with_an_empty_challenge_when_there_was_no_initial_response() -> None:
    plain = Plain()
    assert plain.step(None) == Challenge(b"")
    assert plain.step(b"\0tim\0secret") == Credentials("tim", "secret")


def test_an_exchange_is_used_once() -> None:
    plain = Plain()
    plain.step(None)
    assert isinstance(plain.step(None), Failed)
    assert isinstance(plain.step(b"\0tim\0secret"), Failed)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Plain().step(b"\0tim\0secret"))
