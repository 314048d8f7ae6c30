"""Rows of rights: where they come from, where they go, who is told. RFC 4314."""

import pytest

from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.ports.bus import Hint, Type
from roost.service import accounts
from roost.store import acl, mailboxes, subscriptions
from roost.store.account_removal import remove_accounts
from roost.store.accounts import mark_deleted
from roost.store.acl import ANYONE, WHOLE, Entry, Identifier
from roost.store.check import check
from roost.store.engine import Store, WriteTx
from roost.store.mailboxes import Mailbox
from roost.store.revisions import Actor
from roost.testing.clock import START, StoppedClock
from roost.testing.store import new_store

ME, HER, HIM = AccountId(1), AccountId(2), AccountId(3)
BOX = MailboxId(2)
MINE = MailboxRef(ME, BOX)
HERS = Identifier(HER)


async def house() -> Store:
    store = await new_store()
    for name in ("me", "her", "him"):
        await accounts.add(store, StoppedClock(), Actor("admin", "root"), name)
    return store


async def put(store: Store, entry: Entry, owner: AccountId = ME) -> None:
    await store.write(lambda tx: acl.put(tx, owner, entry))


async def create(store: Store, name: str) -> Mailbox:
    return (await store.write(lambda tx: mailboxes.create(tx, ME, name, START)))[-1]


async def held(store: Store, ref: MailboxRef) -> dict[Identifier, str]:
    entries = await store.read(lambda tx: acl.of_mailbox(tx, ref))
    return {entry.who: entry.rights for entry in entries}


async def test_an_entry_takes_the_place_of_the_one_before() -> None:
    store = await house()
    await put(store, Entry(BOX, HERS, "lr"))
    await put(store, Entry(BOX, HERS, "lrs", revision=7))
    assert await store.read(lambda tx: acl.find(tx, MINE, HERS)) == Entry(
        BOX, HERS, "lrs", revision=7
    )
    await store.write(lambda tx: acl.remove(tx, MINE, HERS))
    assert await store.read(lambda tx: acl.find(tx, MINE, HERS)) is None


async def test_a_mailbox_shows_what_is_on_all_of_the_account_unless_it_says_otherwise() -> None:
    store = await house()
    await put(store, Entry(WHOLE, HERS, "lr"))
    await put(store, Entry(WHOLE, Identifier(HIM), "lr"))
    await put(store, Entry(BOX, HERS, ""))
    await put(store, Entry(BOX, Identifier(ANYONE, negative=True), "w"))
    assert await held(store, MINE) == {
        Identifier(ANYONE, negative=True): "w",
        HERS: "",
        Identifier(HIM): "lr",
    }
    assert await store.read(lambda tx: acl.count(tx, MINE)) == 2


async def test_a_new_mailbox_has_the_rights_of_the_one_above_it() -> None:
    store = await house()
    above = await create(store, "a")
    await put(store, Entry(above.id, HERS, "lr", revision=3))
    deep = await create(store, "a/b/c")
    beside = await create(store, "d")
    assert await held(store, deep.ref) == {HERS: "lr"}
    assert await held(store, beside.ref) == {}
    inherited = await store.read(lambda tx: acl.find(tx, deep.ref, HERS))
    assert inherited is not None
    assert inherited.revision == 0


async def test_a_renamed_mailbox_keeps_its_rights_and_a_deleted_one_leaves_none() -> None:
    store = await house()
    one = await create(store, "a")
    await put(store, Entry(one.id, HERS, "lr"))
    (moved,) = await store.write(lambda tx: mailboxes.rename(tx, one, "b", START))
    assert await held(store, moved.ref) == {HERS: "lr"}
    await store.write(lambda tx: mailboxes.delete(tx, moved))
    assert await held(store, moved.ref) == {}
    assert await check(store, StoppedClock()) == []


@pytest.mark.parametrize(("gone", "whose"), [(ME, "the owner"), (HER, "who has them")])
async def test_rights_go_with_an_account(gone: AccountId, whose: str) -> None:
    store = await house()
    await put(store, Entry(BOX, HERS, "lr"))
    await put(store, Entry(WHOLE, HERS, "lr"))
    await store.write(lambda tx: subscriptions.subscribe(tx, HER, ME, "INBOX"))
    await store.write(lambda tx: mark_deleted(tx, gone, START, 9))
    await remove_accounts(store, START.replace(year=START.year + 1), START)

    async def left(tx: WriteTx) -> list[int]:
        tables = "SELECT count(*) FROM acl", "SELECT count(*) FROM subscription WHERE owner_id <>"
        return [await tx.value(tables[0]), await tx.value(tables[1] + " account_id")]

    assert await store.write(left) == [0, 0], whose
    assert await check(store, StoppedClock()) == []


