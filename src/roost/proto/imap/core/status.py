"""STATUS. RFC 9051 section 6.3.11."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.token import Cursor

MAX_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Status(Arguments):
    """STATUS. items: of `Grammar.status_items`, each once, in the order they were asked for."""

    mailbox: str
    items: tuple[str, ...]


def parse_status(cursor: Cursor, grammar: Grammar) -> Status:
    """Read the arguments of STATUS."""
    cursor.sp()
    mailbox = cursor.mailbox()
    cursor.sp()
    return Status(mailbox, parse_items(cursor, grammar))


def parse_items(cursor: Cursor, grammar: Grammar) -> tuple[str, ...]:
    """Read the parenthesised list of items, also for RETURN (STATUS (...)) of LIST (RFC 5819)."""

    def item() -> str:
        start = cursor.offset
        name = cursor.label()
        if name not in grammar.status_items:
            raise BadSyntax("there is no such STATUS item", start)
        return name

    return tuple(dict.fromkeys(cursor.listed(item, MAX_ITEMS)))


STATUS = Extension(
    name="status",
    rfc=9051,
    capabilities=("STATUS=SIZE",),
    parsers={"STATUS": parse_status},
    status_items=(
        "MESSAGES",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "SIZE",
        "RECENT",  # RFC 3501 section 6.3.10
    ),
)
