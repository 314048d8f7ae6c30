"""Who may do what with a mailbox. RFC 4314 sections 2 and 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.service import accounts
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import (
    Grants,
    NotPermitted,
    Right,
    Rights,
    changeable_flags,
    parse_rights,
    refuse_without,
    require,
    rights_of,
)
from roost.store import acl
from roost.store.accounts import mark_deleted
from roost.store.acl import ANYONE, LETTERS, WHOLE, Entry, Identifier
from roost.store.engine import Store
from roost.store.flags import ANSWERED, DELETED, EVERY_FLAG, SEEN
from roost.store.revisions import Actor
from roost.testing.clock import START, StoppedClock
from roost.testing.store import new_store

ME, OTHER, THIRD = AccountId(1), AccountId(2), AccountId(3)
BOX = MailboxId(2)
MINE = MailboxRef(ME, BOX)
EVERY = "lrswipkxtea"


async def house() -> Store:
    store = await new_store()
    for name in ("me", "other", "third"):
        await accounts.add(store, StoppedClock(), Actor("admin", "root"), name)
    return store


async def may(store: Store, acting: AccountId, ref: MailboxRef = MINE) -> str:
    return acl.letters(await store.read(lambda tx: rights_of(tx, acting, ref)))


def test_the_rights_are_those_of_rfc_4314() -> None:
    assert "".join(right.value for right in Right) == EVERY == LETTERS


async def test_without_entries_the_owner_has_all_and_others_may_not_even_know() -> None:
    store = await house()
    assert (await may(store, ME), await may(store, OTHER)) == (EVERY, "")
    for right in Right:
        await store.read(lambda tx, right=right: require(tx, ME, MINE, right))  # type: ignore[misc]
        with pytest.raises(MailboxUnknown):
            await store.read(lambda tx, right=right: require(tx, OTHER, MINE, right))  # type: ignore[misc]


HERS, ALL, NOT_HERS, NOT_ALL = (
    Identifier(user, negative) for negative in (False, True) for user in (OTHER, ANYONE)
)


@pytest.mark.parametrize(
    ("entries", "rights"),
    [
        ([Entry(BOX, HERS, "lr")], "lr"),
        ([Entry(BOX, HERS, "lr"), Entry(BOX, ALL, "ls")], "lrs"),
        ([Entry(BOX, HERS, "lrw"), Entry(BOX, NOT_HERS, "w")], "lr"),
        ([Entry(BOX, ALL, "lrw"), Entry(BOX, NOT_HERS, "w")], "lr"),
        ([Entry(BOX, HERS, "lrw"), Entry(BOX, NOT_ALL, "rw")], "l"),
        ([Entry(WHOLE, HERS, "lrs")], "lrs"),
        ([Entry(WHOLE, HERS, "lrs"), Entry(BOX, HERS, "lw")], "lw"),
        ([Entry(WHOLE, HERS, "lrs"), Entry(BOX, HERS, "")], ""),
        ([Entry(WHOLE, HERS, "lrs"), Entry(BOX, ALL, "p")], "lrsp"),
        ([Entry(WHOLE, NOT_HERS, "r"), Entry(BOX, HERS, "lr")], "l"),
        ([Entry(WHOLE, NOT_HERS, "r"), Entry(BOX, NOT_HERS, ""), Entry(BOX, HERS, "lr")], "lr"),
        ([Entry(MailboxId(3), HERS, "lr")], ""),
        ([Entry(BOX, Identifier(THIRD), "lr")], ""),
    ],
    ids=[
        "an entry",
        "entries add up",
        "a negative entry takes away",
        "also what anyone has",
        "from anyone",
        "on all of the account",
        "on the mailbox in its place",
        "even where it grants nothing",
        "but not in place of another's",
        "negative on the account",
        "negative on the mailbox in its place",
        "on another mailbox",
        "for another account",
    ],
)
async def test_what_others_have(entries: list[Entry], rights: str) -> None:
    store = await house()
    for entry in entries:
        await store.write(lambda tx, entry=entry: acl.put(tx, ME, entry))  # type: ignore[misc]
    assert await may(store, OTHER) == rights
    found = await store.read(lambda tx: acl.applying_page(tx, OTHER, ME))
    assert acl.letters(Grants(OTHER, ME, found).on(BOX)) == rights


@pytest.mark.parametrize(
    ("entry", "rights"),
    [
        (Entry(BOX, Identifier(ME), "lra"), "lra"),
        (Entry(BOX, Identifier(ME), ""), "la"),
        (Entry(BOX, Identifier(ME, negative=True), "xla"), "lrswipktea"),
        (Entry(BOX, NOT_ALL, EVERY), "la"),
        (Entry(BOX, ALL, "lr"), EVERY),
    ],
    ids=["own entry", "own empty entry", "negative", "negative for anyone", "of anyone"],
)
async def test_the_owner_may_have_less_but_never_loses_sight(entry: Entry, rights: str) -> None:
    store = await house()
    await store.write(lambda tx: acl.put(tx, ME, entry))
    assert await may(store, ME) == rights
    assert await may(store, ME, MailboxRef(ME, MailboxId(3))) == EVERY


async def test_an_account_marked_for_removal_shares_nothing() -> None:
    store = await house()
    await store.write(lambda tx: acl.put(tx, ME, Entry(WHOLE, ALL, "lr")))
    assert await may(store, OTHER) == "lr"
    await store.write(lambda tx: mark_deleted(tx, ME, START, 9))
    assert await may(store, OTHER) == ""


async def test_who_sees_a_mailbox_is_told_which_right_is_missing() -> None:
    refuse_without(parse_rights("lr"), Right.READ)
    with pytest.raises(NotPermitted) as refused:
        refuse_without(parse_rights("lr"), Right.READ, Right.EXPUNGE)
    assert (refused.value.right, '"e"' in str(refused.value)) == (Right.EXPUNGE, True)
    with pytest.raises(MailboxUnknown):
        refuse_without(parse_rights("r"), Right.EXPUNGE)


@pytest.mark.parametrize(
    ("letters", "rights"),
    [("", ""), ("lr", "lr"), ("c", "kx"), ("d", "te"), ("cdk", "kxte"), ("aa", "a")],
)
def test_letters(letters: str, rights: str) -> None:
    assert acl.letters(parse_rights(letters)) == rights


@given(st.frozensets(st.sampled_from(list(Right))))
def test_each_flag_has_its_right(rights: Rights) -> None:
    bits, keywords = changeable_flags(rights)
    assert bool(bits & SEEN) is (Right.SEEN in rights)
    assert bool(bits & DELETED) is (Right.DELETE_MESSAGES in rights)
    assert bool(bits & ANSWERED) is keywords is (Right.WRITE in rights)
    assert (changeable_flags(rights) == EVERY_FLAG) is (
        rights >= {Right.SEEN, Right.DELETE_MESSAGES, Right.WRITE}
    )


@given(st.frozensets(st.sampled_from(list(Right))), st.frozensets(st.sampled_from(list(Right))))
def test_what_is_taken_away_is_gone(granted: Rights, taken: Rights) -> None:
    entries = [Entry(BOX, HERS, acl.letters(granted)), Entry(BOX, NOT_HERS, acl.letters(taken))]
    assert Grants(OTHER, ME, entries).on(BOX) == granted - taken


@given(st.sampled_from(list(Right)), st.booleans())
def test_a_right_somewhere_is_found(right: Right, whole: bool) -> None:
    entries = [Entry(WHOLE if whole else BOX, HERS, right.value)]
    grants = Grants(OTHER, ME, entries)
    assert [one for one in Right if grants.anywhere(one)] == [right]
