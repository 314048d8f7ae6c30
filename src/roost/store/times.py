"""Times as the rows hold them: whole microseconds UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """The microseconds since 1970 of an aware moment; negative before it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """The aware UTC moment that `micros` turned into a number."""
    return _EPOCH + timedelta(microseconds=microseconds)
