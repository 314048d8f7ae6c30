"""SAVEDATE: when a message came into its mailbox. RFC 8514."""

from dataclasses import dataclass
from datetime import date, datetime

from roost.proto.imap.core.search import When
from roost.proto.imap.extension import Extension, Hook, without_value
from roost.proto.imap.spelling import date_time
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class SaveDateItem:
    """SAVEDATE of FETCH. RFC 8514 section 4.2."""


@dataclass(frozen=True, slots=True)
class BySaveDate:
    """SAVEDBEFORE, SAVEDON and SAVEDSINCE; time and zone are left aside. RFC 8514 section 4.3.

    A message without a save date is judged by its internal date.
    """

    when: When
    day: date


@dataclass(frozen=True, slots=True)
class SaveDateSupported:
    """SAVEDATESUPPORTED: all messages of a mailbox that keeps save dates, else none."""


def save_date_item(moment: datetime | None) -> bytes:
    """SAVEDATE of a FETCH response: an aware time, NIL where it is not known."""
    return b"SAVEDATE " + (b"NIL" if moment is None else date_time(moment))


def _by_save_date(when: When) -> Hook:
    def parse(cursor: Cursor) -> BySaveDate:
        cursor.sp()
        return BySaveDate(when, cursor.date())

    return parse


SAVEDATE = Extension(
    name="savedate",
    rfc=8514,
    capabilities=("SAVEDATE",),
    fetch_items={"SAVEDATE": without_value(SaveDateItem())},
    search_keys={
        **{"SAVED" + when.name: _by_save_date(when) for when in When},
        "SAVEDATESUPPORTED": without_value(SaveDateSupported()),
    },
)
