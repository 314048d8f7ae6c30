"""LIST-METADATA. RFC 9590."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.list import List, ListReturn
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.list_metadata import LIST_METADATA, MetadataReturn
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, LIST_METADATA))
COLOR = "/shared/vendor/cmu/cyrus-imapd/color"


def test_reads() -> None:
    text = f'LIST "" % RETURN (CHILDREN METADATA ("{COLOR}" /private/Comment))'.encode()
    assert GRAMMAR.parse((b"a " + text,)).args == List(
        "",
        ("%",),
        returns=ListReturn(children=True, extra=(MetadataReturn((COLOR, "/private/comment")),)),
        extended=True,
    )


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"METADATA", 28),
        (b"METADATA ()", 30),
        (b"METADATA /private/a", 29),
        (b"METADATA (comment)", 30),
    ],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b'a LIST "" % RETURN (' + text + b")",))
    assert error.value.offset == offset
