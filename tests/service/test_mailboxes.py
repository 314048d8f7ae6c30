"""Mailboxes as a client uses them."""

from collections.abc import Awaitable, Callable

import pytest

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef
from roost.ports.bus import Type
from roost.service import accounts, mailboxes
from roost.service.mailbox_errors import (
    MailboxExists,
    MailboxHasChildren,
    MailboxIsInbox,
    MailboxNameInvalid,
    MailboxRoleTaken,
    MailboxUnknown,
    OverLimit,
)
from roost.store.cleanup import clean_up
from roost.store.engine import Store
from roost.store.mailboxes import Role, delete
from roost.store.revisions import Actor
from roost.testing.bus import ListBus
from roost.testing.clock import StoppedClock
from roost.testing.messages import MessageStore
from roost.testing.store import new_store

CLOCK = StoppedClock()
ME, OTHER = AccountId(1), AccountId(2)
INITIAL = ("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash")


async def new_house(bus: ListBus | None = None) -> Store:
    """A store with the accounts ME and OTHER and their first mailboxes."""
    store = await new_store(bus=bus)
    for name in ("me", "other"):
        await accounts.add(store, CLOCK, Actor("admin", "root"), name)
    return store


async def create(store: Store, *names: str) -> None:
    for name in names:
        await mailboxes.create(store, CLOCK, ME, ME, name)


async def names(store: Store) -> list[str]:
    """The names of ME's mailboxes but for the first ones."""
    listing = await mailboxes.list_all(store, ME, ME)
    return [one.name for one in listing.mailboxes if one.name not in INITIAL]


async def ref_of(store: Store, name: str) -> MailboxRef:
    return (await mailboxes.status(store, ME, ME, name)).ref


async def test_created_mailboxes_are_listed_and_subscribed_parents_too() -> None:
    store = await new_house()
    made = await mailboxes.create(store, CLOCK, ME, ME, "Work/2026")
    assert [one.name for one in made] == ["Work", "Work/2026"]
    listing = await mailboxes.list_all(store, ME, ME)
    assert {"Work", "Work/2026"} <= listing.subscribed
    assert await names(store) == ["Work", "Work/2026"]


async def test_a_mailbox_is_found_by_any_form_of_its_name() -> None:
    store = await new_house()
    await create(store, "inbox/\u00e9t\u00e9")
    found = await mailboxes.status(store, ME, ME, "InBox/e\u0301te\u0301")
    assert found.name == "INBOX/\u00e9t\u00e9"


async def test_status_counts_messages() -> None:
    store = await new_house()
    inbox = await ref_of(store, "INBOX")
    await MessageStore(store, StoppedClock()).file(inbox)
    found = await mailboxes.status(store, ME, ME, "inbox")
    assert (found.messages, found.unseen, found.uid_next) == (1, 1, 2)


async def test_delete_takes_messages_along_and_keeps_the_subscription() -> None:
    store = await new_house()
    await create(store, "Old")
    old = await ref_of(store, "Old")
    messages = MessageStore(store, StoppedClock())
    for _ in range(3):
        await messages.file(old)
    await mailboxes.delete(store, CLOCK, ME, ME, "Old")
    assert await names(store) == []
    assert await messages.placed(old) == []
    assert "Old" in (await mailboxes.list_all(store, ME, ME)).subscribed
    assert await messages.check() == []


async def test_messages_that_a_crash_left_in_a_deleted_mailbox_go_later() -> None:
    store = await new_house()
    await create(store, "Old")
    old = await mailboxes.status(store, ME, ME, "Old")
    messages = MessageStore(store, StoppedClock())
    await messages.file(old.ref)
    await store.write(lambda tx: delete(tx, old))
    assert (await clean_up(store, CLOCK)).messages_of_removed_mailboxes == 1
    assert await messages.placed(old.ref) == []


