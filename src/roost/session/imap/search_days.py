"""Days as search keys mean them. RFC 9051 section 6.4.4: time and zone are left aside."""

from datetime import date
from types import MappingProxyType

from roost.proto.imap.core.search import When

_MICROSECONDS_OF_A_DAY = 86_400_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal()


def days_of(when: When, day: date) -> tuple[int, int]:
    """The days that are meant, as `date.toordinal` counts, both ends included."""
    known = day.toordinal()
    return MappingProxyType(
        {When.BEFORE: (0, known - 1), When.ON: (known, known), When.SINCE: (known, _LAST_DAY)}
    )[when]


def start_of(day: int) -> int:
    """When a day begins, in microseconds UTC."""
    return (day - _EPOCH_DAY) * _MICROSECONDS_OF_A_DAY
