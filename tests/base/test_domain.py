"""Domain names. RFC 5890, RFC 5891."""

import pytest

from roost.base.domain import Domain, DomainInvalid


@pytest.mark.parametrize(
    ("text", "ascii_form", "unicode_form"),
    [
        ("Example.ORG", "example.org", "example.org"),
        ("example.org.", "example.org", "example.org"),
        ("localhost", "localhost", "localhost"),
        ("_dmarc.example.org", "_dmarc.example.org", "_dmarc.example.org"),
        ("XN--bcher-kva.test", "xn--bcher-kva.test", "bücher.test"),
        ("BÜCHER.test", "xn--bcher-kva.test", "bücher.test"),
        ("faß.de", "xn--fa-hia.de", "faß.de"),
    ],
)
def test_reads_both_forms(text: str, ascii_form: str, unicode_form: str) -> None:
    domain = Domain.parse(text)
    assert (domain.ascii, domain.unicode, str(domain)) == (ascii_form, unicode_form, unicode_form)


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "-a.test", "a-.test", "a b.test", "1.2.3.4", "[1.2.3.4]", "a\n.test",
     "x" * 64 + ".test", ".".join(["abcdefgh"] * 30), "xn--\u0000.test", "xn--a.test", "a/b.test"],
)  # fmt: skip
def test_refuses_what_is_no_domain(text: str) -> None:
    with pytest.raises(DomainInvalid, match="not a domain name: "):
        Domain.parse(text)


def test_within() -> None:
    parent = Domain.parse("example.org")
    assert Domain.parse("a.b.example.org").is_within(parent)
    assert parent.is_within(parent)
    assert not Domain.parse("notexample.org").is_within(parent)