async def test_renaming_inbox_moves_its_messages_and_leaves_what_lies_below() -> None:
    store = await new_house()
    await create(store, "INBOX/Lists")
    inbox, lists = await ref_of(store, "INBOX"), await ref_of(store, "INBOX/Lists")
    messages = MessageStore(store, StoppedClock())
    for mailbox in (inbox, inbox, lists):
        await messages.file(mailbox)
    made = await mailboxes.rename(store, CLOCK, ME, ME, "inbox", "Saved/2025")
    assert [one.name for one in made] == ["Saved", "Saved/2025"]
    assert await messages.placed(inbox) == []
    assert len(await messages.placed(made[-1].ref)) == 2
    assert len(await messages.placed(lists)) == 1
    assert (await ref_of(store, "INBOX")) == inbox
    assert await messages.check() == []


async def test_rename_keeps_subscriptions_as_they_are() -> None:
    store = await new_house()
    await create(store, "a/b")
    await mailboxes.rename(store, CLOCK, ME, ME, "a", "z/y")
    assert await names(store) == ["z", "z/y", "z/y/b"]
    assert {"a", "a/b"} <= (await mailboxes.list_all(store, ME, ME)).subscribed


async def test_subscribe_to_names_there_or_not() -> None:
    store = await new_house()
    await mailboxes.subscribe(store, ME, ME, "inbox/Gone")
    await mailboxes.subscribe(store, ME, ME, "INBOX/Gone")
    assert "INBOX/Gone" in (await mailboxes.list_all(store, ME, ME)).subscribed
    await mailboxes.unsubscribe(store, ME, ME, "INBOX/gone")
    await mailboxes.unsubscribe(store, ME, ME, "Inbox/Gone")
    await mailboxes.unsubscribe(store, ME, ME, "no//name")
    assert (await mailboxes.list_all(store, ME, ME)).subscribed == set(INITIAL)


async def test_roles_move_from_one_mailbox_to_another() -> None:
    store = await new_house()
    await mailboxes.create(store, CLOCK, ME, ME, "Bin")
    with pytest.raises(MailboxRoleTaken, match="role trash: take it from that one first"):
        await mailboxes.set_role(store, ME, ME, "Bin", Role.TRASH)
    await mailboxes.set_role(store, ME, ME, "Trash", None)
    await mailboxes.set_role(store, ME, ME, "Bin", Role.TRASH)
    assert (await mailboxes.status(store, ME, ME, "Bin")).role is Role.TRASH
    await mailboxes.delete(store, CLOCK, ME, ME, "Bin")
    await mailboxes.set_role(store, ME, ME, "Trash", Role.TRASH)


async def test_sort_order() -> None:
    store = await new_house()
    await mailboxes.set_sort_order(store, ME, ME, "Sent", 99)
    assert (await mailboxes.status(store, ME, ME, "Sent")).sort_order == 99


async def test_a_setting_that_is_there_already_changes_nothing() -> None:
    bus = ListBus()
    store = await new_house(bus)
    heard = len(bus.hints)
    await mailboxes.set_role(store, ME, ME, "Trash", Role.TRASH)
    await mailboxes.set_sort_order(store, ME, ME, "INBOX", 1)
    await mailboxes.subscribe(store, ME, ME, "INBOX")
    assert len(bus.hints) == heard
    await mailboxes.unsubscribe(store, ME, ME, "INBOX")
    assert bus.hints[-1].types == {Type.SUBSCRIPTION, Type.MAILBOX}


