"""Addresses: what is one, what it means, how it is spelled. RFC 5321 section 4.1.2, RFC 6531."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.address import (
    Address,
    AddressInvalid,
    canonical_localpart,
    parse_localpart,
    spell_localpart,
)
from roost.base.domain import Domain, DomainInvalid


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("mjl@mox.test", "mjl", "mox.test"),
        ("a.b+c@Example.ORG", "a.b+c", "example.org"),
        ('"a b"@d.test', "a b", "d.test"),
        ('" "@d.test', " ", "d.test"),
        ('"  "@d.test', "  ", "d.test"),
        ('"a\\"\\\\b"@d.test', 'a"\\b', "d.test"),
        ('"x@y"@d.test', "x@y", "d.test"),
        ('""@d.test', "", "d.test"),
        ("r\u0065\u0301@d.test", "r\u00e9", "d.test"),
        ("p@b\u00fccher.test", "p", "xn--bcher-kva.test"),
    ],
    ids=[
        "plain",
        "subaddress, domain in capitals",
        "a space in quotes",
        "one space",
        "two spaces",
        "escapes",
        "an @ in quotes",
        "nothing in quotes",
        "decomposed letters are composed",
        "international domain",
    ],
)
def test_reads_an_address(text: str, local: str, domain: str) -> None:
    address = Address.parse(text)
    assert (address.local, address.domain.ascii) == (local, domain)


@pytest.mark.parametrize(
    "text",
    ["", "a", "@d.test", "a@", "a b@d.test", ".a@d.test", "a..b@d.test", 'a"b@d.test', '"a@d.test',
     '"a"b@d.test', "a@[192.0.2.1]", "a\r\n@d.test", '"a\nb"@d.test', "a@d..test", "a@-d.test",
     "x" * 129 + "@d.test", "a@" + "d" * 64 + ".test", "a@1.2.3.4", '"\u0000"@d.test',
     "x" * 100 + "@" + ".".join(["d" * 60] * 3)],
)  # fmt: skip
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises((AddressInvalid, DomainInvalid)):
        Address.parse(text)


def test_spaces_are_kept_one_by_one() -> None:
    """S66: one space and two spaces are two addresses, and stay so when spelled."""
    one, two = Address.parse('" "@d.test'), Address.parse('"  "@d.test')
    assert one != two
    assert [str(one), str(two)] == ['" "@d.test', '"  "@d.test']


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=30))
def test_what_is_spelled_reads_back(local: str) -> None:
    try:
        meant = parse_localpart('"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"')
    except AddressInvalid:
        return
    assert parse_localpart(spell_localpart(meant)) == meant


@pytest.mark.parametrize(
    ("local", "separators", "case_sensitive", "canonical"),
    [
        ("Mjl", ["+"], False, "mjl"),
        ("Mjl", ["+"], True, "Mjl"),
        ("mjl+lists+x", ["+"], False, "mjl"),
        ("mjl-a+b", ["+", "-"], False, "mjl"),
        ("+all", ["+"], False, "+all"),
        ("mjl", [], False, "mjl"),
        ("a  b", ["+"], False, "a  b"),
    ],
)
def test_canonical_form(
    local: str, separators: list[str], case_sensitive: bool, canonical: str
) -> None:
    got = canonical_localpart(local, separators=separators, case_sensitive=case_sensitive)
    assert got == canonical


def test_wire_spelling_takes_a_labels_without_smtputf8() -> None:
    address = Address("a", Domain.parse("bücher.test"))
    assert address.spell(smtputf8=False) == "a@xn--bcher-kva.test"
    assert address.spell(smtputf8=True) == "a@bücher.test"
    assert not address.needs_smtputf8
    assert Address.parse("é@d.test").needs_smtputf8


@given(
    st.from_regex(r"[a-zA-Z0-9+-]{1,70}(\.[a-z-]{1,70})?", fullmatch=True),
    st.from_regex(r"([A-Za-z0-9_-]{1,30}\.){0,5}([a-z0-9-]{1,20}|xn--p1ai)\.?", fullmatch=True),
)
def test_an_address_means_the_same_with_quotes(local: str, domain: str) -> None:
    assert _read(f"{local}@{domain}") == _read(f'"{local}"@{domain}')


def _read(text: str) -> Address | type[Exception]:
    try:
        return Address.parse(text)
    except (AddressInvalid, DomainInvalid) as error:
        return type(error)
