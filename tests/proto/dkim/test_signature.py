"""DKIM-Signature fields as values. RFC 6376 sections 3.2 and 3.5."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.errors import ProtocolError
from roost.proto.dkim.canonical import Canonical
from roost.proto.dkim.signature import Algorithm, parse_signature, without_signature
from roost.proto.dkim.tags import TagsInvalid

GOOD = "v=1; a=rsa-sha256; d=a.test; s=one; h=From : To; bh=AAAA; b=QUJD"
TAGS = ("v", "a", "d", "s", "h", "bh", "b")


def test_reads_every_tag() -> None:
    value = (
        b" v=1; a=ed25519-sha256; c=relaxed/simple; d=A.test;\r\n\ti=joe@x.a.test; s=One.2;"
        b" q=dns/txt; l=7; t=100; x=200;\r\n h=From : to:\r\n subject; bh=AA AA; b=QU\r\n JD; z=x\r\n"
    )
    found = parse_signature(value)
    assert (found.domain, found.selector, found.identity) == ("a.test", "one.2", "joe@x.a.test")
    assert found.algorithm is Algorithm.ED25519_SHA256
    assert (found.header_form, found.body_form) == (Canonical.RELAXED, Canonical.SIMPLE)
    assert (found.length, found.made, found.expires) == (7, 100, 200)
    assert found.fields == (b"from", b"to", b"subject")
    assert (found.body_hash, found.octets) == (b"\0\0\0", b"ABC")


def test_what_is_left_out_has_its_default() -> None:
    found = parse_signature(GOOD.encode())
    assert (found.header_form, found.body_form) == (Canonical.SIMPLE, Canonical.SIMPLE)
    assert found.identity == "@a.test"
    assert (found.length, found.made, found.expires) == (None, None, None)


def test_international_names_are_a_labels() -> None:
    """RFC 8616 section 4."""
    value = GOOD.replace("a.test", "bücher.test").replace("s=one", "s=größe") + "; i=@ä.bücher.test"
    found = parse_signature(value.encode())
    assert (found.domain, found.selector) == ("xn--bcher-kva.test", "xn--gre-6ka8i")
    assert found.identity == "@xn--4ca.xn--bcher-kva.test"


@pytest.mark.parametrize(
    ("value", "tag", "missing"),
    [
        *((("; " + GOOD).replace(f"; {tag}=", f"; n{tag}=")[2:], tag, True) for tag in TAGS),
        (GOOD.replace("From", "Date"), "h", True),
        (GOOD.replace("v=1", "v=2"), "v", False),
        (GOOD.replace("sha256", "sha512"), "a", False),
        (GOOD.replace("QUJD", "QUJ"), "b", False),
        (GOOD.replace("QUJD", "?UJD"), "b", False),
        (GOOD.replace("QUJD", ""), "b", False),
        (GOOD.replace("a.test", "-"), "d", False),
        (GOOD.replace("one", "-"), "s", False),
        (
            GOOD.replace("s=one", "s=" + "one." * 60 + "a").replace("a.test", "a." * 20 + "test"),
            "s",
            False,
        ),
        (GOOD.replace("To;", "T o;"), "h", False),
        (GOOD + "; c=loose", "c", False),
        (GOOD + "; l=-1", "l", False),
        (GOOD + "; t=now", "t", False),
        (GOOD + "; t=5; x=5", "x", False),
        (GOOD + "; q=http", "q", False),
        (GOOD + "; i=@b.test", "i", False),
        (GOOD + "; i=a.test", "i", False),
        (GOOD + "; i=@", "i", False),
        (GOOD + "; d=b.test", "d", False),
        (GOOD + ";; n=x", "", False),
        (GOOD + "; n", "", False),
        (GOOD + "; 1=x", "", False),
        (GOOD + "; n=\0", "", False),
        (GOOD + "; n=" + "x" * 17_000, "", False),
        (";".join(f"n{i}=" for i in range(200)), "", False),
    ],
)
def test_refuses(value: str, tag: str, missing: bool) -> None:
    with pytest.raises(TagsInvalid) as caught:
        parse_signature(value.encode())
    assert (caught.value.tag, caught.value.missing) == (tag, missing)


@given(st.binary(max_size=200) | st.text("vadshbcitx=; 1:@.\r\n", max_size=60).map(str.encode))
def test_any_octets(octets: bytes) -> None:
    with suppress(ProtocolError):
        parse_signature(octets)


@pytest.mark.parametrize(
    ("field", "rest"),
    [
        (b"S: b=QU\r\n JD ; a=b=x\r\n", b"S: b=; a=b=x"),
        (b"S:a=x; bh=1;\r\n b = QU\r\n\tJD \r\n", b"S:a=x; bh=1;\r\n b ="),
        (b"S: a=x; bb=1\r\n", b"S: a=x; bb=1"),
    ],
    ids=["first", "last", "not there"],
)
def test_takes_the_signature_out(field: bytes, rest: bytes) -> None:
    """RFC 6376 section 3.7."""
    assert without_signature(field) == rest
