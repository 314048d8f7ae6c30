"""A header as signatures see it: whole fields, found by name from the last to the first."""

from collections.abc import Iterable

from roost.base.errors import ProtocolError
from roost.proto.dkim.canonical import Canonical, canonical_field
from roost.proto.mime.header import Field, parse_fields

MAX_FIELDS = 5_000


class HeaderTooLong(ProtocolError):
    """The header has more fields than a signature is checked for."""


class Header:
    """The header of a message.

    octets: the whole header; a body behind its empty line is passed over. Raises HeaderTooLong.
    """

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._fields = parse_fields(octets, max_fields=MAX_FIELDS + 1)
        if len(self._fields) > MAX_FIELDS:
            raise HeaderTooLong(f"the header has more than {MAX_FIELDS} fields")
        self._by_name: dict[bytes, list[Field]] = {}
        for field in self._fields:
            self._by_name.setdefault(field.name, []).append(field)
        self._forms: dict[tuple[int, Canonical], bytes] = {}

    def count(self, name: bytes) -> int:
        """How many fields have this lower-case name."""
        return len(self._by_name.get(name, ()))

    def names(self) -> list[bytes]:
        """The lower-case names of all fields, in order."""
        return [field.name for field in self._fields]

    def fields(self, name: bytes) -> list[Field]:
        """The fields of this lower-case name, in order."""
        return self._by_name.get(name, [])

    def value(self, field: Field) -> bytes:
        """What is behind the colon."""
        return self._octets[field.value_start : field.end]

    def whole(self, field: Field) -> bytes:
        """All octets of a field."""
        return self._octets[field.start : field.end]

    def canonical(self, field: Field, form: Canonical) -> bytes:
        """The field as it is hashed, without its CRLF; worked out once."""
        key = field.start, form
        if key not in self._forms:
            self._forms[key] = canonical_field(self.whole(field), form)
        return self._forms[key]

    def signed(self, names: Iterable[bytes], form: Canonical) -> list[bytes]:
        """The canonical fields that a list of names means, in its order.

        The first mention of a name means its last field, the next the one before; a mention
        beyond the first field means nothing. RFC 6376 section 5.4.2.
        """
        left = {name: iter(reversed(fields)) for name, fields in self._by_name.items()}
        found = (next(left[name], None) for name in names if name in left)
        return [self.canonical(field, form) for field in found if field is not None]
