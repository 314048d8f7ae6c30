"""SEARCH, read into a tree of typed keys. RFC 9051 section 6.4.4; RFC 4731, RFC 5182."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from roost.proto.imap import flags
from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadCharset, OverLimit
from roost.proto.imap.extension import Extension, Grammar, hooked
from roost.proto.imap.sequence import SequenceSet
from roost.proto.imap.token import Cursor

MAX_DEPTH = 50
MAX_KEYS = 1000
MAX_RETURNS = 20
CHARSETS = ("US-ASCII", "UTF-8")


@dataclass(frozen=True, slots=True)
class And:
    """All of these; ALL is the one without any."""

    keys: tuple["SearchKey", ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """One of the two, or both."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class Not:
    """All messages but these."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class HasFlag:
    """A flag or keyword that has a bit: SEEN, ANSWERED, KEYWORD $Junk ... and their opposites."""

    bit: int
    present: bool = True


@dataclass(frozen=True, slots=True)
class HasKeyword:
    """Any other keyword, lower case: KEYWORD and UNKEYWORD."""

    keyword: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class IsRecent:
    r"""Whether the message has \Recent: RECENT and OLD. RFC 3501 section 6.4.4."""

    present: bool = True


@dataclass(frozen=True, slots=True)
class InNumbers:
    """A set of message sequence numbers; SAVED stands for what the last SEARCH saved."""

    messages: SequenceSet


@dataclass(frozen=True, slots=True)
class InUids:
    """UID and a set of unique identifiers."""

    uids: SequenceSet


class AddressField(Enum):
    """A field of the envelope that holds addresses, and SUBJECT."""

    FROM = "FROM"
    TO = "TO"
    CC = "CC"
    BCC = "BCC"
    SUBJECT = "SUBJECT"


@dataclass(frozen=True, slots=True)
class InEnvelope:
    """The text is part of this field of the envelope."""

    field: AddressField
    text: str


@dataclass(frozen=True, slots=True)
class InHeader:
    """The text is part of a header field. name: lower case; text "": the field is there at all."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class InBody:
    """The text is part of the body: BODY."""

    text: str


@dataclass(frozen=True, slots=True)
class InText:
    """The text is part of header or body: TEXT."""

    text: str


class DateField(Enum):
    """INTERNAL is INTERNALDATE, SENT the Date field; time and zone are left aside in both."""

    INTERNAL = "internal"
    SENT = "sent"


