"""What a line of configuration needs: sizes, durations, and the doc that goes with a field.

A field is one line: `name: Annotated[Type, doc("What it does.", unit="...")] = default`. Its type
checks the value, its doc becomes the reference page, the sample file and the admin form.
"""

import re
from datetime import timedelta
from typing import Any, Self

import msgspec

_SIZE = re.compile(r"(-?[0-9]{1,19})([kmgt]?)", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST_SECONDS = 5000 * _DURATION_UNITS["w"]  # a sum with any date of ours is still a date


class Size(int):
    """Octets, written as a whole number with k, m, g or t (1024s) behind it, in either case.

    0 and -1 have a meaning of their own where the field's doc says so.
    """

    def __new__(cls, text: str | int) -> Self:
        if isinstance(text, int):
            return super().__new__(cls, text)
        found = _SIZE.fullmatch(text.strip())
        if found is None:
            raise ValueError("a size is a whole number with k, m, g or t behind it, such as 100m")
        octets = int(found[1]) * _SIZE_UNITS[found[2].lower()]
        if not -1 <= octets < 1 << 62:
            raise ValueError("a size is between 0 and 4,000,000t; -1 where no limit is meant")
        return super().__new__(cls, octets)

    def spell(self) -> str:
        """The shortest text that reads back as the same size."""
        for unit in "tgmk":
            factor = _SIZE_UNITS[unit]
            if self and self % factor == 0:
                return f"{self // factor}{unit}"
        return str(int(self))


class Duration(timedelta):
    """A time span, written as a whole number with s, m, h, d or w behind it."""

    def __new__(cls, text: str) -> Self:
        found = _DURATION.fullmatch(text.strip())
        if found is None:
            raise ValueError("a duration is a whole number with s, m, h, d or w, such as 5m")
        seconds = int(found[1]) * _DURATION_UNITS[found[2]]
        if seconds > _LONGEST_SECONDS:
            raise ValueError("a duration is at most 5000w")
        return super().__new__(cls, seconds=seconds)

    def spell(self) -> str:
        """The shortest text that reads back as the same span."""
        seconds = int(self.total_seconds())
        for unit in "wdhm":
            factor = _DURATION_UNITS[unit]
            if seconds and seconds % factor == 0:
                return f"{seconds // factor}{unit}"
        return f"{seconds}s"


def doc(text: str) -> msgspec.Meta:
    """The doc of a field: a sentence or two for the reference page and the form."""
    return msgspec.Meta(description=text)


def dec_hook(wanted: type, value: Any) -> Any:
    """Reads Size and Duration for msgspec.convert; ValueError says what they look like."""
    if wanted is Size and isinstance(value, str | int) and not isinstance(value, bool):
        return Size(value)
    if wanted is Duration and isinstance(value, str):
        return Duration(value)
    if wanted in (Size, Duration):
        example = "100m" if wanted is Size else "5m"
        raise ValueError(f'a {wanted.__name__.lower()} is written as text, such as "{example}"')
    raise NotImplementedError


def enc_hook(value: Any) -> Any:
    """Spells Size and Duration for msgspec.to_builtins and the JSON encoder."""
    if isinstance(value, Size | Duration):
        return value.spell()
    raise NotImplementedError
