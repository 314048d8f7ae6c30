"""What is read from a ClientHello, whole, in pieces and broken."""

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.adapters.client_hello import (
    MAX_OCTETS,
    ClientHello,
    NotClientHello,
    read_client_hello,
)


def hello(
    server_name: str | None = "mx.test",
    alpn: tuple[str, ...] = (),
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> bytes:
    """What the standard library sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(list(alpn))
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def in_records_of(size: int, record: bytes) -> bytes:
    """The same handshake message, cut into records of `size` octets. RFC 8446 section 5.1."""
    message = record[5:]
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces)


@pytest.mark.parametrize(
    ("server_name", "alpn", "expected"),
    [
        ("mx.test", (), ClientHello("mx.test")),
        ("MX.Test", (), ClientHello("mx.test")),
        (None, (), ClientHello()),
        ("mx.test", ("imap", "http/1.1"), ClientHello("mx.test", ("imap", "http/1.1"))),
    ],
    ids=["name", "upper case", "no name", "ALPN in order"],
)
def test_reads_name_and_protocols(
    server_name: str | None, alpn: tuple[str, ...], expected: ClientHello
) -> None:
    assert read_client_hello(hello(server_name, alpn)) == expected


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_first_hello_has_no_ticket(version: ssl.TLSVersion) -> None:
    found = read_client_hello(hello(version=version))
    assert found is not None
    assert found.ticket_key_name == b""


def test_every_cut_asks_for_more() -> None:
    whole = hello()
    assert [read_client_hello(whole[:end]) for end in range(len(whole))] == [None] * len(whole)


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_a_message_in_several_records_is_joined(size: int) -> None:
    assert read_client_hello(in_records_of(size, hello())) == ClientHello("mx.test")


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO mx.test\r\n",
        b"\x80\x2e\x01\x00\x02",
        b"\x17\x03\x03\x00\x01a",
        b"\x16\x02",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x04\x01\x00\x40\x01",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    ],
    ids=[
        "plain text",
        "SSLv2",
        "application data",
        "old version",
        "empty record",
        "record too long",
        "ServerHello",
        "message too long",
        "ends early",
    ],
)
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(NotClientHello):
        read_client_hello(octets)


def test_more_than_the_bound_is_refused() -> None:
    tiny = b"\x16\x03\x01\x00\x01"
    flood = tiny + b"\x01" + tiny + b"\x00" + tiny + b"\x3f" + tiny + b"\x00"
    flood += (tiny + b"a") * (MAX_OCTETS // 6)
    with pytest.raises(NotClientHello):
        read_client_hello(flood)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_refused_or_read_but_never_fails_otherwise(data: st.DataObject) -> None:
    octets = bytearray(hello(alpn=("imap",)))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_client_hello(bytes(octets))
    except NotClientHello:
        pass