async def test_who_shares_with_an_account() -> None:
    store = await house()
    assert await store.read(lambda tx: acl.owners(tx, HER, 10)) == []
    await put(store, Entry(BOX, HERS, "l"))
    await put(store, Entry(WHOLE, Identifier(ANYONE), "l"), owner=HIM)
    await put(store, Entry(WHOLE, Identifier(ANYONE), "l"), owner=HER)
    assert await store.read(lambda tx: acl.owners(tx, HER, 10)) == [ME, HIM]
    assert await store.read(lambda tx: acl.owners(tx, HER, 1)) == [ME]
    await put(store, Entry(BOX, HERS, ""))
    await store.write(lambda tx: mark_deleted(tx, HIM, START, 9))
    assert await store.read(lambda tx: acl.owners(tx, HER, 10)) == []
    await store.write(lambda tx: subscriptions.subscribe(tx, HER, ME, "gone"))
    assert await store.read(lambda tx: acl.owners(tx, HER, 10)) == [ME]


async def test_sending_as_an_account_needs_a_row_that_says_so() -> None:
    store = await house()
    await put(store, Entry(WHOLE, HERS, "lrswipkxtea"))
    assert not await store.read(lambda tx: acl.may_send_as(tx, HER, ME))
    await put(store, Entry(WHOLE, HERS, "", send_as=True))
    assert await store.read(lambda tx: acl.may_send_as(tx, HER, ME))
    assert not await store.read(lambda tx: acl.may_send_as(tx, HIM, ME))
    await store.write(lambda tx: mark_deleted(tx, ME, START, 9))
    assert not await store.read(lambda tx: acl.may_send_as(tx, HER, ME))


async def test_shares_are_listed_page_by_page() -> None:
    store = await house()
    await put(store, Entry(WHOLE, HERS, "lr", send_as=True))
    await put(store, Entry(MailboxId(1), Identifier(HIM), "lr"))
    await put(store, Entry(BOX, Identifier(ANYONE), "lr"))
    await put(store, Entry(BOX, Identifier(HIM, negative=True), "r"))
    await put(store, Entry(BOX, HERS, "l"), owner=HIM)
    every = await store.read(lambda tx: acl.shares(tx, None, 10))
    assert [(one.owner, one.mailbox_name, one.entry.who.user) for one in every] == [
        (ME, "", HER),
        (ME, "INBOX", HIM),
        (HIM, "Drafts", HER),
    ]
    assert await store.read(lambda tx: acl.shares(tx, every[0], 1)) == [every[1]]
    assert await store.read(lambda tx: acl.of_user(tx, HIM, HER)) == [every[2]]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (Entry(BOX, HERS, "lr"), {ME: frozenset({BOX}), HER: frozenset()}),
        (Entry(WHOLE, HERS, "lr"), {ME: frozenset(), HER: frozenset()}),
        (Entry(BOX, Identifier(ANYONE), "lr"), {ME: frozenset({BOX})}),
        (Entry(BOX, Identifier(ME), "lr"), {ME: frozenset({BOX})}),
    ],
    ids=["one account", "on all of it", "anyone", "the owner itself"],
)
async def test_sessions_of_both_are_told(
    entry: Entry, told: dict[AccountId, frozenset[MailboxId]]
) -> None:
    store, heard = await house(), list[Hint]()
    store.bus.listen(None, heard.append)
    ref = MailboxRef(ME, entry.mailbox)
    await put(store, entry)
    await store.write(lambda tx: acl.remove(tx, ref, entry.who))
    assert {hint.account: hint.mailboxes for hint in heard} == told
    assert {kind for hint in heard for kind in hint.types} == {Type.ACL}
    assert len(heard) == 2 * len(told)
    await store.write(lambda tx: acl.remove(tx, ref, entry.who))
    assert len(heard) == 2 * len(told), "nothing was removed the second time"


async def test_check_finds_rights_on_nothing_and_of_nobody() -> None:
    store = await house()
    await put(store, Entry(MailboxId(99), HERS, "lr"))
    await put(store, Entry(BOX, Identifier(AccountId(77)), "lr"))
    assert [one.text for one in await check(store, StoppedClock())] == [
        "account 1: rights of account 2 on mailbox 99: there is no such mailbox",
        "account 1: rights on mailbox 2: there is no account 77",
    ]
