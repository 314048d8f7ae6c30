"""CONDSTORE: every message has a modification sequence. RFC 7162 section 3.1.

A client switches it on with ENABLE or by any of the values read here; see `enables_condstore`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments, Command
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.list import List, ListReturn
from roost.proto.imap.core.search import SearchKey, walk
from roost.proto.imap.core.select import Select
from roost.proto.imap.core.status import Status
from roost.proto.imap.core.store import Store
from roost.proto.imap.data import SEARCH_NUMBERS_PER_LINE
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, without_value
from roost.proto.imap.flags import spell_flags
from roost.proto.imap.response import Code
from roost.proto.imap.sequence import spell
from roost.proto.imap.token import Cursor

STATUS_ITEM: Final = "HIGHESTMODSEQ"
NOMODSEQ: Final = Code(b"NOMODSEQ")

_FLAGS = b"/flags/"


@dataclass(frozen=True, slots=True)
class CondstoreParameter:
    """CONDSTORE of SELECT and EXAMINE. RFC 7162 section 3.1.8."""


@dataclass(frozen=True, slots=True)
class ModseqItem:
    """MODSEQ of FETCH. RFC 7162 section 3.1.4.2."""


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """CHANGEDSINCE of FETCH: only messages with a higher modseq. RFC 7162 section 3.1.4.1.

    0, which the grammar does not know but clients send, names all.
    """

    modseq: int


@dataclass(frozen=True, slots=True)
class UnchangedSince:
    """UNCHANGEDSINCE of STORE: fails where the modseq is higher. RFC 7162 section 3.1.3."""

    modseq: int


class EntryType(Enum):
    """Whose metadata item MODSEQ of SEARCH asks about. RFC 7162 section 3.1.5."""

    PRIV = "PRIV"
    SHARED = "SHARED"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class ModseqFrom:
    r"""MODSEQ of SEARCH: this modseq or a higher one. RFC 7162 section 3.1.5.

    flag: only changes of this flag count, as it is written, such as `\Draft`; a server that keeps
    one modseq for the whole message takes no heed of it. type: None without a flag.
    """

    modseq: int
    flag: bytes | None = None
    type: EntryType | None = None


def parse_modseq_key(cursor: Cursor) -> ModseqFrom:
    """Read what follows MODSEQ of SEARCH."""
    cursor.sp()
    if cursor.is_digit():
        return ModseqFrom(cursor.number64())
    start = cursor.offset
    entry = cursor.string("a modseq or the name of an entry is missing")
    if entry[: len(_FLAGS)].lower() != _FLAGS or len(entry) == len(_FLAGS):
        raise BadSyntax("the name of an entry begins with /flags/", start)
    cursor.sp()
    start = cursor.offset
    kind = cursor.word("the type of the entry is missing")
    if kind not in EntryType.__members__:
        raise BadSyntax("there is no such entry type", start)
    cursor.sp()
    return ModseqFrom(cursor.number64(), entry[len(_FLAGS) :], EntryType[kind])


def parse_changed_since(cursor: Cursor) -> ChangedSince:
    """Read what follows CHANGEDSINCE."""
    cursor.sp()
    return ChangedSince(cursor.number64())


def parse_unchanged_since(cursor: Cursor) -> UnchangedSince:
    """Read what follows UNCHANGEDSINCE."""
    cursor.sp()
    return UnchangedSince(cursor.number64())


def enables_condstore(command: Command) -> bool:
    """Whether this command is a CONDSTORE enabling one, but for ENABLE. RFC 7162 section 3.1."""
    args: Arguments = command.args
    match args:
        case Select(parameters=found):
            return CondstoreParameter() in found
        case Status(items=names) | List(returns=ListReturn(status=names)):
            return STATUS_ITEM in names
        case Fetch(items=items, modifiers=found):
            return ModseqItem() in items or any(isinstance(one, ChangedSince) for one in found)
        case Store(modifiers=found):
            return any(isinstance(one, UnchangedSince) for one in found)
    key = getattr(args, "key", None)  # SEARCH, SORT, THREAD, ESEARCH
    return key is not None and has_modseq(key)


def has_modseq(key: SearchKey) -> bool:
    """Whether MODSEQ is among the keys: then the answer tells the highest modseq found."""
    return any(isinstance(one, ModseqFrom) for one in walk(key))


def modified_code(messages: Sequence[int]) -> Code:
    """MODIFIED: the messages that UNCHANGEDSINCE spared, ascending; UIDs for UID STORE."""
    return Code(b"MODIFIED " + spell(messages))


def modseq_item(modseq: int) -> bytes:
    """MODSEQ of a FETCH response."""
    return b"MODSEQ (%d)" % modseq


def esearch_modseq_item(modseq: int) -> bytes:
    """MODSEQ of an ESEARCH response: the highest of those found. RFC 7162 section 3.1.10."""
    return b"MODSEQ %d" % modseq


def search_with_modseq(numbers: Sequence[int], modseq: int) -> bytes:
    """SEARCH of IMAP4rev1 with the highest modseq of those found; as `data.search`.

    modseq: left out when nothing was found. RFC 7162 section 3.1.6.
    """
    if not numbers:
        return b"* SEARCH\r\n"
    step = SEARCH_NUMBERS_PER_LINE
    pages = (numbers[at : at + step] for at in range(0, len(numbers), step))
    lines = [f"* SEARCH {' '.join(map(str, page))} (MODSEQ {modseq})\r\n" for page in pages]
    return "".join(lines).encode("ascii")


def fetch_flags_modseq(
    rows: Iterable[tuple[int, int, int, tuple[str, ...], int]], *, uid: bool
) -> bytes:
    """FETCH responses: number, UID, flag bits, keywords and modseq. See `data.fetch_flags`."""
    if uid:
        return b"".join(
            [
                b"* %d FETCH (UID %d FLAGS %b MODSEQ (%d))\r\n"
                % (number, one, spell_flags(bits, keywords), modseq)
                for number, one, bits, keywords, modseq in rows
            ]
        )
    return b"".join(
        [
            b"* %d FETCH (FLAGS %b MODSEQ (%d))\r\n" % (number, spell_flags(bits, keywords), modseq)
            for number, _, bits, keywords, modseq in rows
        ]
    )


CONDSTORE = Extension(
    name="condstore",
    rfc=7162,
    capabilities=("CONDSTORE",),
    enables=("CONDSTORE",),
    select_parameters={"CONDSTORE": without_value(CondstoreParameter())},
    fetch_items={"MODSEQ": without_value(ModseqItem())},
    fetch_modifiers={"CHANGEDSINCE": parse_changed_since},
    store_modifiers={"UNCHANGEDSINCE": parse_unchanged_since},
    search_keys={"MODSEQ": parse_modseq_key},
    status_items=(STATUS_ITEM,),
)
