"""The signatures we make. RFC 6376 section 5."""

from dataclasses import replace
from datetime import timedelta

import pytest

from roost.proto.dkim.header import Header
from roost.proto.dkim.prove import Result
from roost.proto.dkim.sign import Signer, SigningRefused, bodies_for
from roost.proto.dkim.signature import parse_signature
from roost.testing.dkim import (
    ED25519_KEY,
    NOW,
    rsa_key,
    sign_message,
    signer_zone,
    verify_message,
)

MESSAGE = b"From: a@a.test\r\nTo: b@b.test\r\nList-Id: x\r\nList-Id: y\r\nX-One: 1\r\n\r\nHello\r\n"
SIGNER = Signer("a.test", "one", ED25519_KEY)
RSA = Signer("a.test", "two", rsa_key())


def test_a_field_as_it_leaves() -> None:
    signer = replace(
        SIGNER,
        fields=("from", "to", "list-id", "date"),
        oversigned=("from", "date"),
        lifetime=timedelta(days=7),
        identity="@x.a.test",
    )
    lines = sign_message(MESSAGE, signer).decode().split("\r\n")
    assert lines[:3] == [
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=one;",
        "\tt=1767225600; x=1767830400; i=@x.a.test; h=from:from:to:list-id:list-id:",
        "\tdate; bh=Ba3gj8+xBPQLJTahTfzW6RbWQ/XPgESxkCi2B66PSQg=; b=GXaQL4kfw+5SLS0vMA",
    ]
    assert lines[3].startswith("\t")
    assert lines[4] == "From: a@a.test"


@pytest.mark.parametrize("signer", [SIGNER, RSA], ids=["ed25519", "rsa"])
def test_lines_are_short(signer: Signer) -> None:
    signed = sign_message(MESSAGE, signer)
    assert max(map(len, signed.split(b"\r\n"))) <= 78


def test_fields_that_could_be_added_are_signed_once_more() -> None:
    names = parse_signature(
        sign_message(MESSAGE, SIGNER).partition(b":")[2].partition(b"\r\nF")[0]
    ).fields
    assert [names.count(name) for name in (b"from", b"to", b"subject", b"list-id", b"x-one")] == [
        2, 2, 1, 2, 0,
    ]  # fmt: skip


def test_several_selectors_share_the_body() -> None:
    assert len(bodies_for([SIGNER, RSA])) == 1
    signed = sign_message(MESSAGE, SIGNER, RSA)
    results = verify_message(signed, signer_zone(SIGNER, RSA))
    assert [(one.result, one.selector) for one in results] == [
        (Result.PASS, "one"),
        (Result.PASS, "two"),
    ]


def test_a_header_may_come_apart_from_its_body() -> None:
    """The octets of a message are prefix + blob; only the header has to be put together."""
    head, _, body = MESSAGE.partition(b"\r\n\r\n")
    prefix, rest = head[:16], head[16:] + b"\r\n\r\n"
    assert Header(prefix + rest).names() == Header(MESSAGE).names()
    assert sign_message(prefix + rest + body, SIGNER) == sign_message(MESSAGE, SIGNER)


@pytest.mark.parametrize(
    "header", [b"", b"From: a@a.test\r\nFrom: b@b.test\r\n"], ids=["none", "two"]
)
def test_refuses_a_message_without_one_from(header: bytes) -> None:
    with pytest.raises(SigningRefused):
        sign_message(header + b"To: b@b.test\r\n\r\n", SIGNER)


def test_signs_at_the_time_it_is_given() -> None:
    signed = sign_message(MESSAGE, SIGNER, now=NOW + timedelta(seconds=1.5))
    assert b" t=1767225601;" in signed or b"\tt=1767225601;" in signed
