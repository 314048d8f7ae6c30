"""Trace fields, RFC 5321 section 4.4."""

import re
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roost.base.address import Address
from roost.delivery.trace import (
    Hop,
    delivered_to_field,
    delivery_prefix,
    received_field,
    return_path_field,
)
from roost.ports.net import TlsFacts

TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384")
HOP = Hop(
    hostname="mx.test",
    helo="c.test",
    peer=ip_address("192.0.2.7"),
    received_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    connection_id="c1",
)
TO = Address.parse("c@d.test")
ZOE = Address.parse("zoë@zoë.test")


def test_the_fields_of_a_delivery() -> None:
    hop = replace(HOP, recipient=TO)
    assert delivery_prefix(hop, Address.parse("a@b.test"), TO) == (
        b"Delivered-To: c@d.test\r\n"
        b"Return-Path: <a@b.test>\r\n"
        b"Received: from c.test ([192.0.2.7]) by mx.test with ESMTP id c1 for\r\n"
        b"\t<c@d.test>; Fri, 02 Jan 2026 03:04:05 +0000\r\n"
    )


@pytest.mark.parametrize(
    ("hop", "start"),
    [
        (HOP, b"from c.test ([192.0.2.7]) by mx.test with ESMTP id c1;"),
        (
            replace(HOP, peer=ip_address("2001:db8::7")),
            b"from c.test ([IPv6:2001:db8::7]) by mx.test with ESMTP id c1;",
        ),
        (
            replace(HOP, helo="[192.0.2.7]"),
            b"from [192.0.2.7] ([192.0.2.7]) by mx.test with ESMTP id c1;",
        ),
        (
            replace(HOP, helo="my laptop"),
            b"from [192.0.2.7] ([192.0.2.7]) by mx.test with ESMTP id c1;",
        ),
        (replace(HOP, helo="", peer=None), b"from unknown by mx.test with ESMTP id c1;"),
        (replace(HOP, peer=None), b"from c.test by mx.test with ESMTP id c1;"),
        (replace(HOP, hides_client=True), b"from mx.test by mx.test with ESMTP id c1;"),
        (replace(HOP, connection_id=""), b"from c.test ([192.0.2.7]) by mx.test with ESMTP;"),
        (
            replace(HOP, recipient=TO),
            b"from c.test ([192.0.2.7]) by mx.test with ESMTP id c1 for <c@d.test>;",
        ),
        (
            replace(HOP, recipient=ZOE),
            b"from c.test ([192.0.2.7]) by mx.test with ESMTP id c1;",
        ),
        (
            replace(HOP, recipient=ZOE, smtputf8=True),
            "from c.test ([192.0.2.7]) by mx.test with UTF8SMTP id c1 for <zoë@zoë.test>;".encode(),
        ),
        (
            replace(HOP, require_tls=True, tls=TLS),
            b"from c.test ([192.0.2.7]) by mx.test with ESMTPS (requiretls)"
            b" (TLSv1.3 TLS_AES_256_GCM_SHA384) id c1;",
        ),
    ],
    ids=[
        "plain",
        "IPv6",
        "address literal",
        "no host name",
        "nothing known",
        "no address",
        "submission",
        "no id",
        "one recipient",
        "recipient beyond ASCII, not announced",
        "recipient beyond ASCII",
        "REQUIRETLS",
    ],
)
def test_received(hop: Hop, start: bytes) -> None:
    assert unfolded(received_field(hop)) == (
        b"Received: " + start + b" Fri, 02 Jan 2026 03:04:05 +0000\r\n"
    )


def unfolded(field: bytes) -> bytes:
    return field.replace(b"\r\n\t", b" ")


@pytest.mark.parametrize(
    ("extended", "tls", "authenticated", "smtputf8", "protocol"),
    [
        (False, None, False, False, "SMTP"),
        (False, TLS, False, False, "SMTP"),
        (True, None, False, False, "ESMTP"),
        (True, TLS, False, False, "ESMTPS"),
        (True, None, True, False, "ESMTPA"),
        (True, TLS, True, False, "ESMTPSA"),
        (True, None, False, True, "UTF8SMTP"),
        (True, TLS, True, True, "UTF8SMTPSA"),
    ],
)
def test_the_protocol_is_named(
    extended: bool, tls: TlsFacts | None, authenticated: bool, smtputf8: bool, protocol: str
) -> None:
    hop = replace(HOP, extended=extended, tls=tls, authenticated=authenticated, smtputf8=smtputf8)
    assert f" with {protocol} ".encode() in unfolded(received_field(hop))


def test_a_long_field_is_folded() -> None:
    hop = replace(HOP, helo="mail-out-17.servers.example.org", tls=TLS, recipient=TO)
    assert received_field(hop) == (
        b"Received: from mail-out-17.servers.example.org ([192.0.2.7]) by mx.test with\r\n"
        b"\tESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id c1 for <c@d.test>;\r\n"
        b"\tFri, 02 Jan 2026 03:04:05 +0000\r\n"
    )


def test_return_path() -> None:
    assert return_path_field(None) == b"Return-Path: <>\r\n"
    assert return_path_field(Address.parse('"a b"@b.test')) == b'Return-Path: <"a b"@b.test>\r\n'
    assert return_path_field(Address.parse("a@zoë.test")) == (
        b"Return-Path: <a@xn--zo-ija.test>\r\n"
    )
    assert return_path_field(ZOE) == "Return-Path: <zoë@zoë.test>\r\n".encode()


def test_delivered_to() -> None:
    assert delivered_to_field(TO) == b"Delivered-To: c@d.test\r\n"
    assert delivered_to_field(ZOE) == "Delivered-To: zoë@zoë.test\r\n".encode()


NASTY = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(["\r\n", "\n", "a", ".", "(", ")", "[", "]", ";", "<", "x.test"])).map(
        "".join
    ),
)
FORM = re.compile(
    rb"Received: from [A-Za-z0-9_.:\[\]-]+ \(\[192\.0\.2\.7\]\) by mx\.test with ESMTPS "
    rb"\([A-Za-z0-9_.-]* [A-Za-z0-9_.-]*\)(?: id [A-Za-z0-9_.-]+)?; [^\r\n;]+\r\n"
)


@given(NASTY, NASTY, NASTY)
@settings(deadline=None)
def test_nothing_a_peer_says_breaks_the_form(helo: str, connection_id: str, cipher: str) -> None:
    hop = replace(HOP, helo=helo, connection_id=connection_id, tls=TlsFacts("TLSv1.2", cipher))
    field = received_field(hop)
    assert FORM.fullmatch(unfolded(field))
    assert all(len(line) <= 78 or b" " not in line.strip() for line in field.split(b"\r\n"))
