"""REPLACE. RFC 8508."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import AppendMessage
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.ext.replace import REPLACE, Replace
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import DRAFT, SEEN, Flags
from roost.proto.imap.reader import LiteralAsked, Reader
from roost.proto.imap.state import SELECTED
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece

GRAMMAR = Grammar((*CORE, MULTIAPPEND, REPLACE))
MESSAGE = AppendMessage(Flags(SEEN | DRAFT), None, 312)


@pytest.mark.parametrize(
    ("pieces", "replace"),
    [
        ((b"a REPLACE 4 Drafts (\\Seen \\Draft) ", MessageLiteral(312), b""), Replace(4, "Drafts", MESSAGE)),
        ((b"a REPLACE 4 Drafts (\\Seen \\Draft) ", MessageLiteral(312)), Replace(4, "Drafts", MESSAGE)),
        ((b"a uid replace * ", ArgumentLiteral(b"inbox"), b" (\\Seen \\Draft) ", MessageLiteral(312), b""),
         Replace(None, "INBOX", MESSAGE)),
    ],
    ids=["whole", "cut off at the message", "mailbox as literal"],
)  # fmt: skip
def test_reads(pieces: tuple[Piece, ...], replace: Replace) -> None:
    command = GRAMMAR.parse(pieces)
    assert (command.verb, command.args) == ("REPLACE", replace)
    assert GRAMMAR.states["REPLACE"] == SELECTED


@pytest.mark.parametrize(
    ("text", "offset"),
    [(b"REPLACE", 9), (b"REPLACE 0 a", 10), (b"REPLACE 1:2 a", 11), (b"REPLACE $ a", 10), (b"REPLACE 1", 11), (b"REPLACE 1 a", 13), (b"REPLACE 1 a text", 14)],
)  # fmt: skip
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b"a " + text,))
    assert error.value.offset == offset


def test_there_is_one_message_only() -> None:
    pieces = (b"a REPLACE 1 b ", MessageLiteral(1), b" ", MessageLiteral(1), b"")
    with pytest.raises(BadSyntax):
        GRAMMAR.parse(pieces)


@pytest.mark.parametrize("verb", [b"REPLACE 4", b"UID REPLACE 4", b"uid replace *"])
def test_the_mailbox_is_no_message(verb: bytes) -> None:
    reader = Reader(message_literals=GRAMMAR.message_literals)
    reader.feed(b"a " + verb + b" {5+}\r\nINBOX {3+}\r\nabc\r\n")
    asked = reader.next_event()
    assert isinstance(asked, LiteralAsked)
    assert (asked.message, asked.size_octets) == (True, 3)
