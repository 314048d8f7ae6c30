"""Lists of tags and values, as signatures and records of DNS have them. RFC 6376 section 3.2."""

import re
from base64 import b64decode

from roost.base.domain import Domain, DomainInvalid
from roost.base.errors import ProtocolError

MAX_TAGS = 100

_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Visible characters and the white space between them; beyond ASCII by RFC 8616 section 3.
_VALUE = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f;\x7f]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_SELECTOR_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


class TagsInvalid(ProtocolError):
    """The list, or the value of one of its tags, breaks the grammar; the text says how.

    tag: the name of the tag, "" where it is the list as a whole. missing: whether the trouble is
    that the tag is not there.
    """

    def __init__(self, text: str, tag: str = "", *, missing: bool = False) -> None:
        super().__init__(text)
        self.tag = tag
        self.missing = missing


class Tags:
    """The tags of a list by their names, which are case-sensitive, and how to read their values.

    Every method raises TagsInvalid for a tag that is not there or not what it has to be.
    """

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str | None = None) -> str:
        """The value as it is. default: what stands for a tag that is not there."""
        value = self.values.get(name, default)
        if value is None:
            raise TagsInvalid(f"the tag {name}= is missing", name, missing=True)
        return value

    def octets(self, name: str) -> bytes:
        """Octets in base64, in which white space means nothing. RFC 6376 section 2.10."""
        text = _SPACE.sub("", self.text(name))
        if not _BASE64.fullmatch(text) or len(text) % 4:
            raise TagsInvalid(f"the tag {name}= is not base64", name)
        return b64decode(text)

    def number(self, name: str) -> int | None:
        """An unsigned number; None if the tag is not there."""
        if name not in self.values:
            return None
        if not _DIGITS.fullmatch(self.values[name]):
            raise TagsInvalid(f"the tag {name}= is not a number", name)
        return int(self.values[name])

    def names(self, name: str, default: str | None = None) -> tuple[str, ...]:
        """Words between colons, without the white space around them."""
        return tuple(word.strip(" \t\r\n") for word in self.text(name, default).split(":"))

    def domain(self, name: str) -> str:
        """A domain name, in A-labels and lower case. RFC 8616 section 4 allows U-labels."""
        try:
            return Domain.parse(self.text(name)).ascii
        except DomainInvalid as error:
            raise TagsInvalid(f"the tag {name}= is no domain name", name) from error

    def selector(self, name: str) -> str:
        """One or more labels, as in `domain`; unlike there, the last may be a number."""
        value = self.text(name)
        if not value.isascii():
            return self.domain(name)
        if len(value) > 253 or not all(map(_SELECTOR_LABEL.fullmatch, value.split("."))):
            raise TagsInvalid(f"the tag {name}= is no selector", name)
        return value.lower()


def parse_tags(text: str) -> Tags:
    """Read a list. Raises TagsInvalid, also for a name that is there twice.

    RFC 6376 section 3.2: "Tags with duplicate names MUST NOT occur within a single tag-list; if
    a tag name does occur more than once, the entire tag-list is invalid".
    """
    values: dict[str, str] = {}
    pieces = text.split(";", MAX_TAGS + 1)
    if not pieces[-1].strip(" \t\r\n"):
        pieces.pop()
    if len(pieces) > MAX_TAGS:
        raise TagsInvalid(f"it has more than {MAX_TAGS} tags")
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name, value = name.strip(" \t\r\n"), value.strip(" \t\r\n")
        if not equals or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise TagsInvalid("it is no list of tags and values")
        if name in values:
            raise TagsInvalid("it has a tag twice", name)
        values[name] = value
    return Tags(values)
