"""Rows of mailboxes: numbers, hints, and what a reader of changes is told."""

from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.ports.bus import Type
from roost.store import accounts, changes, mailboxes, subscriptions
from roost.store.engine import MAX_INLINE_ROWS, Store
from roost.store.mailboxes import Mailbox, Role
from roost.testing.bus import ListBus
from roost.testing.clock import START
from roost.testing.store import new_store

ME, OTHER = AccountId(1), AccountId(2)


async def store_with_accounts(bus: ListBus | None = None) -> Store:
    store = await new_store(bus=bus)
    for name in ("me", "other"):
        await store.write(lambda tx, name=name: accounts.add(tx, name, AccountSettings(), START, 1))  # type: ignore[misc]
    return store


async def create(store: Store, name: str) -> list[Mailbox]:
    return await store.write(lambda tx: mailboxes.create(tx, ME, name, START))


async def named(store: Store, name: str) -> Mailbox:
    found = await store.read(lambda tx: mailboxes.by_name(tx, ME, name))
    assert found is not None
    return found


async def mailbox_state(store: Store) -> int:
    return await store.read(lambda tx: changes.state(tx, ME, Type.MAILBOX))


async def test_parents_are_made_and_every_mailbox_has_numbers_of_its_own() -> None:
    store = await store_with_accounts()
    top, middle, low = await create(store, "a/b/c")
    assert [one.name for one in (top, middle, low)] == ["a", "a/b", "a/b/c"]
    assert (top.parent_id, middle.parent_id, low.parent_id) == (None, top.id, middle.id)
    for number in ("id", "uid_validity", "created_modseq", "highest_modseq"):
        assert len({getattr(one, number) for one in (top, middle, low)}) == 3
    assert await mailbox_state(store) == low.created_modseq
    (more,) = await create(store, "a/b/d")
    assert more.parent_id == middle.id
    assert more.created_modseq > low.created_modseq


async def test_a_mailbox_reads_back_as_it_was_made() -> None:
    store = await store_with_accounts()
    (made,) = await store.write(
        lambda tx: mailboxes.create(tx, ME, "Junk", START, role=Role.JUNK, sort_order=4)
    )
    assert made == await named(store, "Junk")
    assert made == await store.read(lambda tx: mailboxes.by_id(tx, made.ref))
    assert made == await store.read(lambda tx: mailboxes.by_role(tx, ME, Role.JUNK))
    assert await store.read(lambda tx: mailboxes.by_name(tx, OTHER, "Junk")) is None


async def test_ensure_makes_once() -> None:
    store = await store_with_accounts()
    first = await store.write(lambda tx: mailboxes.ensure(tx, ME, "Lists/x", START))
    again = await store.write(lambda tx: mailboxes.ensure(tx, ME, "Lists/x", START))
    assert first == again


async def test_rename_takes_along_what_lies_below_and_nothing_beside() -> None:
    store = await store_with_accounts()
    for name in ("a/b/c", "a/x", "a0", "a-b"):
        await create(store, name)
    before = await named(store, "a/b")
    renamed = await store.write(lambda tx: mailboxes.rename(tx, before, "new/home", START))
    assert [one.name for one in renamed] == ["new", "new/home", "new/home/c"]
    everything = await store.scan(lambda tx: mailboxes.list_all(tx, ME))
    assert [one.name for one in everything] == [
        "a", "a-b", "a/x", "a0", "new", "new/home", "new/home/c",
    ]  # fmt: skip
    home = await named(store, "new/home")
    assert (home.id, home.uid_validity) == (before.id, before.uid_validity)
    assert home.parent_id == (await named(store, "new")).id
    assert len({one.properties_modseq for one in renamed}) == 3
    assert min(one.properties_modseq for one in renamed) > before.properties_modseq
    assert await mailbox_state(store) == max(one.properties_modseq for one in renamed)


async def test_a_deleted_name_comes_back_as_another_mailbox() -> None:
    store = await store_with_accounts()
    (old,) = await create(store, "a")
    modseq = await store.write(lambda tx: mailboxes.delete(tx, old))
    assert modseq > old.created_modseq
    assert await mailbox_state(store) == modseq
    assert await store.read(lambda tx: mailboxes.by_id(tx, old.ref)) is None
    (new,) = await create(store, "a")
    assert new.id != old.id
    assert new.uid_validity > old.uid_validity


async def test_roles_and_places_take_a_modseq() -> None:
    store = await store_with_accounts()
    (made,) = await create(store, "Old")
    await store.write(lambda tx: mailboxes.set_role(tx, made, Role.ARCHIVE))
    changed = await named(store, "Old")
    assert (changed.role, changed.properties_modseq > made.properties_modseq) == (
        Role.ARCHIVE,
        True,
    )
    await store.write(lambda tx: mailboxes.set_sort_order(tx, changed, 7))
    placed = await named(store, "Old")
    assert (placed.role, placed.sort_order) == (Role.ARCHIVE, 7)
    assert placed.properties_modseq > changed.properties_modseq


async def test_more_mailboxes_than_one_page_are_listed_whole() -> None:
    store = await store_with_accounts()
    names = [f"m{number:04}" for number in range(MAX_INLINE_ROWS + 3)]

    for name in names:
        await create(store, name)
    everything = await store.scan(lambda tx: mailboxes.list_all(tx, ME))
    assert [one.name for one in everything] == names
    assert await store.read(lambda tx: mailboxes.count(tx, ME)) == len(names)


async def test_every_change_is_announced_with_its_modseq() -> None:
    bus = ListBus()
    store = await store_with_accounts(bus)
    (made,) = await create(store, "a")
    hint = bus.hints[-1]
    assert (hint.account, Type.MAILBOX in hint.types, hint.modseq) == (
        ME,
        True,
        made.created_modseq,
    )


async def test_a_state_never_falls() -> None:
    store = await store_with_accounts()
    for modseq in (5, 3):
        await store.write(lambda tx, to=modseq: changes.record(tx, ME, [Type.EMAIL], to))  # type: ignore[misc]
    assert await store.read(lambda tx: changes.state(tx, ME, Type.EMAIL)) == 5
    assert await store.read(lambda tx: changes.state(tx, ME, Type.THREAD)) == 0
    assert await store.read(lambda tx: changes.state(tx, OTHER, Type.EMAIL)) == 0


async def test_subscriptions_are_of_the_acting_account() -> None:
    store = await store_with_accounts()
    (mine,) = await create(store, "a")
    assert await store.write(lambda tx: subscriptions.subscribe(tx, ME, ME, "a"))
    assert not await store.write(lambda tx: subscriptions.subscribe(tx, ME, ME, "a"))
    await store.write(lambda tx: subscriptions.subscribe(tx, OTHER, ME, "gone"))
    assert await store.read(lambda tx: subscriptions.page(tx, ME, ME, "", 10)) == ["a"]
    assert await store.read(lambda tx: subscriptions.page(tx, OTHER, ME, "", 10)) == ["gone"]
    assert (await named(store, "a")).properties_modseq > mine.properties_modseq
    assert await store.write(lambda tx: subscriptions.unsubscribe(tx, ME, ME, "a"))
    assert not await store.write(lambda tx: subscriptions.unsubscribe(tx, ME, ME, "a"))
    assert await store.read(lambda tx: subscriptions.count(tx, ME)) == 0
