"""JMAPACCESS. RFC 9698."""

import pytest

from roost.proto.imap.command import Bare
from roost.proto.imap.core import CORE
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.jmapaccess import JMAPACCESS, jmap_access
from roost.proto.imap.extension import Grammar
from roost.proto.imap.state import AFTER_LOGIN

GRAMMAR = Grammar((*CORE, JMAPACCESS))


def test_reads() -> None:
    assert GRAMMAR.parse((b"1 getjmapaccess",)).args == Bare()
    assert GRAMMAR.states["GETJMAPACCESS"] == AFTER_LOGIN
    with pytest.raises(BadSyntax):
        GRAMMAR.parse((b"1 GETJMAPACCESS x",))


def test_spells() -> None:
    url = "https://example.com/.s/[jmap]"
    assert jmap_access(url) == b'* JMAPACCESS "https://example.com/.s/[jmap]"\r\n'
