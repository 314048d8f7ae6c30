"""EXPUNGE and UID EXPUNGE. RFC 9051 sections 6.4.3 and 6.4.9; UIDPLUS: RFC 4315."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.sequence import SequenceSet
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class Expunge(Arguments):
    """EXPUNGE. uids: only these, for UID EXPUNGE; None for all that are marked deleted."""

    uids: SequenceSet | None = None


def parse_expunge(cursor: Cursor, grammar: Grammar) -> Expunge:  # noqa: ARG001
    """Read the arguments of EXPUNGE: none."""
    cursor.end()
    return Expunge()


def parse_uid_expunge(cursor: Cursor, grammar: Grammar) -> Expunge:  # noqa: ARG001
    """Read the arguments of UID EXPUNGE."""
    cursor.sp()
    return Expunge(cursor.sequence_set())


EXPUNGE = Extension(
    name="expunge",
    rfc=9051,
    capabilities=("UIDPLUS",),
    parsers={"EXPUNGE": parse_expunge, "UID EXPUNGE": parse_uid_expunge},
)
