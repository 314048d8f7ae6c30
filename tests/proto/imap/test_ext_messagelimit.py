"""MESSAGELIMIT and SAVELIMIT. RFC 9738."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import And, Search
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext import messagelimit
from roost.proto.imap.ext.messagelimit import MESSAGELIMIT, UidAfter, UidBefore
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, MESSAGELIMIT))


def test_reads() -> None:
    args = GRAMMAR.parse((b"a UID SEARCH UIDAFTER 25000 uidbefore 27800",)).args
    assert args == Search(And((UidAfter(25000), UidBefore(27800))))


@pytest.mark.parametrize(
    ("text", "offset"),
    [(b"UIDAFTER", 17), (b"UIDAFTER 0", 18), (b"UIDBEFORE *", 19), (b"UIDBEFORE 1:2", 20)],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b"a SEARCH " + text,))
    assert error.value.offset == offset


def test_spells() -> None:
    assert messagelimit.message_limit_capability(1000) == "MESSAGELIMIT=1000"
    assert messagelimit.save_limit_capability(1000) == "SAVELIMIT=1000"
    assert messagelimit.message_limit_code(1000, 23221) == b"MESSAGELIMIT 1000 23221"
    assert messagelimit.message_limit_code(1000) == b"MESSAGELIMIT 1000"
