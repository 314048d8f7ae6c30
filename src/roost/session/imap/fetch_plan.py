"""What a FETCH needs of each row and how its answer is spelled, worked out once a command.

Items that columns answer are spelled a page at a time, column by column: one format of the whole
response is filled with what the columns hold. RFC 9051 section 7.5.2.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from roost.proto.imap.core.fetch import (
    BinarySection,
    BinarySize,
    BodySection,
    FetchAttribute,
)
from roost.proto.imap.flags import spell_flags
from roost.session.imap import condstore, objectid, preview, savedate
from roost.session.imap.column_item import ColumnItem, ItemMaker, spell_date_time
from roost.session.imap.conversation import UIDONLY, Conversation, Refused
from roost.store.engine import Row

SectionItem = BodySection | BinarySection | BinarySize

# What the octets of a message are found by.
PLACE_COLUMNS = ("prefix", "blob_id", "size", "header_size", "parts")


@dataclass(frozen=True, slots=True)
class Plan:
    """One FETCH. columns: what to read, uid first. head: the response up to the sections.

    sections: items that need octets. marks_seen: whether messages become seen by it.
    """

    columns: tuple[str, ...]
    head: bytes
    items: tuple[ColumnItem, ...]
    sections: tuple[SectionItem, ...]
    marks_seen: bool

    @property
    def shown(self) -> frozenset[str]:
        """The columns that the head is made of."""
        return frozenset(name for item in self.items for name in item.columns)

    def at(self, column: str) -> int:
        """Where a column stands in the rows."""
        return self.columns.index(column)

    def heads(self, numbers: Iterable[int], rows: Sequence[Row]) -> Iterator[bytes]:
        """The head of each row's response; with all of it where there are no sections."""
        by_name = dict(zip(self.columns, zip(*rows, strict=True), strict=True))
        values = [_values(item, by_name) for item in self.items]
        return map(self.head.__mod__, zip(numbers, *values, strict=True))


def make_plan(talk: Conversation, items: Iterable[Hashable]) -> Plan:
    """The plan for these items; UID is told first where the command came as UID FETCH."""
    wanted = list(items)
    by_uid = UIDONLY in talk.enabled  # then the uid stands in place of the number: RFC 9586
    if (talk.by_uid and not by_uid) or FetchAttribute.UID in wanted:
        wanted = [FetchAttribute.UID, *(one for one in wanted if one is not FetchAttribute.UID)]
    sections = tuple(one for one in wanted if isinstance(one, SectionItem))
    simple = tuple(_column_item(talk, one) for one in wanted if not isinstance(one, SectionItem))
    marks = not talk.selected.read_only and any(map(_marks_seen, sections))
    columns = ["uid", *(name for item in simple for name in item.columns)]
    if sections:
        columns += PLACE_COLUMNS
    if marks:
        columns.append("flags")
    head = b"* %d UIDFETCH (" if by_uid else b"* %d FETCH ("
    head += b" ".join(item.form for item in simple)
    head += (b" " if simple else b"") if sections else b")\r\n"
    return Plan(tuple(dict.fromkeys(columns)), head, simple, sections, marks)


def _marks_seen(item: SectionItem) -> bool:
    return not isinstance(item, BinarySize) and not item.peek


def _column_item(talk: Conversation, item: Hashable) -> ColumnItem:
    if item is FetchAttribute.FLAGS and talk.selected.recent and not talk.is_rev2:
        return _flags_with_recent(talk.selected.recent)
    if (make := EXTENSION_ITEMS.get(item)) is not None:
        return make(talk)
    found = COLUMN_ITEMS.get(item)
    if found is None:
        raise Refused("there is no such FETCH item", bad=True)
    return found


def _values(item: ColumnItem, by_name: dict[str, tuple[Any, ...]]) -> Iterable[object]:
    columns = [by_name[name] for name in item.columns]
    return columns[0] if item.spell is None else map(item.spell, *columns)


@lru_cache(maxsize=4096)
def spell_stored_flags(bits: int, keywords: str, recent: bool = False) -> bytes:
    r"""The list of flags of a row. recent: `\Recent` stands first (IMAP4rev1 only)."""
    return spell_flags(bits, tuple(keywords.split()), recent)


def _flags_with_recent(recent: set[int]) -> ColumnItem:
    def spell(uid: int, bits: int, keywords: str) -> bytes:
        return spell_stored_flags(bits, keywords, uid in recent)

    return ColumnItem(b"FLAGS %b", ("uid", "flags", "keywords"), spell)


# By what the grammar reads.
COLUMN_ITEMS: MappingProxyType[Hashable, ColumnItem] = MappingProxyType(
    {
        FetchAttribute.UID: ColumnItem(b"UID %d", ("uid",)),
        FetchAttribute.FLAGS: ColumnItem(b"FLAGS %b", ("flags", "keywords"), spell_stored_flags),
        FetchAttribute.INTERNALDATE: ColumnItem(b"INTERNALDATE %b", ("received",), spell_date_time),
        FetchAttribute.RFC822_SIZE: ColumnItem(b"RFC822.SIZE %d", ("size",)),
        FetchAttribute.ENVELOPE: ColumnItem(b"ENVELOPE %b", ("envelope",)),
        FetchAttribute.BODY: ColumnItem(b"BODY %b", ("body",)),
        FetchAttribute.BODYSTRUCTURE: ColumnItem(b"BODYSTRUCTURE %b", ("bodystructure",)),
    }
)
EXTENSION_ITEMS: MappingProxyType[Hashable, ItemMaker] = MappingProxyType(
    {
        **condstore.FETCH_ITEMS,
        **objectid.FETCH_ITEMS,
        **preview.FETCH_ITEMS,
        **savedate.FETCH_ITEMS,
    }
)
