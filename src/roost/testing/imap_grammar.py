"""Reading what a client of IMAP may send, well-formed or not, without a session."""

from collections.abc import Iterable

from roost.proto.imap.command import Command
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import CommandRead, LiteralAsked, Reader
from roost.proto.imap.token import MessageLiteral, Piece


def parsed(grammar: Grammar, pieces: list[Piece], *, utf8: bool) -> Command | BadSyntax:
    """The command in these pieces, or why there is none."""
    try:
        return grammar.parse(pieces, utf8=utf8)
    except BadSyntax as error:
        return error


def octets_in(pieces: list[Piece]) -> int:
    """How many octets the pieces stand for, those of announced messages with them."""
    return sum(map(_octets_of, pieces))


def _octets_of(piece: Piece) -> int:
    if isinstance(piece, MessageLiteral):
        return piece.size_octets
    return len(piece if isinstance(piece, bytes) else piece.octets)


def read_stream(grammar: Grammar, chunks: Iterable[bytes]) -> None:
    """Read what comes in these chunks, taking each literal that is not too big.

    Raises ProtocolError where the connection would end.
    """
    reader = Reader(message_literals=grammar.message_literals)
    for chunk in chunks:
        reader.feed(chunk)
        while (event := reader.next_event()) is not None:
            if isinstance(event, LiteralAsked):
                parsed(grammar, list(event.pieces), utf8=False)
                if event.too_big:
                    reader.refuse_literal()
                else:
                    reader.accept_literal()
            elif isinstance(event, CommandRead):
                parsed(grammar, list(event.pieces), utf8=False)