Attempt = Callable[[Store], Awaitable[object]]


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        (lambda s: mailboxes.create(s, CLOCK, ME, ME, "A/b"), MailboxExists),
        (lambda s: mailboxes.create(s, CLOCK, ME, ME, "InBox"), MailboxExists),
        (lambda s: mailboxes.create(s, CLOCK, ME, ME, "a//b"), MailboxNameInvalid),
        (lambda s: mailboxes.create(s, CLOCK, ME, ME, "J", role=Role.JUNK), MailboxRoleTaken),
        (lambda s: mailboxes.create(s, CLOCK, OTHER, ME, "x"), MailboxUnknown),
        (lambda s: mailboxes.create(s, CLOCK, OTHER, ME, "A/x"), MailboxUnknown),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "none", "x"), MailboxUnknown),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "a//b", "x"), MailboxUnknown),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "A", "Sent"), MailboxExists),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "A", "A"), MailboxExists),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "INBOX", "Sent"), MailboxExists),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "A", "INBOX"), MailboxExists),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "A", "A/c/d"), MailboxNameInvalid),
        (lambda s: mailboxes.rename(s, CLOCK, ME, ME, "A", "x" * 1023), MailboxNameInvalid),
        (lambda s: mailboxes.rename(s, CLOCK, OTHER, ME, "A", "x"), MailboxUnknown),
        (lambda s: mailboxes.rename(s, CLOCK, OTHER, ME, "INBOX", "x"), MailboxUnknown),
        (lambda s: mailboxes.delete(s, CLOCK, ME, ME, "none"), MailboxUnknown),
        (lambda s: mailboxes.delete(s, CLOCK, ME, ME, "inbox"), MailboxIsInbox),
        (lambda s: mailboxes.delete(s, CLOCK, ME, ME, "A"), MailboxHasChildren),
        (lambda s: mailboxes.delete(s, CLOCK, OTHER, ME, "A/b"), MailboxUnknown),
        (lambda s: mailboxes.status(s, ME, ME, "none"), MailboxUnknown),
        (lambda s: mailboxes.status(s, OTHER, ME, "A"), MailboxUnknown),
        (lambda s: mailboxes.set_role(s, ME, ME, "INBOX", None), MailboxIsInbox),
        (lambda s: mailboxes.set_role(s, ME, ME, "A", Role.INBOX), MailboxRoleTaken),
        (lambda s: mailboxes.subscribe(s, ME, ME, "a//b"), MailboxNameInvalid),
        (lambda s: mailboxes.subscribe(s, OTHER, ME, "A"), MailboxUnknown),
        (lambda s: mailboxes.subscribe(s, OTHER, ME, "none"), MailboxUnknown),
    ],
    ids=[
        "create: there", "create: inbox", "create: no name", "create: role taken",
        "create: not mine", "create: not mine, below one", "rename: unknown",
        "rename: of no name", "rename: taken", "rename: to itself", "rename: inbox to taken",
        "rename: to inbox", "rename: below itself", "rename: child too long", "rename: not mine",
        "rename: not my inbox", "delete: unknown", "delete: inbox", "delete: has children",
        "delete: not mine", "status: unknown", "status: not mine", "role: of inbox",
        "role: inbox's", "subscribe: no name", "subscribe: not mine", "subscribe: not mine, unknown",
    ],
)  # fmt: skip
async def test_what_is_refused_changes_nothing(attempt: Attempt, error: type[ServiceError]) -> None:
    store = await new_house()
    await create(store, "A/b")
    before = await mailboxes.list_all(store, ME, ME)
    with pytest.raises(error):
        await attempt(store)
    assert await mailboxes.list_all(store, ME, ME) == before


@pytest.mark.slow
async def test_an_account_has_a_bound_on_its_mailboxes() -> None:
    store = await new_house()
    last = mailboxes.MAX_MAILBOXES - len(INITIAL)

    for first in range(0, last, 30):  # 30 levels at once
        deep = [f"m{first:05}"] + ["x"] * (min(30, last - first) - 1)
        await create(store, "/".join(deep))
    assert len((await mailboxes.list_all(store, ME, ME)).mailboxes) == mailboxes.MAX_MAILBOXES
    with pytest.raises(OverLimit, match="10000 mailboxes: remove some first"):
        await create(store, "more")
    with pytest.raises(OverLimit):
        await mailboxes.rename(store, CLOCK, ME, ME, "Sent", "new/Sent")
    await mailboxes.rename(store, CLOCK, ME, ME, "Sent", "Gone")


async def test_others_see_nothing() -> None:
    store = await new_house()
    listing = await mailboxes.list_all(store, OTHER, ME)
    assert (listing.mailboxes, listing.subscribed) == ((), frozenset())
