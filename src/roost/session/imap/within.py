"""WITHIN: messages by their age. RFC 5032."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from roost.proto.imap.ext.within import Older, Younger
from roost.store.search_rows import Condition, ReceivedBetween
from roost.store.times import micros

_SECOND = 1_000_000
_FIRST, _LAST = -(1 << 63), (1 << 63) - 1


def _older(now: datetime, key: Older) -> Condition:
    """To the second: a message of the target second matches whatever its microsecond."""
    return ReceivedBetween(_FIRST, _target(now, key.seconds) + _SECOND)


def _younger(now: datetime, key: Younger) -> Condition:
    return ReceivedBetween(_target(now, key.seconds), _LAST)


def _target(now: datetime, seconds: int) -> int:
    """So many seconds ago, at the beginning of that second. RFC 5032 section 2."""
    return (micros(now) // _SECOND - seconds) * _SECOND


SEARCH_KEYS: Mapping[type, Callable[[datetime, Any], Condition]] = MappingProxyType(
    {Older: _older, Younger: _younger}
)