class When(Enum):
    """BEFORE excludes the day itself, SINCE includes it."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class ByDate:
    """BEFORE, ON, SINCE, SENTBEFORE, SENTON and SENTSINCE."""

    field: DateField
    when: When
    day: date


@dataclass(frozen=True, slots=True)
class BySize:
    """LARGER (above so many octets) or SMALLER (below them)."""

    larger: bool
    octets: int


# Any of the classes above, or what an extension reads.
SearchKey = Hashable


@dataclass(frozen=True, slots=True)
class SearchReturn:
    """What RETURN asks for. RFC 9051 section 6.4.4; extra: what extensions read.

    `RETURN ()` is read as ALL; with SAVE alone nothing is to be answered (section 6.4.4.1).
    """

    min: bool = False
    max: bool = False
    all: bool = False
    count: bool = False
    save: bool = False
    extra: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Search(Arguments):
    """SEARCH. returns: None without RETURN, when an IMAP4rev1 client gets the plain response.

    charset_named: whether CHARSET was said.
    """

    key: SearchKey
    returns: SearchReturn | None = None
    charset_named: bool = field(default=False, compare=False)


_FLAG_KEYS: dict[str, SearchKey] = {
    "ALL": And(),
    "NEW": And((IsRecent(), HasFlag(flags.SEEN, present=False))),
    "RECENT": IsRecent(),
    "OLD": IsRecent(present=False),
    **{
        name.removeprefix(b"\\").decode("ascii").upper(): HasFlag(bit)
        for bit, name in flags.SYSTEM_FLAGS
    },
    **{
        "UN" + name.removeprefix(b"\\").decode("ascii").upper(): HasFlag(bit, present=False)
        for bit, name in flags.SYSTEM_FLAGS
    },
}
_DATE_KEYS: dict[str, tuple[DateField, When]] = {
    **{when.name: (DateField.INTERNAL, when) for when in When},
    **{"SENT" + when.name: (DateField.SENT, when) for when in When},
}
_RETURNS = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE"})
_WHICH = frozenset({"ALL", "PARTIAL"})


def parse_search(cursor: Cursor, grammar: Grammar) -> Search:
    """Read the arguments of SEARCH.

    Raises BadCharset for a charset that is neither US-ASCII nor UTF-8, OverLimit for keys that
    nest above MAX_DEPTH or number above MAX_KEYS.
    """
    cursor.sp()
    returns = parse_return(cursor, grammar)
    charset_named = cursor.next_word() == "CHARSET"
    return Search(parse_program(cursor, grammar), returns, charset_named)


def parse_return(cursor: Cursor, grammar: Grammar) -> SearchReturn | None:
    """Read RETURN, its options and the space behind them; None if it does not stand here.

    Raises BadSyntax for ALL and PARTIAL together, and for PARTIAL twice.
    """
    if cursor.next_word() != "RETURN":
        return None
    cursor.word()
    cursor.sp()
    returns = _returns(cursor, grammar)
    cursor.sp()
    return returns


def parse_program(cursor: Cursor, grammar: Grammar) -> SearchKey:
    """Read keys up to the end of the command, and CHARSET if it stands before them."""
    if cursor.next_word() == "CHARSET":
        cursor.word()
        cursor.sp()
        parse_charset(cursor)
        cursor.sp()
    return KeyParser(cursor, grammar).program()


def parse_charset(cursor: Cursor) -> None:
    """Read the name of a charset; BadCharset for one that is neither US-ASCII nor UTF-8."""
    start = cursor.offset
    if cursor.text("a charset is missing").upper() not in CHARSETS:
        raise BadCharset("there is no such charset", start)


def walk(key: SearchKey) -> Iterator[SearchKey]:
    """This key and all that And, Or and Not hold, in no order of meaning."""
    waiting = [key]
    while waiting:
        one = waiting.pop()
        yield one
        match one:
            case And(keys):
                waiting += keys
            case Or(left, right):
                waiting += (left, right)
            case Not(inner):
                waiting.append(inner)


def names_numbers(key: SearchKey) -> bool:
    """Whether sequence numbers are among the keys; `$` names none."""
    return any(isinstance(one, InNumbers) and not one.messages.saved for one in walk(key))


class KeyParser:
    """Reads search keys, counting how many there are."""

    def __init__(self, cursor: Cursor, grammar: Grammar) -> None:
        self._cursor = cursor
        self._grammar = grammar
        self._count = 0
        self._readers: dict[str, Callable[[int], SearchKey]] = {
            "NOT": self._not,
            "OR": self._or,
            "KEYWORD": self._keyword,
            "UNKEYWORD": self._unkeyword,
            "UID": self._uid,
            "HEADER": self._header,
        }

    def program(self) -> SearchKey:
        """Keys up to the end of the command: one as it is, several as And."""
        keys = [self._key(0)]
        while self._cursor.skip(b" "):
            keys.append(self._key(0))
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def _key(self, depth: int) -> SearchKey:
        cursor = self._cursor
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_KEYS:
            raise OverLimit("the search is too complex", cursor.offset)
        if cursor.peek(b"("):
            return self._group(depth + 1)
        if cursor.is_digit() or cursor.peek(b"*") or cursor.peek(b"$"):
            return InNumbers(cursor.sequence_set())
        name = cursor.next_word()
        if (simple := _FLAG_KEYS.get(name)) is not None:
            cursor.word()
            return simple
        if (reader := self._readers.get(name)) is not None:
            cursor.word()
            cursor.sp()
            return reader(depth + 1)
        return self._valued(name)

    def _group(self, depth: int) -> SearchKey:
        keys = self._cursor.listed(lambda: self._key(depth), MAX_KEYS)
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def _valued(self, name: str) -> SearchKey:
        """A key with one value: a text, a date or a size; or one of an extension."""
        cursor = self._cursor
        if name in _DATE_KEYS:
            self._take(name)
            return ByDate(*_DATE_KEYS[name], cursor.date())
        if name in ("LARGER", "SMALLER"):
            self._take(name)
            return BySize(name == "LARGER", cursor.number64())
        if name in ("BODY", "TEXT"):
            self._take(name)
            return InBody(cursor.text()) if name == "BODY" else InText(cursor.text())
        if name in AddressField.__members__:
            self._take(name)
            return InEnvelope(AddressField[name], cursor.text())
        return hooked(cursor, self._grammar.search_keys, "there is no such search key")

    def _take(self, name: str) -> None:
        self._cursor.expect_word(name)
        self._cursor.sp()

    def _not(self, depth: int) -> SearchKey:
        return Not(self._key(depth))

    def _or(self, depth: int) -> SearchKey:
        left = self._key(depth)
        self._cursor.sp()
        return Or(left, self._key(depth))

    def _uid(self, depth: int) -> SearchKey:  # noqa: ARG002 - all readers have it
        return InUids(self._cursor.sequence_set())

    def _header(self, depth: int) -> SearchKey:  # noqa: ARG002
        name = self._cursor.text("a header field name is missing").lower()
        self._cursor.sp()
        return InHeader(name, self._cursor.text())

    def _keyword(self, depth: int) -> SearchKey:  # noqa: ARG002
        return self._flag(present=True)

    def _unkeyword(self, depth: int) -> SearchKey:  # noqa: ARG002
        return self._flag(present=False)

    def _flag(self, *, present: bool) -> SearchKey:
        name = self._cursor.atom("a keyword is missing")
        bit = flags.bit_of(name)
        if bit is not None:
            return HasFlag(bit, present)
        return HasKeyword(name.lower().decode("ascii"), present)


def _returns(cursor: Cursor, grammar: Grammar) -> SearchReturn:
    known: dict[str, bool] = {}
    extra: list[Hashable] = []
    which: list[str] = []

    def option() -> None:
        if (name := cursor.next_word()) in _WHICH:
            if "PARTIAL" in which or (which and name == "PARTIAL"):  # RFC 9394 section 3.1
                cursor.fail("ALL or PARTIAL was said before")
            which.append(name)
        if name in _RETURNS:
            cursor.word()
            known[name.lower()] = True
        else:
            extra.append(hooked(cursor, grammar.search_returns, "no such return option"))

    cursor.listed(option, MAX_RETURNS, empty=True)
    if not known and not extra:
        known["all"] = True
    return SearchReturn(**known, extra=tuple(extra))


SEARCH = Extension(
    name="search",
    rfc=9051,
    capabilities=("ESEARCH", "SEARCHRES"),
    parsers={"SEARCH": parse_search, "UID SEARCH": parse_search},
)
