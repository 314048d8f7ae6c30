"""Modified UTF-7. RFC 3501 section 5.1.3."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import utf7
from roost.proto.imap.error import BadMailboxName


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("", b""),
        ("INBOX", b"INBOX"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("台北日本語", b"&U,BTF2XlZyyKng-"),
        ("☺!", b"&Jjo-!"),
        ("Tom & Jerry", b"Tom &- Jerry"),
        ("&&", b"&-&-"),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("📫", b"&2D3c6w-"),
        ("a\tb", b"a&AAk-b"),
        ("\x7f", b"&AH8-"),
    ],
)
def test_both_ways(name: str, octets: bytes) -> None:
    assert utf7.encode(name) == octets
    assert utf7.decode(octets) == name


def test_a_superfluous_shift_is_put_right() -> None:
    assert utf7.decode(b"&U,BTFw-&ZeVnLIqe-") == "台北日本語"


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        (b"&Jjo!", 0),
        (b"ab&", 2),
        (b"ab&Jjo", 2),
        (b"ab&AGE-", 2),
        (b"&2D0-", 0),
        (b"&3Ms-", 0),
        (b"&J-", 0),
        (b"&Jj-", 0),
        (b"&Jjp-", 0),
        (b"a\xc3\xbc", 1),
        (b"a\tb", 1),
        (b"&AG/-", 0),
    ],
    ids=[
        "no shift back",
        "open at the end",
        "open base64",
        "printable ASCII shifted",
        "high surrogate alone",
        "low surrogate alone",
        "too short",
        "half a character",
        "padding not zero",
        "raw UTF-8",
        "raw control",
        "slash in base64",
    ],
)
def test_refuses(octets: bytes, offset: int) -> None:
    with pytest.raises(BadMailboxName) as error:
        utf7.decode(octets)
    assert error.value.offset == offset


@given(st.text())
@settings(deadline=None)
def test_every_name_survives(name: str) -> None:
    octets = utf7.encode(name)
    assert octets.decode("ascii").isprintable()
    assert utf7.decode(octets) == name


@given(st.text(st.sampled_from("&-,+Aa/JU\xfc"), max_size=20))
@settings(deadline=None)
def test_what_is_read_is_spelled_canonically(text: str) -> None:
    try:
        name = utf7.decode(text.encode())
    except BadMailboxName:
        return
    assert utf7.decode(utf7.encode(name)) == name
