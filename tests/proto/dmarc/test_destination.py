"""Who agreed to get reports. RFC 7489 section 7.1."""

from collections.abc import Sequence

import pytest

from roost.proto.dmarc.destination import Kind, destinations
from roost.proto.dmarc.record import parse_record
from roost.testing.check import run_check
from roost.testing.resolver import TEMPORARY, ZoneResolver

PLACE = ("blue.example.com._report._dmarc.red.example.net", "TXT")
ORGANISED = {
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none"],
    ("_dmarc.else.example.com", "TXT"): ["v=DMARC1; p=none; psd=n"],
}


def allowed(
    uris: str, zone: dict[tuple[str, str], Sequence[str]], kind: Kind = Kind.AGGREGATE
) -> list[str]:
    record = parse_record(f"v=DMARC1; p=none; {kind.value}={uris}")
    check = destinations("blue.example.com", "example.com", record, kind)
    return [uri.text for uri in run_check(check, ZoneResolver(ORGANISED | zone))]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("records", "texts"),
    [
        ([], []),
        (["v=DMARC1"], ["mailto:r@red.example.net"]),
        (["v=DMARC1; p=none"], ["mailto:r@red.example.net"]),
        (["v=spf1 -all"], []),
        (TEMPORARY, []),
        (["v=DMARC1; {}=mailto:other@red.example.net"], ["mailto:other@red.example.net"]),
        (["v=DMARC1; {}=mailto:other@green.example.net"], []),
        (["v=DMARC1; {}=https://red.example.net/"], []),
    ],
    ids=[
        "nothing", "agreed", "agreed in full", "something else", "no answer", "elsewhere",
        "elsewhere with somebody else", "elsewhere, no mail",
    ],
)  # fmt: skip
def test_another_domain_has_to_agree(kind: Kind, records: Sequence[str], texts: list[str]) -> None:
    said = tuple(text.format(kind.value) for text in records)
    assert allowed("mailto:r@red.example.net", {PLACE: said}, kind) == texts


def test_the_own_organisation_need_not() -> None:
    uris = "mailto:a@blue.example.com,mailto:b@example.com,mailto:c@mail.example.com"
    assert allowed(uris, {}) == uris.split(",")


def test_a_part_that_is_an_organisation_of_its_own_has_to() -> None:
    assert allowed("mailto:a@else.example.com", {}) == []
    place = ("blue.example.com._report._dmarc.else.example.com", "TXT")
    assert allowed("mailto:a@else.example.com", {place: ["v=DMARC1"]}) == [
        "mailto:a@else.example.com"
    ]


def test_what_is_not_of_mail_is_left_out() -> None:
    assert allowed("https://blue.example.com/", {}) == []


def test_a_name_that_is_too_long_is_not_asked() -> None:
    host = ".".join(["a" * 60] * 4)
    assert allowed(f"mailto:a@{host}", {}) == []
