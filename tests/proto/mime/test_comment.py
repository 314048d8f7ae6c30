"""Comments taken out of structured fields."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.comment import strip_comments, unescape


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"a (b) c", b"a   c"),
        (b"a(b(c)d)e", b"a e"),
        (b'"(no)" (yes)', b'"(no)"  '),
        (b"a (\\) b) c", b"a   c"),
        (b"a (open", b"a  "),
        (b"a) b", b"a) b"),
        (b'a \\" (c)', b'a \\"  '),
    ],
    ids=["one", "nested", "quoted", "escaped", "never closed", "never opened", "escaped quote"],
)
def test_strips(raw: bytes, kept: bytes) -> None:
    assert strip_comments(raw) == kept


def test_unescape() -> None:
    assert unescape(b'a\\"b\\\\c\\') == b'a"b\\c\\'


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_nothing_is_added_but_spaces(raw: bytes) -> None:
    kept = strip_comments(raw)
    assert len(kept) <= len(raw)
    assert not set(kept) - set(raw) - {0x20}
