"""Header fields found in octets, tidy and untidy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.header import (
    decode_unstructured,
    field_finder,
    header_end,
    parse_fields,
    unfold,
)


def named_values(octets: bytes) -> list[tuple[bytes, bytes]]:
    return [(f.name, unfold(octets[f.value_start : f.end])) for f in parse_fields(octets)]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"From: a@b\r\nTO:c\r\n\r\nbody: x\r\n", [(b"from", b"a@b"), (b"to", b"c")]),
        (b"A: b\nC: d\n\nE: f\n", [(b"a", b"b"), (b"c", b"d")]),
        (b"Subject: one\r\n two\r\n\tthree\r\n\r\n", [(b"subject", b"one two\tthree")]),
        (b"From x@y Mon Jan  1 00:00:00 2024\nA: b\n\n", [(b"a", b"b")]),
        (b"A: b\r\nthis is no field\r\n  nor this\r\nC: d\r\n\r\n", [(b"a", b"b"), (b"c", b"d")]),
        (b"Subject \t: x\r\n\r\n", [(b"subject", b"x")]),
        (b"A: \x00\xff\r\n\r\n", [(b"a", b"\x00\xff")]),
        (b"A:\r\nB: c", [(b"a", b""), (b"b", b"c")]),
        (b": no name\r\nA: b\r\n\r\n", [(b"a", b"b")]),
        (b"\r\nA: b\r\n", []),
        (b"", []),
    ],
    ids=[
        "crlf",
        "bare lf",
        "folded",
        "mbox line",
        "rubbish between",
        "obsolete space before colon",
        "nul and 8-bit",
        "no last line end",
        "empty name",
        "empty header",
        "nothing",
    ],
)
def test_reads_fields(octets: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    assert named_values(octets) == expected


@pytest.mark.parametrize(
    ("octets", "end"),
    [
        (b"A: b\r\n\r\nbody", 8),
        (b"A: b\n\nbody", 6),
        (b"A: b\r\n", 6),
        (b"\r\nbody", 2),
        (b"\nbody", 1),
        (b"A: b\n\r\nbody", 7),
        (b"A: b\r\n \r\nC: d\r\n", 15),
    ],
    ids=["crlf", "lf", "no body", "empty header", "empty header lf", "mixed", "white line"],
)
def test_header_end(octets: bytes, end: int) -> None:
    assert header_end(octets) == end


def test_offsets_are_of_the_whole_octets() -> None:
    octets = b"--x\r\nA: b\r\nC: d\r\n\r\nE: f\r\n"
    a, c = parse_fields(octets, 5)
    assert octets[a.start : a.end] == b"A: b\r\n"
    assert octets[c.start : c.value_start] == b"C:"
    assert [f.name for f in parse_fields(octets, 5, 11)] == [b"a"]


NAMES = [b"a", b"b-c"]


@given(
    st.lists(
        st.sampled_from(
            [
                *(b"A: x\r\n", b"B-C : y\n", b"a:\n", b"Ab: z\r\n", b" folded\r\n", b"\n"),
                *(b"A", b"B", b"-C", b":", b" ", b"\t", b"\r", b"\r\n", b"junk\r\n"),
            ]
        )
    ).map(b"".join),
    st.integers(0, 12),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=200)
def test_a_finder_misses_none_of_its_fields(octets: bytes, max_fields: int, start: int) -> None:
    whole = b"-" * start + octets
    every = parse_fields(whole, start, None, max_fields)
    found = parse_fields(whole, start, None, max_fields, field_finder(NAMES))
    assert set(found) <= set(every)
    assert [f for f in found if f.name in NAMES] == [f for f in every if f.name in NAMES]


def test_number_of_fields_is_bounded() -> None:
    assert len(parse_fields(b"A: b\r\n" * 50, max_fields=7)) == 7


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b" plain \r\n", "plain"),
        (b" =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_an?= dich\r\n", "Grüße an dich"),
        ("rohes UTF-8: ü".encode(), "rohes UTF-8: ü"),
        ("Привет, как дела?".encode("cp1251"), "Привет, как дела?"),
        (b"a\x00b\x07c\td", "abc d"),
        (b"=?utf-8?q?line=0D=0Aend?=", "line end"),
        ("e\u0301".encode(), "é"),
    ],
    ids=["plain", "folded words", "utf-8", "undeclared", "controls", "hidden line end", "nfc"],
)
def test_unstructured_text(raw: bytes, text: str) -> None:
    assert decode_unstructured(raw) == text


@given(
    st.lists(st.sampled_from([b"A", b":", b" ", b"\r", b"\n", b"\r\n", b"\xff", b"\0", b"b: c"]))
)
@settings(deadline=None, max_examples=200)
def test_fields_lie_in_order_inside_the_header(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    position, end = 0, header_end(octets)
    for field in parse_fields(octets):
        assert position <= field.start < field.value_start <= field.end <= end
        assert octets[field.start : field.value_start].rstrip(b": \t").lower() == field.name
        position = field.end


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_text_is_always_one_printable_line(octets: bytes) -> None:
    text = decode_unstructured(octets)
    text.encode()
    assert not any(ord(ch) < 32 or 0x7F <= ord(ch) < 0xA0 for ch in text)
