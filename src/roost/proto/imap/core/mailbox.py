"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE. RFC 9051 sections 6.3.4 to 6.3.8."""

from collections.abc import Hashable
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar, hooked_list
from roost.proto.imap.token import Cursor

MAX_PARAMETERS = 20

# RFC 6154 section 2 and RFC 8457; the name on the wire has a backslash before it.
SPECIAL_USES = ("All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash", "Important")
_SPECIAL_USE = {f"\\{name}".lower().encode("ascii"): name for name in SPECIAL_USES}


@dataclass(frozen=True, slots=True)
class Create(Arguments):
    """CREATE. parameters: what was asked of the new mailbox, among them SpecialUse. RFC 4466."""

    mailbox: str
    parameters: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecialUse:
    r"""USE of CREATE, RFC 6154 section 3. names: of SPECIAL_USES.

    known: whether all that was asked for is known; else the answer is NO [USEATTR].
    """

    names: tuple[str, ...]
    known: bool = True


@dataclass(frozen=True, slots=True)
class Mailbox(Arguments):
    """DELETE, SUBSCRIBE and UNSUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename(Arguments):
    """RENAME."""

    mailbox: str
    new_name: str


def parse_create(cursor: Cursor, grammar: Grammar) -> Create:
    """Read the arguments of CREATE.

    A trailing separator only says that children will follow, and is dropped.
    """
    cursor.sp()
    mailbox = cursor.mailbox()
    mailbox = mailbox[:-1] if mailbox.endswith("/") else mailbox
    if cursor.at_end():
        return Create(mailbox)
    cursor.sp()
    unknown = "there is no such CREATE parameter"
    return Create(mailbox, hooked_list(cursor, grammar.create_parameters, MAX_PARAMETERS, unknown))


def parse_mailbox(cursor: Cursor, grammar: Grammar) -> Mailbox:  # noqa: ARG001
    """Read the one mailbox that is the argument."""
    cursor.sp()
    return Mailbox(cursor.mailbox())


def parse_rename(cursor: Cursor, grammar: Grammar) -> Rename:  # noqa: ARG001
    """Read the arguments of RENAME."""
    cursor.sp()
    mailbox = cursor.mailbox()
    cursor.sp()
    return Rename(mailbox, cursor.mailbox())


def parse_use(cursor: Cursor) -> SpecialUse:
    """Read what follows USE. RFC 6154 section 6."""
    cursor.sp()
    start = cursor.offset
    asked = cursor.listed(cursor.flag, len(SPECIAL_USES), empty=True)
    if not all(name.startswith(b"\\") for name in asked):
        raise BadSyntax("a special use begins with a backslash", start)
    found = tuple(_SPECIAL_USE[name.lower()] for name in asked if name.lower() in _SPECIAL_USE)
    return SpecialUse(found, known=len(found) == len(asked))


MAILBOX = Extension(
    name="mailbox",
    rfc=9051,
    capabilities=("SPECIAL-USE", "CREATE-SPECIAL-USE"),
    parsers={
        "CREATE": parse_create,
        "DELETE": parse_mailbox,
        "RENAME": parse_rename,
        "SUBSCRIBE": parse_mailbox,
        "UNSUBSCRIBE": parse_mailbox,
    },
    create_parameters={"USE": parse_use},
)
