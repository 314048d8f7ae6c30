"""ENABLE. RFC 9051 section 6.3.1."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.token import Cursor

MAX_CAPABILITIES = 50


@dataclass(frozen=True, slots=True)
class Enable(Arguments):
    """ENABLE. capabilities: upper case, as asked; those we do not know count for nothing."""

    capabilities: tuple[str, ...]


def parse_enable(cursor: Cursor, grammar: Grammar) -> Enable:  # noqa: ARG001
    """Read the arguments of ENABLE."""
    names: list[str] = []
    while not names or not cursor.at_end():
        cursor.sp()
        if len(names) == MAX_CAPABILITIES:
            raise OverLimit("too many capabilities", cursor.offset)
        names.append(cursor.word("a capability is missing"))
    return Enable(tuple(dict.fromkeys(names)))


ENABLE = Extension(
    name="enable", rfc=9051, capabilities=("ENABLE",), parsers={"ENABLE": parse_enable}
)
