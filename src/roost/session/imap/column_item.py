"""A FETCH item that columns of a message's row answer. RFC 9051 section 7.5.2."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from roost.session.imap.conversation import Conversation

_SECONDS_OF_A_DAY = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTHS = (
    *(b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun"),
    *(b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"),
)


@dataclass(frozen=True, slots=True)
class ColumnItem:
    """An item that columns answer.

    form: the item with one place to fill. columns: what fills it, names of store.placements.
    spell: makes one value of theirs; None where the only column is that value.
    """

    form: bytes
    columns: tuple[str, ...]
    spell: Callable[..., object] | None = None


# Of what an extension reads: how it is told to this client.
ItemMaker = Callable[[Conversation], ColumnItem]


def spell_date_time(moment: int) -> bytes:
    """A quoted date-time of microseconds since 1970, in UTC. RFC 9051 section 9, date-time."""
    day, seconds = divmod(moment // 1_000_000, _SECONDS_OF_A_DAY)
    minutes, second = divmod(seconds, 60)
    return b'"%b %02d:%02d:%02d +0000"' % (_day(day), minutes // 60, minutes % 60, second)


@lru_cache(maxsize=4096)
def _day(day: int) -> bytes:
    on = date.fromordinal(_EPOCH_DAY + day)
    return b"%02d-%b-%04d" % (on.day, _MONTHS[on.month - 1], on.year)
