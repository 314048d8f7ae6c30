"""Dates of header fields and IMAP's internal dates. RFC 5322 section 3.3, RFC 9051 section 9."""

import re
from datetime import UTC, datetime, timedelta, timezone

from roost.proto.mime.comment import strip_comments
from roost.proto.mime.header import unfold

_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS = tuple(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

# RFC 5322 section 4.3; every other name means nothing and counts as UTC.
_ZONE_HOURS = {b"EST": -5, b"EDT": -4, b"CST": -6, b"CDT": -5, b"MST": -7, b"MDT": -6} | {
    b"PST": -8,
    b"PDT": -7,
}

_MAX_OCTETS = 1000
_DATE = re.compile(
    rb"""(?:[A-Za-z]++\.?+\s*+,?+\s*+)?+
    ([0-9]{1,2})[\s-]++([A-Za-z]{3})[a-z]*+\.?+[\s-]++([0-9]{2,4})[\s,]++
    ([0-9]{1,2})\s*+:\s*+([0-9]{1,2})(?:\s*+:\s*+([0-9]{1,2}))?+(?:\.[0-9]++)?+
    (?:\s*+([+-])([0-9]{2}):?+([0-9]{2})(?![0-9])|\s*+\(?([A-Za-z]++))?+""",
    re.VERBOSE,
)
_INTERNAL_DATE = re.compile(
    rb"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    rb"([+-])([0-9]{2})([0-9]{2})"
)


def parse_date(raw: bytes) -> datetime | None:
    """The time a Date field names, aware and with its own offset; None if it names none.

    Tolerates comments, a missing or wrong weekday, missing seconds, 2- and 3-digit years and
    obsolete zones; without a zone it is UTC, a leap second is the second before it. Years are
    1900 to 9998, so that the time exists in every zone. RFC 5322 sections 3.3 and 4.3.
    """
    found = _DATE.match(strip_comments(unfold(raw[:_MAX_OCTETS])).strip())
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes, zone = found.groups()
    number = _MONTH_NUMBERS.get(month.lower())
    offset = _offset(sign, hours, minutes) if sign else _named_offset(zone or b"")
    if number is None or offset is None:
        return None
    clock = int(hour), int(minute), min(int(second or 0), 59 if second == b"60" else 99)
    return _datetime((_full_year(year), number, int(day)), clock, offset)


def format_date(at: datetime) -> bytes:
    """A time as a Date field spells it, with its own offset. RFC 5322 section 3.3.

    Raises ValueError for a naive time.
    """
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    clock = f"{at.hour:02}:{at.minute:02}:{at.second:02}".encode()
    return b"%b, %02d %b %04d %b %b" % (day, at.day, month, at.year, clock, _spell_offset(at))


def parse_internal_date(text: bytes) -> datetime:
    """The time of IMAP's date-time, without its quotes: `17-Jul-1996 02:44:25 -0700`.

    Raises ValueError for anything else, and for a time outside the years 1900 to 9998.
    RFC 9051 section 9, date-time.
    """
    found = _INTERNAL_DATE.fullmatch(text)
    if found is None:
        raise ValueError('a date-time reads "dd-Mon-yyyy hh:mm:ss +zzzz"')
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    number = _MONTH_NUMBERS.get(month.lower())
    offset = _offset(sign, hours, minutes)
    if number is None or offset is None:
        raise ValueError("a date-time has a month or an offset that does not exist")
    clock = int(hour), int(minute), int(second)
    at = _datetime((int(year), number, int(day)), clock, offset)
    if at is None:
        raise ValueError("a date-time names a day or a time that does not exist")
    return at


def format_internal_date(at: datetime) -> bytes:
    """A time as IMAP's date-time without its quotes, the day padded with a space.

    Raises ValueError for a naive time. RFC 9051 section 9, date-time.
    """
    clock = f"{at.hour:02}:{at.minute:02}:{at.second:02}".encode()
    offset = _spell_offset(at)
    return b"%2d-%b-%04d %b %b" % (at.day, _MONTHS[at.month - 1], at.year, clock, offset)


def _datetime(
    day: tuple[int, int, int], clock: tuple[int, int, int], offset: timedelta
) -> datetime | None:
    if not 1900 <= day[0] <= 9998:
        return None
    zone = timezone(offset) if offset else UTC
    try:
        return datetime(*day, *clock, tzinfo=zone)
    except ValueError:  # the calendar has no such day, the clock no such time
        return None


def _full_year(digits: bytes) -> int:
    """RFC 5322 section 4.3: two digits below 50 are of this century, three count from 1900."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _offset(sign: bytes, hours: bytes, minutes: bytes) -> timedelta | None:
    """None for what cannot be an offset: a day or more, or 60 minutes and more."""
    if int(hours) > 23 or int(minutes) > 59:
        return None
    seconds = int(hours) * 3600 + int(minutes) * 60
    return timedelta(0, -seconds if sign == b"-" else seconds)


def _named_offset(name: bytes) -> timedelta:
    return timedelta(hours=_ZONE_HOURS.get(name.upper(), 0))


def _spell_offset(at: datetime) -> bytes:
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a time without zone has no spelling")
    minutes = offset // timedelta(minutes=1)
    sign = b"-" if minutes < 0 else b"+"
    return b"%b%02d%02d" % (sign, *divmod(abs(minutes), 60))
