"""Octets of a message: unstuffing, line ends, size. RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.smtp.data import Fault, MessageReader

PIECES = st.lists(
    st.sampled_from(
        [b"\r\n", b".", b"..", b"\r", b"\n", b"a", b"a.", b"\0", b"\r\n.", b"\r\n.\r\n"]
    ),
    max_size=14,
)


def new_reader(
    *, stuffed: bool = True, mend: bool = False, max_octets: int = 10_000
) -> MessageReader:
    return MessageReader(stuffed=stuffed, mend=mend, max_octets=max_octets)


def read(reader: MessageReader, octets: bytes, cuts: list[int] | None = None) -> bytes:
    """Feed octets, cut at these places; what is behind the end is left in reader.rest."""
    text, at = b"", 0
    for cut in [*sorted(cuts or []), len(octets)]:
        text += reader.feed(octets[at:cut])
        at = cut
        if reader.ended:
            reader.rest += octets[at:]
            break
    return text


def text_by_lines(octets: bytes) -> bytes:
    """RFC 5321 section 4.5.2 word by word: what a message with CRLF only says."""
    lines = []
    for line in octets.split(b"\r\n"):
        if line == b".":
            break
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(line + b"\r\n" for line in lines)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b".\r\n", b""),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a.\r\n.b.\r\n..c\r\n.\r\n", b"a.\r\nb.\r\n.c\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"..\r\n..\r\n.\r\n", b".\r\n.\r\n"),
        (b"\xff\x80\r\n.\r\n", b"\xff\x80\r\n"),
        (b"a" * 2000 + b"\r\n.\r\n", b"a" * 2000 + b"\r\n"),
    ],
    ids=[
        "empty",
        "one line",
        "a stuffed dot",
        "two dots, stuffed",
        "a dot not stuffed goes as well",
        "dots elsewhere stay",
        "empty lines",
        "stuffed dots one after another",
        "8-bit",
        "a long line",
    ],
)
def test_takes_the_dots_away(octets: bytes, text: bytes) -> None:
    reader = new_reader()
    assert read(reader, octets + b"NOOP\r\n") == text
    assert (reader.ended, reader.rest, reader.fault) == (True, b"NOOP\r\n", None)
    assert reader.size_octets == len(text)


@given(st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a", b"a."]), max_size=12))
@settings(deadline=None)
def test_bulk_unstuffing_equals_reading_line_by_line(lines: list[bytes]) -> None:
    octets = b"".join(line + b"\r\n" for line in lines) + b".\r\n"
    assert read(new_reader(), octets) == text_by_lines(octets)


@given(PIECES, st.booleans())
@settings(deadline=None, max_examples=200)
def test_no_place_to_cut_changes_anything(pieces: list[bytes], mend: bool) -> None:
    octets = b"".join(pieces) + b"x\r\n.\r\n"
    whole = new_reader(mend=mend)
    text = read(whole, octets)
    for first in range(len(octets) + 1):
        for cuts in ([first], [first, first + 1], list(range(first, len(octets)))):
            reader = new_reader(mend=mend)
            cut_text = read(reader, octets, [cut for cut in cuts if cut <= len(octets)])
            assert (reader.fault, reader.rest, reader.ended) == (whole.fault, whole.rest, True)
            if whole.fault is None:
                assert (cut_text, reader.size_octets) == (text, len(text))


@pytest.mark.parametrize(
    "octets",
    [
        b"a\n.\nMAIL",
        b"a\n.\r\nMAIL",
        b"a\r\n.\nMAIL",
        b"a\r.\rMAIL",
        b"a\r.\r\nMAIL",
        b"a\r\n.\rMAIL",
        b"a\n.\rMAIL",
        b"a\r\r\n.\rMAIL",
        b".\nMAIL",
        b".\rMAIL",
        b"a\n.MAIL",
        b"a\r.MAIL",
        b"a\r\n\n.MAIL",
    ],
    ids=repr,
)
@pytest.mark.parametrize("mend", [True, False], ids=["mended port", "strict port"])
@pytest.mark.parametrize("stuffed", [True, False], ids=["DATA", "BDAT"])
def test_what_another_server_may_take_for_the_end_is_fatal(
    octets: bytes, mend: bool, stuffed: bool
) -> None:
    reader = new_reader(mend=mend, stuffed=stuffed)
    assert b"MAIL" not in read(reader, octets)
    read(reader, b"\r\n.\r\nNEXT")
    if not stuffed:
        reader.finish()
    assert reader.fault is Fault.SMUGGLED_END
    assert reader.rest == (b"NEXT" if stuffed else b"")


@pytest.mark.parametrize(
    ("octets", "mended"),
    [
        (b"a\nb\r\n", b"a\r\nb\r\n"),
        (b"a\rb\r\n", b"a\r\nb\r\n"),
        (b"a.\nb\r\n", b"a.\r\nb\r\n"),
        (b"a\n\nb\n\r\n", b"a\r\n\r\nb\r\n\r\n"),
        (b"\na\r\n", b"\r\na\r\n"),
        (b"a\r\r\n", b"a\r\n\r\n"),
    ],
    ids=["LF", "CR", "LF behind a sentence", "LF LF", "LF first", "CR CRLF"],
)
def test_a_bare_line_end_is_mended_or_refused(octets: bytes, mended: bytes) -> None:
    lenient, strict = new_reader(mend=True), new_reader()
    assert read(lenient, octets + b".\r\n") == mended
    assert lenient.fault is None
    read(strict, octets + b".\r\n")
    assert strict.fault is Fault.BARE_LINE_END


@pytest.mark.parametrize("mend", [True, False])
def test_nul_is_refused_everywhere(mend: bool) -> None:
    reader = new_reader(mend=mend)
    read(reader, b"a\0b\r\n.\r\n")
    assert reader.fault is Fault.NUL


def test_too_much_is_read_to_its_end() -> None:
    reader = new_reader(max_octets=10)
    assert reader.feed(b"12345678\r\n") == b"12345678"
    assert reader.fault is None
    assert reader.feed(b".\r\n") == b"\r\n"
    assert (reader.fault, reader.size_octets) == (None, 10)

    reader = new_reader(max_octets=10)
    assert read(reader, b"123456789\r\nmore\r\n.\r\nNEXT") == b""
    assert (reader.fault, reader.ended, reader.rest) == (Fault.TOO_LARGE, True, b"NEXT")


def test_the_worst_fault_counts_wherever_it_stands() -> None:
    for octets in (b"1234567890\0\r\na\nb\n.c", b"\n.c\r\na\nb\0\r\n1234567890"):
        reader = new_reader(max_octets=5)
        read(reader, octets + b"\r\n.\r\n")
        assert reader.fault is Fault.SMUGGLED_END


@given(PIECES, st.data())
@settings(deadline=None)
def test_chunks_keep_every_octet(pieces: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(pieces).replace(b"\0", b"")
    crlf_only = octets.replace(b"\r\n", b"\0").replace(b"\r", b"").replace(b"\n", b"")
    octets = crlf_only.replace(b"\0", b"\r\n")
    cut = data.draw(st.integers(0, len(octets)))
    reader = new_reader(stuffed=False)
    assert reader.feed(octets[:cut]) + reader.feed(octets[cut:]) + reader.finish() == octets
    assert reader.fault is None


def test_a_message_in_chunks_may_end_within_a_line() -> None:
    reader = new_reader(stuffed=False)
    assert reader.feed(b"a\r\n.") + reader.finish() == b"a\r\n."
    reader = new_reader(stuffed=False, mend=True)
    assert reader.feed(b"a\r") + reader.finish() == b"a\r\n"


def test_holds_no_more_than_a_line_end() -> None:
    reader = new_reader(max_octets=10**9)
    piece = b"x" * 65_536
    for _ in range(50):
        assert len(reader.feed(piece)) >= len(piece) - 4
