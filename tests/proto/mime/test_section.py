import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.section import (
    Range,
    body_range,
    find,
    header_fields,
    header_range,
    mime_range,
    text_range,
)
from roost.proto.mime.structure import scan


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


# The example of RFC 9051 section 6.4.5.1; each leaf's body is its number there.
COMPLEX = crlf(
    """\
Subject: outer
Content-Type: multipart/mixed; boundary=a

--a

1
--a
Content-Type: application/octet-stream

2
--a
Content-Type: message/rfc822

Subject: three
Content-Type: multipart/mixed; boundary=b

--b

3.1
--b
Content-Type: application/octet-stream

3.2
--b--
--a
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: image/gif

4.1
--c
Content-Type: message/rfc822

Subject: four two
Content-Type: multipart/mixed; boundary=d

--d

4.2.1
--d
Content-Type: multipart/alternative; boundary=e

--e

4.2.2.1
--e
Content-Type: text/richtext

4.2.2.2
--e--
--d--
--c--
--a--
"""
)
PLAIN = b"Subject: plain\r\n\r\nbody\r\n"
FORWARD = b"Content-Type: message/rfc822\r\n\r\n" + PLAIN


def cut(octets: bytes, place: Range | None) -> bytes | None:
    return None if place is None else octets[place.start : place.end]


def numbers_of(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()


@pytest.mark.parametrize("number", ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"])
def test_part_numbers_of_the_example(number: str) -> None:
    place = body_range(scan(COMPLEX), numbers_of(number))
    assert cut(COMPLEX, place) == number.encode()


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("", "multipart/mixed"),
        ("2", "application/octet-stream"),
        ("3", "message/rfc822"),
        ("4", "multipart/mixed"),
        ("4.1", "image/gif"),
        ("4.2", "message/rfc822"),
        ("4.2.2", "multipart/alternative"),
        ("4.2.2.2", "text/richtext"),
    ],
)
def test_types_of_the_example(number: str, kind: str) -> None:
    part = find(scan(COMPLEX), numbers_of(number))
    assert part is not None
    assert f"{part.type.decode()}/{part.subtype.decode()}" == kind


@pytest.mark.parametrize(
    "number", ["0", "5", "1.1", "2.1", "3.3", "3.1.1", "3.0", "4.1.1", "4.2.3", "4.2.2.1.1", "-1"]
)
def test_parts_that_are_not_there(number: str) -> None:
    root, numbers = scan(COMPLEX), numbers_of(number)
    places = (body_range, mime_range, header_range, text_range)
    assert [place(root, numbers) for place in places] == [None] * 4


@pytest.mark.parametrize(
    ("octets", "number", "expected"),
    [
        (PLAIN, "", PLAIN),
        (PLAIN, "1", b"body\r\n"),
        (PLAIN, "2", None),
        (PLAIN, "1.1", None),
        (FORWARD, "1", PLAIN),
        (FORWARD, "1.1", b"body\r\n"),
        (FORWARD, "1.1.1", None),
        (FORWARD, "2", None),
        (COMPLEX, "", COMPLEX),
    ],
)
def test_bodies_of_messages_that_are_no_multipart(
    octets: bytes, number: str, expected: bytes | None
) -> None:
    assert cut(octets, body_range(scan(octets), numbers_of(number))) == expected


@pytest.mark.parametrize(
    ("number", "header", "text"),
    [
        (
            "",
            b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n",
            b"--a\r\n\r\n1",
        ),
        (
            "3",
            b"Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
            b"--b\r\n\r\n3",
        ),
        ("4.2", b"Subject: four two\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n", b"--d"),
        ("1", None, None),
        ("4", None, None),
        ("4.2.2", None, None),
    ],
)
def test_header_and_text_are_those_of_messages(
    number: str, header: bytes | None, text: bytes | None
) -> None:
    root, numbers = scan(COMPLEX), numbers_of(number)
    assert cut(COMPLEX, header_range(root, numbers)) == header
    found = cut(COMPLEX, text_range(root, numbers))
    assert (found is None) if text is None else (found or b"").startswith(text)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("", None),
        ("1", b"\r\n"),
        ("2", b"Content-Type: application/octet-stream\r\n\r\n"),
        ("3", b"Content-Type: message/rfc822\r\n\r\n"),
        ("4.1", b"Content-Type: image/gif\r\n\r\n"),
    ],
)
def test_mime_is_the_header_of_the_part(number: str, expected: bytes | None) -> None:
    assert cut(COMPLEX, mime_range(scan(COMPLEX), numbers_of(number))) == expected


HEADER = b"From: a@b\r\nX-One: 1\r\n folded\r\nrubbish\r\nTo: c@d\r\nx-one: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("names", "exclude", "expected"),
    [
        ([b"FROM"], False, b"From: a@b\r\n\r\n"),
        ([b"to", b"from"], False, b"From: a@b\r\nTo: c@d\r\n\r\n"),
        ([b"X-One"], False, b"X-One: 1\r\n folded\r\nx-one: 2\r\n\r\n"),
        ([b"X"], False, b"\r\n"),
        ([b"from", b"x-ONE"], True, b"To: c@d\r\n\r\n"),
        ([], True, b"From: a@b\r\nX-One: 1\r\n folded\r\nTo: c@d\r\nx-one: 2\r\n\r\n"),
    ],
    ids=["any case", "order of the header", "all of a name", "exact name", "all but", "all"],
)
def test_picks_fields(names: list[bytes], exclude: bool, expected: bytes) -> None:
    assert header_fields(HEADER, Range(0, len(HEADER)), names, exclude=exclude) == expected


def test_a_field_cut_off_gets_its_line_ending() -> None:
    assert header_fields(b"To: a@b", Range(0, 7), [b"to"]) == b"To: a@b\r\n\r\n"


def test_only_the_header_asked_for_is_looked_at() -> None:
    root = scan(COMPLEX)
    place = header_range(root, (4, 2))
    assert place is not None
    assert header_fields(COMPLEX, place, [b"Subject"]) == b"Subject: four two\r\n\r\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-1, 5), max_size=6))
def test_every_place_lies_in_the_message(numbers: list[int]) -> None:
    root = scan(COMPLEX)
    for place in (body_range, mime_range, header_range, text_range):
        found = place(root, numbers)
        assert found is None or 0 <= found.start <= found.end <= len(COMPLEX)
    assert (body_range(root, numbers) is None) == (find(root, numbers) is None)
