"""SELECT, EXAMINE, CHECK, CLOSE and UNSELECT. RFC 9051 sections 6.3.2, 6.3.3, 6.4.1, 6.4.2."""

from collections.abc import Hashable
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.extension import Extension, Grammar, hooked_list
from roost.proto.imap.token import Cursor

MAX_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Select(Arguments):
    """SELECT and EXAMINE. parameters: what extensions read of RFC 4466 select-params, in order."""

    mailbox: str
    parameters: tuple[Hashable, ...] = ()


def parse_select(cursor: Cursor, grammar: Grammar) -> Select:
    """Read the arguments of SELECT or EXAMINE."""
    cursor.sp()
    mailbox = cursor.mailbox()
    if cursor.at_end():
        return Select(mailbox)
    cursor.sp()
    unknown = "there is no such SELECT parameter"
    return Select(mailbox, hooked_list(cursor, grammar.select_parameters, MAX_PARAMETERS, unknown))


SELECT = Extension(
    name="select",
    rfc=9051,
    capabilities=("UNSELECT",),
    parsers={
        "SELECT": parse_select,
        "EXAMINE": parse_select,
        "CHECK": parse_bare,  # RFC 3501 section 6.4.1
        "CLOSE": parse_bare,
        "UNSELECT": parse_bare,
    },
)
