"""Which mailboxes NOTIFY watches and ESEARCH looks into.

RFC 5465 section 6, RFC 7377 section 2.2.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from roost.proto.imap.error import BadSyntax
from roost.proto.imap.token import Cursor

MAX_MAILBOXES = 1000


class FilterKind(Enum):
    """The specifiers; only the last three name mailboxes."""

    SELECTED = "SELECTED"
    SELECTED_DELAYED = "SELECTED-DELAYED"  # NOTIFY only
    INBOXES = "INBOXES"
    PERSONAL = "PERSONAL"
    SUBSCRIBED = "SUBSCRIBED"
    SUBTREE = "SUBTREE"
    SUBTREE_ONE = "SUBTREE-ONE"  # where ESEARCH is known: RFC 7377 section 2.2
    MAILBOXES = "MAILBOXES"


OF_SELECTED = frozenset({FilterKind.SELECTED, FilterKind.SELECTED_DELAYED})

_KINDS = {kind.value: kind for kind in FilterKind}
_NAMING = frozenset({FilterKind.SUBTREE, FilterKind.SUBTREE_ONE, FilterKind.MAILBOXES})


@dataclass(frozen=True, slots=True)
class MailboxFilter:
    """One specifier. mailboxes: for those that name some, each once."""

    kind: FilterKind
    mailboxes: tuple[str, ...] = ()


def parse_filter(cursor: Cursor, refused: Collection[FilterKind]) -> MailboxFilter:
    """Read one specifier with its mailboxes. refused: those that may not stand here."""
    start = cursor.offset
    kind = _KINDS.get(cursor.label("a mailbox specifier is missing"))
    if kind is None or kind in refused:
        raise BadSyntax("there is no such mailbox specifier", start)
    if kind not in _NAMING:
        return MailboxFilter(kind)
    cursor.sp()
    if not cursor.peek(b"("):
        return MailboxFilter(kind, (cursor.mailbox(),))
    names = cursor.listed(cursor.mailbox, MAX_MAILBOXES)
    return MailboxFilter(kind, tuple(dict.fromkeys(names)))
