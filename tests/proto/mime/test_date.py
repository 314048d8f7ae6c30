"""Dates as senders spell them and as we do."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.date import (
    format_date,
    format_internal_date,
    parse_date,
    parse_internal_date,
)


def zone(hours: int, minutes: int = 0) -> timezone:
    return timezone(timedelta(hours=hours, minutes=minutes))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Fri, 21 Nov 1997 09:55:06 -0600", datetime(1997, 11, 21, 9, 55, 6, tzinfo=zone(-6))),
        (b" 1 Jan 2024 00:00 +0530\r\n", datetime(2024, 1, 1, tzinfo=zone(5, 30))),
        (b"Mon, 21 Nov 1997 09:55:06 -0000", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"21 Nov 97 09:55:06 GMT", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"21 Nov 49 09:55:06 GMT", datetime(2049, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"21 Nov 102 09:55:06 GMT", datetime(2002, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"21 Nov 1997 09:55:06 EDT", datetime(1997, 11, 21, 9, 55, 6, tzinfo=zone(-4))),
        (b"21 Nov 1997 09:55:06 K", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"21 Nov 1997 09:55:06", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (
            b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600 (CST)",
            datetime(1997, 11, 21, 9, 55, 6, tzinfo=zone(-6)),
        ),
        (
            b"Thu,\r\n      13\r\n        Feb\r\n   1969 23:32\r\n -0330",
            datetime(1969, 2, 13, 23, 32, tzinfo=zone(-3, -30)),
        ),
        (b"31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (
            b"Tuesday, 2 November 2021 10:11:12 +01:00",
            datetime(2021, 11, 2, 10, 11, 12, tzinfo=zone(1)),
        ),
        (b"29 Feb 2023 10:00:00 +0000", None),
        (b"1 Foo 2023 10:00:00 +0000", None),
        (b"1 Jan 2023 25:00:00 +0000", None),
        (b"1 Jan 2023 10:00:61 +0000", None),
        (b"1 Jan 2023 10:00:00 +2400", None),
        (b"1 Jan 2023 10:00:00 +0060", None),
        (b"1 Jan 0099 10:00:00 +0000", None),
        (b"31 Dec 9999 23:59:59 -2300", None),
        (b"yesterday", None),
        (b"", None),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_parse_date(raw: bytes, expected: datetime | None) -> None:
    found = parse_date(raw)
    assert found == expected
    if found and expected:
        assert found.utcoffset() == expected.utcoffset()


OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)


@given(TIMES)
@settings(deadline=None)
def test_what_is_written_is_read_back(at: datetime) -> None:
    assert parse_date(format_date(at)) == at
    assert parse_internal_date(format_internal_date(at)) == at


@given(TIMES)
@settings(deadline=None)
def test_agrees_with_the_standard_library(at: datetime) -> None:
    assert format_date(at).decode() == format_datetime(at)
    assert parse_date(format_datetime(at).encode()) == parsedate_to_datetime(format_datetime(at))


def test_internal_date() -> None:
    at = datetime(1996, 7, 7, 2, 44, 25, tzinfo=zone(-7))
    assert format_internal_date(at) == b" 7-Jul-1996 02:44:25 -0700"
    assert parse_internal_date(b"17-jul-1996 02:44:25 -0700").day == 17
    assert parse_internal_date(b"07-Jul-1996 02:44:25 -0700") == at


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"7-Jul-1996 02:44:25 -0700",
        b"17-Jul-1996 02:44:25",
        b"17-Xxx-1996 02:44:25 -0700",
        b"31-Feb-1996 02:44:25 -0700",
        b"17-Jul-1996 24:44:25 -0700",
        b"17-Jul-1996 02:44:25 -0760",
        b"17-Jul-1996 02:44:25 -0700 ",
        b"  -Jul-1996 02:44:25 -0700",
    ],
)
def test_bad_internal_dates_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="date-time"):
        parse_internal_date(text)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_date(datetime(2024, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        format_internal_date(datetime(2024, 1, 1))  # noqa: DTZ001


PIECES = [b"1", b"99", b"2024", b" ", b"Jan", b":", b"+", b"-", b"0100", b"(", b")", b",", b"\xff"]


@given(st.lists(st.sampled_from(PIECES)))
@settings(deadline=None, max_examples=200)
def test_never_raises(pieces: list[bytes]) -> None:
    found = parse_date(b"".join(pieces))
    assert found is None or found.astimezone(UTC).year >= 1899
