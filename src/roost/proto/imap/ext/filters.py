"""FILTERS: search keys that are kept on the server under a name. RFC 5466.

They are kept as METADATA of the server, below the entries named here.
"""

import re
from dataclasses import dataclass
from typing import Final

from roost.proto.imap.core.search import SearchKey, parse_program
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.token import Cursor

MAX_NAME_OCTETS = 200
MIN_SUBSTITUTIONS: Final = 3  # of filters that name filters: RFC 5466 section 3.1

# Where the value of a filter lies, the first one before the second. RFC 5466 section 3.2.
PRIVATE_VALUES: Final = "/private/filters/values/"
SHARED_VALUES: Final = "/shared/filters/values/"

_NAME = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]/]+(?![^ )])')


@dataclass(frozen=True, slots=True)
class InFilter:
    """FILTER of SEARCH. name: lower case, as entries of METADATA are. RFC 5466 section 3.1."""

    name: str


def parse_filter_key(cursor: Cursor) -> InFilter:
    """Read what follows FILTER."""
    cursor.sp()
    start = cursor.offset
    name = cursor.match(_NAME, "the name of a filter is missing")[0]
    if len(name) > MAX_NAME_OCTETS:
        raise OverLimit("the name of the filter is too long", start)
    return InFilter(name.lower().decode("ascii"))


def parse_filter_value(value: bytes, grammar: Grammar) -> SearchKey:
    """The keys that are kept as a filter: strings in UTF-8, no literals.

    Raises as `core.search.parse_search`, the offset counted in `value`.
    """
    cursor = Cursor((value,), utf8=True)
    key = parse_program(cursor, grammar)
    cursor.end()
    return key


def undefined_filter_code(name: str) -> Code:
    """UNDEFINED-FILTER: there is no such filter, or it names itself. RFC 5466 section 3.1."""
    return Code(b"UNDEFINED-FILTER " + name.encode("ascii"))


FILTERS = Extension(
    name="filters",
    rfc=5466,
    capabilities=("FILTERS",),
    search_keys={"FILTER": parse_filter_key},
)
