"""PREVIEW. RFC 8970."""

import pytest

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch, FetchAttribute
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.condstore import CONDSTORE, ChangedSince
from roost.proto.imap.ext.preview import PREVIEW, PreviewItem, preview_item
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, CONDSTORE, PREVIEW))
ONE = sequence.parse(b"1")


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a FETCH 1 " + text,)).args


@pytest.mark.parametrize(
    ("text", "fetch"),
    [
        (b"PREVIEW", Fetch(ONE, (PreviewItem(),))),
        (b"(RFC822.SIZE PREVIEW)", Fetch(ONE, (FetchAttribute.RFC822_SIZE, PreviewItem()))),
        (b"(preview (lazy) UID)", Fetch(ONE, (PreviewItem(lazy=True), FetchAttribute.UID))),
        (b"PREVIEW (LAZY)", Fetch(ONE, (PreviewItem(lazy=True),))),
        (b"PREVIEW (CHANGEDSINCE 5)", Fetch(ONE, (PreviewItem(),), (ChangedSince(5),))),
        (b"PREVIEW (LAZY) (CHANGEDSINCE 5)", Fetch(ONE, (PreviewItem(lazy=True),), (ChangedSince(5),))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, fetch: Fetch) -> None:
    assert parse(text) == fetch


@pytest.mark.parametrize(
    ("text", "offset"), [(b"(PREVIEW (EAGER))", 19), (b"PREVIEW (EAGER)", 19), (b"(PREVIEW())", 18)]
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_spells() -> None:
    assert preview_item("Preview text!", utf8=False) == b'PREVIEW "Preview text!"'
    assert preview_item("", utf8=False) == b'PREVIEW ""'
    assert preview_item(None, utf8=True) == b"PREVIEW NIL"
    assert preview_item("grüße", utf8=True) == 'PREVIEW "grüße"'.encode()
    assert preview_item("grüße", utf8=False) == "PREVIEW {7}\r\ngrüße".encode()
    assert preview_item("ü" * 300, utf8=True) == f'PREVIEW "{"ü" * 200}"'.encode()
