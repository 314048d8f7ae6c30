"""CAPABILITY, NOOP and LOGOUT. RFC 9051 section 6.1."""

from roost.proto.imap.command import Bare
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.token import Cursor

BARE = Bare()


def parse_bare(cursor: Cursor, grammar: Grammar) -> Bare:  # noqa: ARG001 - every parser has it
    """Read the arguments of a command that has none."""
    cursor.end()
    return BARE


SESSION = Extension(
    name="session",
    rfc=9051,
    # What the base protocol of RFC 9051 took in from extensions of RFC 3501 (its appendix E).
    capabilities=("IMAP4rev2", "IMAP4rev1", "LITERAL+"),
    enables=("IMAP4REV2",),
    parsers={"CAPABILITY": parse_bare, "NOOP": parse_bare, "LOGOUT": parse_bare},
)
