"""COPY and MOVE. RFC 9051 sections 6.4.7 and 6.4.8; UIDPLUS: RFC 4315."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.sequence import SequenceSet
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class Copy(Arguments):
    """COPY and MOVE."""

    messages: SequenceSet
    mailbox: str


def parse_copy(cursor: Cursor, grammar: Grammar) -> Copy:  # noqa: ARG001
    """Read the arguments of COPY or MOVE."""
    cursor.sp()
    messages = cursor.sequence_set()
    cursor.sp()
    return Copy(messages, cursor.mailbox())


COPY = Extension(
    name="copy",
    rfc=9051,
    capabilities=("MOVE",),
    parsers={
        "COPY": parse_copy,
        "UID COPY": parse_copy,
        "MOVE": parse_copy,
        "UID MOVE": parse_copy,
    },
)
