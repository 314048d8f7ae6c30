"""Untagged data: what the server tells of mailboxes and messages. RFC 9051 sections 7.2 to 7.5."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from roost.proto.imap import sequence
from roost.proto.imap.flags import spell_flags, spell_permanent
from roost.proto.imap.spelling import (
    date_time,
    mailbox,
    nstring,
    parenthesised,
    string,
)

SEPARATOR = b'"/"'
SEARCH_NUMBERS_PER_LINE = 100

FETCH_TAIL = b")\r\n"


def capability(capabilities: Iterable[str]) -> bytes:
    """CAPABILITY. RFC 9051 section 7.2.2."""
    return b"* CAPABILITY " + " ".join(capabilities).encode("ascii") + b"\r\n"


def enabled(capabilities: Iterable[str]) -> bytes:
    """ENABLED, with those that are on now and were not before. RFC 9051 section 7.2.1."""
    return "".join(["* ENABLED", *(f" {name}" for name in capabilities), "\r\n"]).encode("ascii")


def exists(count: int) -> bytes:
    """EXISTS. RFC 9051 section 7.4.1."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """RECENT, for IMAP4rev1. RFC 3501 section 7.3.2."""
    return b"* %d RECENT\r\n" % count


def expunge(numbers: Iterable[int]) -> bytes:
    """EXPUNGE for each of these sequence numbers, given as they stand when it is told.

    RFC 9051 section 7.5.1.
    """
    return b"".join([b"* %d EXPUNGE\r\n" % number for number in numbers])


def flags(keywords: Iterable[str] = ()) -> bytes:
    """FLAGS: all known flags and these keywords. RFC 9051 section 7.3.5."""
    return b"* FLAGS " + spell_permanent(keywords, new_keywords=False) + b"\r\n"


def mailbox_list(
    attributes: Iterable[str],
    name: str,
    *,
    utf8: bool,
    child_info: Sequence[str] = (),
    old_name: str | None = None,
) -> bytes:
    r"""LIST. RFC 9051 section 7.3.1.

    attributes: without backslash, such as HasNoChildren. child_info: selection options that
    children match. old_name: what the mailbox was called before.
    """
    items: list[bytes] = []
    if child_info:
        names = parenthesised(b'"%b"' % option.encode("ascii") for option in child_info)
        items.append(b'"CHILDINFO" ' + names)
    if old_name is not None:
        items.append(b'"OLDNAME" (' + mailbox(old_name, utf8=utf8) + b")")
    extended = b" " + parenthesised(items) if items else b""
    return _list(b"LIST", attributes, mailbox(name, utf8=utf8) + extended)


def subscribed_list(attributes: Iterable[str], name: str, *, utf8: bool) -> bytes:
    """LSUB, for IMAP4rev1. RFC 3501 section 7.2.3."""
    return _list(b"LSUB", attributes, mailbox(name, utf8=utf8))


# The answer to LIST "" "". RFC 9051 section 6.3.9.
LIST_SEPARATOR = b'* LIST (\\Noselect) "/" ""\r\n'


def status(name: str, items: Iterable[tuple[str, int | bytes | None]], *, utf8: bool) -> bytes:
    """STATUS; None is NIL, octets are spelled already. RFC 9051 section 7.3.4."""
    values = parenthesised(b"%b %b" % (item.encode("ascii"), _value(one)) for item, one in items)
    return b"* STATUS " + mailbox(name, utf8=utf8) + b" " + values + b"\r\n"


def _value(value: int | bytes | None) -> bytes:
    if isinstance(value, int):
        return b"%d" % value
    return b"NIL" if value is None else value


def search(numbers: Sequence[int]) -> bytes:
    """SEARCH, for IMAP4rev1: one line for every hundred numbers, one without any for none.

    RFC 3501 section 7.2.5.
    """
    if not numbers:
        return b"* SEARCH\r\n"
    step = SEARCH_NUMBERS_PER_LINE
    pages = (numbers[at : at + step] for at in range(0, len(numbers), step))
    return "".join([f"* SEARCH {' '.join(map(str, page))}\r\n" for page in pages]).encode("ascii")


def esearch(
    tag: bytes,
    *,
    uid: bool,
    lowest: int | None = None,
    highest: int | None = None,
    count: int | None = None,
    numbers: Sequence[int] = (),
    extra: Iterable[bytes] = (),
    source: bytes = b"",
) -> bytes:
    """ESEARCH with what is given; no ALL when there are no numbers. RFC 9051 section 7.3.3.

    tag: of the SEARCH command. numbers: ascending. extra: items of extensions, spelled already.
    source: further correlators with a space before each, spelled already (RFC 7377 section 2.1).
    """
    items = [b"* ESEARCH (TAG " + string(tag) + source + b")"]
    if uid:
        items.append(b"UID")
    if lowest is not None:
        items.append(b"MIN %d" % lowest)
    if highest is not None:
        items.append(b"MAX %d" % highest)
    if count is not None:
        items.append(b"COUNT %d" % count)
    if numbers:
        items.append(b"ALL " + sequence.spell(numbers))
    return b" ".join([*items, *extra]) + b"\r\n"


def namespace(
    personal: Sequence[str], others: Sequence[str] = (), shared: Sequence[str] = ()
) -> bytes:
    """NAMESPACE: the prefixes of each kind. RFC 9051 section 7.3.6."""
    kinds = b" ".join(_prefixes(kind) for kind in (personal, others, shared))
    return b"* NAMESPACE " + kinds + b"\r\n"


def server_id(fields: Iterable[tuple[str, str]]) -> bytes:
    """ID, NIL without fields. RFC 2971 section 3.2."""
    pairs = [string(text.encode()) for field in fields for text in field]
    return b"* ID " + (parenthesised(pairs) if pairs else b"NIL") + b"\r\n"


# FETCH. RFC 9051 section 7.5.2. Items are parted by one space, between head and FETCH_TAIL.


def fetch(number: int, items: Iterable[bytes]) -> bytes:
    """A whole FETCH response of items that are spelled already."""
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(items))


def fetch_head(number: int) -> bytes:
    """The beginning of a FETCH response whose items follow one by one."""
    return b"* %d FETCH (" % number


def fetch_flags(rows: Iterable[tuple[int, int, int, tuple[str, ...]]], *, uid: bool) -> bytes:
    """FETCH responses with flags for many messages: number, UID, flag bits, keywords.

    uid: whether the UID is told as well, as for all UID commands (RFC 9051 section 6.4.9).
    """
    if uid:
        return b"".join(
            [
                b"* %d FETCH (UID %d FLAGS %b)\r\n" % (number, one, spell_flags(bits, keywords))
                for number, one, bits, keywords in rows
            ]
        )
    return b"".join(
        [
            b"* %d FETCH (FLAGS %b)\r\n" % (number, spell_flags(bits, keywords))
            for number, _, bits, keywords in rows
        ]
    )


def uid_item(uid: int) -> bytes:
    """UID."""
    return b"UID %d" % uid


def flags_item(bits: int, keywords: tuple[str, ...] = ()) -> bytes:
    """FLAGS."""
    return b"FLAGS " + spell_flags(bits, keywords)


def internal_date_item(moment: datetime) -> bytes:
    """INTERNALDATE of an aware time."""
    return b"INTERNALDATE " + date_time(moment)


def size_item(octets: int) -> bytes:
    """RFC822.SIZE."""
    return b"RFC822.SIZE %d" % octets


def section_item(label: bytes, octets: bytes | None, *, utf8: bool = False) -> bytes:
    """BODY[...], BINARY[...] or RFC822... with its label; None is NIL.

    For what is streamed, send the label, a space, `spelling.literal_head` and the octets.
    """
    return label + b" " + nstring(octets, utf8=utf8)


def _list(command: bytes, attributes: Iterable[str], rest: bytes) -> bytes:
    names = parenthesised(b"\\" + attribute.encode("ascii") for attribute in attributes)
    return b"* %b %b %b %b\r\n" % (command, names, SEPARATOR, rest)


def _prefixes(prefixes: Sequence[str]) -> bytes:
    if not prefixes:
        return b"NIL"
    one = [b"(%b %b)" % (string(prefix.encode("ascii")), SEPARATOR) for prefix in prefixes]
    return b"(" + b"".join(one) + b")"
