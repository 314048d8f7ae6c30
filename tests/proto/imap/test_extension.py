"""Where extensions reach into the grammar. RFC 4466."""

from collections.abc import Hashable

import pytest

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append
from roost.proto.imap.core.fetch import Fetch, FetchAttribute, parse_items
from roost.proto.imap.core.list import List
from roost.proto.imap.core.mailbox import Create
from roost.proto.imap.core.search import And, Not, Search
from roost.proto.imap.core.select import Select
from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.core.status import Status
from roost.proto.imap.core.store import Store
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar, without_value
from roost.proto.imap.state import ANY
from roost.proto.imap.token import Cursor, MessageLiteral, Piece


def read_modseq(cursor: Cursor) -> Hashable:
    cursor.sp()
    return "modseq", cursor.number64()


def read_name(cursor: Cursor) -> Hashable:
    return "name"


def read_items(cursor: Cursor, grammar: Grammar) -> Hashable:
    cursor.sp()
    return parse_items(cursor, grammar)


def read_url(cursor: Cursor) -> Hashable:
    cursor.sp()
    cursor.expect(b"(", "a list is missing")
    size = cursor.message().size_octets
    if not cursor.partial:
        cursor.expect(b")", "a closing parenthesis is missing")
    return "url", size


TOY = Extension(
    name="toy",
    rfc=4466,
    capabilities=("TOY", "MULTIAPPEND"),
    enables=("TOY",),
    parsers={"TOY": parse_bare},
    states={"TOY": ANY},
    select_parameters={"TOY": read_modseq},
    create_parameters={"TOY": read_modseq},
    append_options={"TOY": read_modseq},
    append_data={"UTF8": read_url},
    fetch_items={"MODSEQ": read_name},
    fetch_modifiers={"CHANGEDSINCE": read_modseq},
    uid_fetch_modifiers={"VANISHED": without_value("vanished")},
    nested_search_returns={"UPDATE": read_items},
    store_modifiers={"UNCHANGEDSINCE": read_modseq},
    search_keys={"MODSEQ": read_modseq},
    search_returns={"PARTIAL": read_modseq},
    list_selects={"TOY": read_name},
    list_returns={"METADATA": read_modseq},
    status_items=("HIGHESTMODSEQ",),
)
GRAMMAR = Grammar((*CORE, TOY))
FIVE = ("modseq", 5)


def parse(*pieces: Piece) -> object:
    return GRAMMAR.parse(pieces).args


def test_every_place_can_be_extended() -> None:
    ones = sequence.parse(b"1")
    assert parse(b"a SELECT x (TOY 5)") == Select("x", (FIVE,))
    assert parse(b"a CREATE x (toy 5)") == Create("x", (FIVE,))
    assert parse(b"a FETCH 1 (UID MODSEQ) (CHANGEDSINCE 5)") == Fetch(
        ones, (FetchAttribute.UID, "name"), (FIVE,)
    )
    store = parse(b"a STORE 1 (UNCHANGEDSINCE 5) FLAGS ()")
    assert isinstance(store, Store)
    assert store.modifiers == (FIVE,)
    assert parse(b"a STATUS x (HIGHESTMODSEQ)") == Status("x", ("HIGHESTMODSEQ",))
    search = parse(b"a SEARCH RETURN (PARTIAL 5) NOT MODSEQ 5 ALL")
    assert isinstance(search, Search)
    assert search.key == And((Not(FIVE), And()))
    assert search.returns is not None
    assert (search.returns.extra, search.returns.all) == ((FIVE,), False)
    listed = parse(b'a LIST (TOY RECURSIVEMATCH) "" % RETURN (METADATA 5)')
    assert isinstance(listed, List)
    assert (listed.select.extra, listed.returns.extra) == (("name",), (FIVE,))
    assert GRAMMAR.parse((b"a TOY",)).verb == "TOY"
    assert GRAMMAR.states["TOY"] == ANY


@pytest.mark.parametrize(
    "pieces",
    [
        (b"a APPEND x TOY 5 UTF8 (", MessageLiteral(7)),
        (b"a APPEND x TOY 5 UTF8 (", MessageLiteral(7), b")"),
    ],
    ids=["cut off", "whole"],
)
def test_append_takes_options_and_other_data(pieces: tuple[Piece, ...]) -> None:
    append = parse(*pieces)
    assert isinstance(append, Append)
    (message,) = append.messages
    assert (message.options, message.data) == ((FIVE,), ("url", 7))


def test_append_takes_many_messages() -> None:
    append = parse(b"a APPEND x ", MessageLiteral(3), b" (a) ", MessageLiteral(4), b"")
    assert isinstance(append, Append)
    assert [message.size_octets for message in append.messages] == [3, 4]
    with pytest.raises(BadSyntax):
        parse(b"a APPEND x ", MessageLiteral(3), b"x")


def test_capabilities_are_gathered() -> None:
    assert GRAMMAR.has("TOY")
    assert GRAMMAR.enables == {"IMAP4REV2", "TOY"}
    assert GRAMMAR.capabilities[:2] == ("IMAP4rev2", "IMAP4rev1")
    for name in ("IDLE", "MOVE", "UNSELECT", "UIDPLUS", "ENABLE", "NAMESPACE", "ID", "LITERAL+",
                 "SASL-IR", "SPECIAL-USE", "LIST-EXTENDED", "ESEARCH", "SEARCHRES", "BINARY",
                 "LIST-STATUS", "STATUS=SIZE"):  # fmt: skip
        assert GRAMMAR.has(name)


def test_some_modifiers_are_for_uid_fetch_only() -> None:
    fetch = parse(b"a UID FETCH 1 UID (VANISHED CHANGEDSINCE 5)")
    assert fetch == Fetch(sequence.parse(b"1"), (FetchAttribute.UID,), ("vanished", FIVE))
    with pytest.raises(BadSyntax):
        parse(b"a FETCH 1 UID (VANISHED)")


def test_a_return_option_may_hold_what_others_added() -> None:
    search = parse(b"a SEARCH RETURN (UPDATE (UID MODSEQ)) ALL")
    assert isinstance(search, Search)
    assert search.returns is not None
    assert search.returns.extra == ((FetchAttribute.UID, "name"),)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"a SELECT x (TOY 5 toy 5)", 18),
        (b"a CREATE x (TOY 5 TOY 5)", 18),
        (b"a FETCH 1 UID (CHANGEDSINCE 5 CHANGEDSINCE 6)", 30),
        (b"a STORE 1 (UNCHANGEDSINCE 5 UNCHANGEDSINCE 6) FLAGS ()", 28),
    ],
)
def test_nothing_is_said_twice(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_two_extensions_cannot_claim_one_name() -> None:
    with pytest.raises(ValueError, match="TOY"):
        Grammar((TOY, TOY))
