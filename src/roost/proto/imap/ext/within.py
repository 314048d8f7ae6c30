"""WITHIN: how long ago a message came, in seconds. RFC 5032."""

from dataclasses import dataclass

from roost.proto.imap.extension import Extension
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class Older:
    """OLDER: the internal date lies at least so many seconds back. RFC 5032 section 2."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Younger:
    """YOUNGER: the internal date lies at most so many seconds back."""

    seconds: int


def parse_older(cursor: Cursor) -> Older:
    """Read what follows OLDER."""
    cursor.sp()
    return Older(cursor.nz_number())


def parse_younger(cursor: Cursor) -> Younger:
    """Read what follows YOUNGER."""
    cursor.sp()
    return Younger(cursor.nz_number())


WITHIN = Extension(
    name="within",
    rfc=5032,
    capabilities=("WITHIN",),
    search_keys={"OLDER": parse_older, "YOUNGER": parse_younger},
)
