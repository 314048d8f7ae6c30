"""WITHIN. RFC 5032."""

import pytest

from roost.proto.imap import flags
from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import And, HasFlag, Search
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.within import WITHIN, Older, Younger
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, WITHIN))


def test_reads() -> None:
    args = GRAMMAR.parse((b"a1 SEARCH UNSEEN YOUNGER 259200 older 4294967295",)).args
    unseen = HasFlag(flags.SEEN, present=False)
    assert args == Search(And((unseen, Younger(259200), Older(2**32 - 1))))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"OLDER", 14),
        (b"OLDER 0", 15),
        (b"YOUNGER 4294967296", 17),
        (b"YOUNGER -5", 17),
        (b"YOUNGER 5x", 18),
    ],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b"a SEARCH " + text,))
    assert error.value.offset == offset
