"""Fields put before octets that stay as they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.header import header_end, parse_fields
from roost.proto.mime.prefix import join_prefix

PREFIX = b"Received: x\r\n by y\r\nReturn-Path: <>\r\n"


@pytest.mark.parametrize(
    ("blob", "parted"),
    [
        (b"Subject: x\r\n\r\nbody", False),
        (b"Subject : x\r\n\r\n", False),
        (b"\r\nbody", False),
        (b"\nbody", False),
        (b"From a@b Mon Jul 15 2024\r\nSubject: x\r\n\r\nbody", False),
        (b"From: a@b\r\n\r\nbody", False),
        (b"Fromage\r\n", True),
        (b"just text\r\n", True),
        (b" folded: looks like a continuation\r\n", True),
        (b"\tbody", True),
        (b"", True),
        (b"\x00: x", True),
        (b": x", True),
    ],
    ids=[
        "field",
        "obsolete field",
        "empty line",
        "bare empty line",
        "line of an mbox",
        "From field",
        "a word that begins so",
        "text",
        "space",
        "tab",
        "nothing",
        "nul",
        "no name",
    ],
)
def test_empty_line_where_the_blob_has_no_header(blob: bytes, parted: bool) -> None:
    assert join_prefix(PREFIX, blob) == (PREFIX + b"\r\n" if parted else PREFIX)


def test_no_prefix_stays_none() -> None:
    assert join_prefix(b"", b"just text") == b""


def test_half_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="CRLF"):
        join_prefix(b"Received: x", b"")


PIECES = [b"A", b":", b" ", b"\t", b"\r\n", b"\n", b"b: c\r\n", b"\xff", b"\0", b"body"]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
@settings(deadline=None, max_examples=300)
def test_the_prefix_adds_its_fields_and_changes_no_other(blob: bytes) -> None:
    whole = join_prefix(PREFIX, blob) + blob
    received, path, *rest = parse_fields(whole)
    assert whole[received.start : path.end] == PREFIX
    if join_prefix(PREFIX, blob) == PREFIX:
        assert [f.name for f in rest] == [f.name for f in parse_fields(blob)]
        assert whole[header_end(whole) :] == blob[header_end(blob) :]
    else:
        assert rest == []
        assert whole[header_end(whole) :] == blob
