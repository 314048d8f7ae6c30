"""What an IMAP server says, read into values for clients of tests. RFC 9051 section 7."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from roost.proto.imap.sequence import parse
from roost.testing.wire import MemoryWire

_LITERAL = re.compile(rb"\{(\d+)\}$")
_CODE = re.compile(rb"(\* |)(OK|NO|BAD|BYE|PREAUTH) (?:\[([A-Z0-9-]+)(?: ([^]]*))?\] )?(.*)")
_NUMBERED = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE|RECENT)")
_FETCH = re.compile(rb"\* (\d+) (UID)?FETCH (\(.*\))", re.DOTALL)
_VANISHED = re.compile(rb"\* VANISHED (\(EARLIER\) )?([0-9:,]+)")
_NUMBERS = re.compile(rb"\* (SEARCH|SORT)((?: \d+)*)(?: \(MODSEQ (\d+)\))?")
_ESEARCH = re.compile(rb'\* ESEARCH \(TAG "([^"]*)"\)( UID)?(.*)')
_STATUS = re.compile(rb'\* STATUS ("[^"]*"|[^ ]+) \((.*)\)')
_TOKEN = re.compile(
    rb' *(?:\(|\)|"((?:[^"\\]|\\.)*)"|~?\{(\d+)\}\r\n|([^ ()"{\[]+(?:\[[^]]*\](?:<\d+>)?)?))',
    re.DOTALL,
)

Value: TypeAlias = "bytes | list[Value]"


@dataclass(frozen=True, slots=True)
class Exists:
    """So many messages are there."""

    count: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """The message with this number left."""

    number: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """These uids left; earlier: while the client was away. RFC 7162 section 3.2.10."""

    uids: tuple[int, ...]
    earlier: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """FETCH, or UIDFETCH where `number` is 0. items: by name, NIL as octets; see `flags_in`."""

    number: int
    uid: int | None
    items: Mapping[bytes, Value]

    @property
    def flags(self) -> frozenset[str] | None:
        r"""The flags told, lower case and without `\Recent`."""
        found = self.items.get(b"FLAGS")
        if not isinstance(found, list):
            return None
        names = (one.decode().lower() for one in found if isinstance(one, bytes))
        return frozenset(names) - {r"\recent"}

    @property
    def modseq(self) -> int | None:
        """MODSEQ."""
        found = self.items.get(b"MODSEQ")
        return int(found[0]) if isinstance(found, list) and isinstance(found[0], bytes) else None


@dataclass(frozen=True, slots=True)
class Found:
    """SEARCH, SORT or ESEARCH. items: those of ESEARCH by name; numbers: in the order told."""

    numbers: tuple[int, ...]
    modseq: int | None
    items: Mapping[bytes, bytes]
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """STATUS of a mailbox."""

    name: str
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """OK, NO, BAD or BYE with its code. tagged: whether it ends a command."""

    kind: bytes
    code: bytes
    argument: bytes
    text: bytes
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """Any other response, as it came."""

    octets: bytes


Answer = Exists | Expunged | Vanished | Fetched | Found | Counted | Told | Other


async def next_answer(wire: MemoryWire, tag: bytes) -> Answer:
    """The next response of a session, with its literals. tag: of the command that runs."""
    octets = await wire.line()
    while literal := _LITERAL.search(octets):
        octets += b"\r\n" + await wire.octets(int(literal[1])) + await wire.line()
    if octets.startswith(tag + b" "):
        return _told(octets.removeprefix(tag + b" "))
    return read_answer(octets)


def read_answer(octets: bytes) -> Answer:
    """One untagged response without its CRLF."""
    if found := _NUMBERED.fullmatch(octets):
        number, word = int(found[1]), found[2]
        if word == b"EXISTS":
            return Exists(number)
        return Expunged(number) if word == b"EXPUNGE" else Other(octets)
    if found := _FETCH.fullmatch(octets):
        return _fetched(int(found[1]), found[3], by_uid=found[2] is not None)
    if found := _VANISHED.fullmatch(octets):
        return Vanished(tuple(uids_in(found[2])), found[1] is not None)
    if found := _NUMBERS.fullmatch(octets):
        modseq = int(found[3]) if found[3] else None
        return Found(tuple(map(int, found[2].split())), modseq, {})
    if found := _ESEARCH.fullmatch(octets):
        return _esearch(found[3].split(), by_uid=found[2] is not None)
    if found := _STATUS.fullmatch(octets):
        words = found[2].decode().split()
        counts = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        return Counted(found[1].decode().strip('"'), counts)
    return _told(octets) if _CODE.fullmatch(octets) else Other(octets)


def uids_in(octets: bytes) -> Iterator[int]:
    """The members of a set without `*`, in the order of the set as it is spelled."""
    for part in octets.split(b","):
        for low, high in parse(part).ranges:
            yield from range(low, high + 1)


def _told(octets: bytes) -> Told:
    found = _CODE.fullmatch(octets)
    assert found is not None, octets
    return Told(found[2], found[3] or b"", found[4] or b"", found[5], tagged=not found[1])


def _fetched(number: int, octets: bytes, *, by_uid: bool) -> Fetched:
    values = _values(octets)
    assert len(values) % 2 == 0, octets
    pairs = zip(values[::2], values[1::2], strict=True)
    named = {name: value for name, value in pairs if isinstance(name, bytes)}
    if by_uid:
        return Fetched(0, number, named)
    uid = named.get(b"UID")
    return Fetched(number, int(uid) if isinstance(uid, bytes) else None, named)


def _esearch(words: list[bytes], *, by_uid: bool) -> Found:
    items = dict(zip(words[::2], words[1::2], strict=True))
    modseq = items.get(b"MODSEQ")
    numbers = tuple(uids_in(items[b"ALL"])) if b"ALL" in items else ()
    return Found(numbers, None if modseq is None else int(modseq), items, by_uid)


def _values(octets: bytes) -> list[Value]:
    """What stands in the parentheses that `octets` are."""
    top: list[Value] = []
    open_lists = [top]
    at = 0
    while at < len(octets):
        found = _TOKEN.match(octets, at)
        assert found is not None, octets[at:]
        at = found.end()
        token = found[0].lstrip(b" ")
        if token == b"(":
            inner: list[Value] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif token == b")":
            open_lists.pop()
        elif found[2] is not None:
            open_lists[-1].append(octets[at : at + int(found[2])])
            at += int(found[2])
        else:
            open_lists[-1].append(found[3] if found[3] is not None else found[1])
    (whole,) = top
    assert isinstance(whole, list), octets
    return whole
