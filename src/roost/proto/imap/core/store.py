"""STORE, and lists of flags. RFC 9051 section 6.4.6."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar, hooked_list
from roost.proto.imap.flags import MAX_KEYWORDS, Flags, parse_flags
from roost.proto.imap.sequence import SequenceSet
from roost.proto.imap.token import Cursor

MAX_MODIFIERS = 20
MAX_FLAGS = MAX_KEYWORDS + 20  # those that are no keywords, and some said twice


class StoreAction(Enum):
    """What becomes of the flags that are named."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Store(Arguments):
    """STORE. silent: no FETCH is wanted for what it changes. modifiers: of extensions, in order."""

    messages: SequenceSet
    action: StoreAction
    flags: Flags
    silent: bool = False
    modifiers: tuple[Hashable, ...] = ()


def parse_store(cursor: Cursor, grammar: Grammar) -> Store:
    """Read the arguments of STORE; the flags may stand without parentheses."""
    cursor.sp()
    messages = cursor.sequence_set()
    cursor.sp()
    modifiers: tuple[Hashable, ...] = ()
    if cursor.peek(b"("):
        unknown = "there is no such STORE modifier"
        modifiers = hooked_list(cursor, grammar.store_modifiers, MAX_MODIFIERS, unknown)
        cursor.sp()
    start = cursor.offset
    name, _, suffix = cursor.word("FLAGS is missing").partition(".")
    if name not in _ACTIONS or suffix not in ("", "SILENT") or cursor.peek(b"."):
        raise BadSyntax("FLAGS, +FLAGS or -FLAGS is missing", start)
    cursor.sp()
    flags = parse_flag_list(cursor) if cursor.peek(b"(") else _bare_flags(cursor)
    return Store(messages, _ACTIONS[name], flags, suffix == "SILENT", modifiers)


def parse_flag_list(cursor: Cursor) -> Flags:
    """Read flags in parentheses, none at all included."""
    start = cursor.offset + 1
    return _flags(cursor.listed(cursor.flag, MAX_FLAGS, empty=True), start)


def _bare_flags(cursor: Cursor) -> Flags:
    start = cursor.offset
    names = [cursor.flag()]
    while cursor.skip(b" "):
        if len(names) == MAX_FLAGS:
            cursor.fail("too many flags")
        names.append(cursor.flag())
    return _flags(names, start)


def _flags(names: list[bytes], start: int) -> Flags:
    try:
        return parse_flags(names)
    except BadSyntax as error:
        raise type(error)(error.text, start + (error.offset or 0)) from None


_ACTIONS = {action.value: action for action in StoreAction}

STORE = Extension(name="store", rfc=9051, parsers={"STORE": parse_store, "UID STORE": parse_store})
