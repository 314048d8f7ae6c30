"""UNAUTHENTICATE. RFC 8437."""

import pytest

from roost.proto.imap.command import Bare
from roost.proto.imap.core import CORE
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.unauthenticate import UNAUTHENTICATE
from roost.proto.imap.extension import Grammar
from roost.proto.imap.state import AFTER_LOGIN

GRAMMAR = Grammar((*CORE, UNAUTHENTICATE))


def test_reads() -> None:
    assert GRAMMAR.parse((b"a unauthenticate",)).args == Bare()
    assert GRAMMAR.states["UNAUTHENTICATE"] == AFTER_LOGIN


def test_takes_no_argument() -> None:
    with pytest.raises(BadSyntax):
        GRAMMAR.parse((b"a UNAUTHENTICATE x",))
