"""SAVEDATE: when a message came into its mailbox, which is known of every one. RFC 8514."""

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any

from roost.proto.imap.ext.savedate import BySaveDate, SaveDateItem, SaveDateSupported
from roost.session.imap.column_item import ColumnItem, ItemMaker, spell_date_time
from roost.session.imap.search_days import days_of, start_of
from roost.session.imap.view import View
from roost.store.search_rows import AllOf, Condition, SavedBetween


def _spell(moment: int | None) -> bytes:
    return b"NIL" if moment is None else spell_date_time(moment)


_ITEM = ColumnItem(b"SAVEDATE %b", ("saved",), _spell)


def _by_save_date(_view: View, key: BySaveDate) -> Condition:
    low, high = days_of(key.when, key.day)
    return SavedBetween(start_of(low), start_of(high + 1))


def _supported(_view: View, _key: SaveDateSupported) -> Condition:
    return AllOf()


FETCH_ITEMS: Mapping[Hashable, ItemMaker] = MappingProxyType({SaveDateItem(): lambda _talk: _ITEM})
SEARCH_KEYS: Mapping[type, Callable[[View, Any], Condition]] = MappingProxyType(
    {BySaveDate: _by_save_date, SaveDateSupported: _supported}
)
