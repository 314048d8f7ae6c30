"""LIST and LSUB. RFC 9051 section 6.3.9, RFC 3501 section 6.3.9, RFC 5258, RFC 5819, RFC 6154."""

from collections.abc import Hashable
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.status import parse_items
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar, hooked
from roost.proto.imap.token import Cursor

MAX_OPTIONS = 20
MAX_PATTERNS = 50


@dataclass(frozen=True, slots=True)
class ListSelect:
    """Which mailboxes LIST is to look at. RFC 9051 section 6.3.9.1.

    extra: what extensions read.
    """

    subscribed: bool = False
    remote: bool = False
    recursive_match: bool = False
    special_use: bool = False
    extra: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class ListReturn:
    """What LIST is to tell of each mailbox. RFC 9051 section 6.3.9.2.

    status: STATUS items, none when they were not asked for. extra: what extensions read.
    """

    subscribed: bool = False
    children: bool = False
    special_use: bool = False
    status: tuple[str, ...] = ()
    extra: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class List(Arguments):
    """LIST. extended: whether selection, RETURN or a list of patterns made it extended.

    A plain LIST with the pattern "" asks for the separator (RFC 9051 section 6.3.9).
    """

    reference: str
    patterns: tuple[str, ...]
    select: ListSelect = ListSelect()
    returns: ListReturn = ListReturn()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Lsub(Arguments):
    """LSUB. RFC 3501 section 6.3.9."""

    reference: str
    pattern: str


_SELECT = {
    "SUBSCRIBED": "subscribed",
    "REMOTE": "remote",
    "RECURSIVEMATCH": "recursive_match",
    "SPECIAL-USE": "special_use",
}
_RETURN = {"SUBSCRIBED": "subscribed", "CHILDREN": "children", "SPECIAL-USE": "special_use"}


def parse_list(cursor: Cursor, grammar: Grammar) -> List:
    """Read the arguments of LIST, plain or extended."""
    cursor.sp()
    extended = cursor.peek(b"(")
    select = ListSelect()
    if extended:
        select = _select(cursor, grammar)
        cursor.sp()
    reference = cursor.mailbox()
    cursor.sp()
    if cursor.peek(b"("):
        extended = True
        patterns = tuple(cursor.listed(cursor.list_mailbox, MAX_PATTERNS))
    else:
        patterns = (cursor.list_mailbox(),)
    if cursor.at_end():
        return List(reference, patterns, select, ListReturn(), extended)
    cursor.sp()
    return List(reference, patterns, select, _return(cursor, grammar), extended=True)


def parse_lsub(cursor: Cursor, grammar: Grammar) -> Lsub:  # noqa: ARG001
    """Read the arguments of LSUB."""
    cursor.sp()
    reference = cursor.mailbox()
    cursor.sp()
    return Lsub(reference, cursor.list_mailbox())


def _select(cursor: Cursor, grammar: Grammar) -> ListSelect:
    start = cursor.offset
    known: dict[str, bool] = {}
    extra: list[Hashable] = []

    def option() -> None:
        if (name := _SELECT.get(cursor.next_word())) is not None:
            cursor.word()
            known[name] = True
        else:
            extra.append(hooked(cursor, grammar.list_selects, "no such selection option"))

    cursor.listed(option, MAX_OPTIONS, empty=True)
    select = ListSelect(**known, extra=tuple(extra))
    # RFC 9051 section 6.3.9.1: RECURSIVEMATCH wants an option that selects by itself.
    if select.recursive_match and not (select.subscribed or extra):
        raise BadSyntax("RECURSIVEMATCH needs another selection option", start)
    return select


def _return(cursor: Cursor, grammar: Grammar) -> ListReturn:
    start = cursor.offset
    if cursor.word("RETURN is missing") != "RETURN":
        raise BadSyntax("RETURN is missing", start)
    cursor.sp()
    known: dict[str, bool] = {}
    extra: list[Hashable] = []
    status: list[str] = []

    def option() -> None:
        name = cursor.next_word()
        if name in _RETURN:
            cursor.word()
            known[_RETURN[name]] = True
        elif name == "STATUS":
            cursor.word()
            cursor.sp()
            status.extend(parse_items(cursor, grammar))
        else:
            extra.append(hooked(cursor, grammar.list_returns, "no such return option"))

    cursor.listed(option, MAX_OPTIONS, empty=True)
    return ListReturn(**known, status=tuple(dict.fromkeys(status)), extra=tuple(extra))


LIST = Extension(
    name="list",
    rfc=9051,
    capabilities=("LIST-EXTENDED", "LIST-STATUS", "CHILDREN"),
    parsers={"LIST": parse_list, "LSUB": parse_lsub},
)
