"""COMPRESS=DEFLATE. RFC 4978."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.compress import COMPRESS, COMPRESSION_ACTIVE, Compress
from roost.proto.imap.extension import Grammar
from roost.proto.imap.response import no
from roost.proto.imap.state import State

GRAMMAR = Grammar((*CORE, COMPRESS))


def test_reads() -> None:
    assert GRAMMAR.parse((b"a compress deflate",)).args == Compress("DEFLATE")
    assert State.NOT_AUTHENTICATED not in GRAMMAR.states["COMPRESS"]


@pytest.mark.parametrize(
    ("text", "offset"), [(b"COMPRESS", 10), (b"COMPRESS GZIP", 11), (b"COMPRESS DEFLATE ", 18)]
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b"a " + text,))
    assert error.value.offset == offset


def test_spells() -> None:
    assert no(b"a", "DEFLATE is active", COMPRESSION_ACTIVE) == (
        b"a NO [COMPRESSIONACTIVE] DEFLATE is active\r\n"
    )
