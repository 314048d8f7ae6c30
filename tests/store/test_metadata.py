"""Rows of metadata. RFC 5464."""

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq
from roost.ports.bus import Hint, Type
from roost.service import accounts
from roost.store import metadata
from roost.store.engine import Store
from roost.store.metadata import SERVER, Held, Noted
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ME = AccountId(1)
INBOX = MailboxRef(ME, MailboxId(1))
MINE = MailboxRef(ME, SERVER)


async def house() -> Store:
    store = await new_store()
    await accounts.add(store, StoppedClock(), Actor("admin", "root"), "me")
    return store


async def put(store: Store, ref: MailboxRef, **values: bytes | None) -> ModSeq:
    noted = {f"/private/{name.replace('_', '/')}": value for name, value in values.items()}
    return await store.write(lambda tx: metadata.put(tx, ref, noted))


async def below(store: Store, entry: str) -> list[str]:
    return list(await store.scan(lambda tx: metadata.values_below(tx, INBOX, entry)))


async def test_values_come_in_the_order_they_are_asked_for() -> None:
    store = await house()
    await put(store, INBOX, a=b"1", b=b"", c=b"\0\xff")
    await put(store, MINE, a=b"server")
    wanted = ["/private/c", "/private/none", "/private/b", "/private/a"]
    found = await store.read(lambda tx: metadata.values(tx, INBOX, wanted))
    assert list(found.items()) == [
        ("/private/c", b"\0\xff"),
        ("/private/none", None),
        ("/private/b", b""),
        ("/private/a", b"1"),
    ]


async def test_below_an_entry_lies_only_what_has_it_as_a_component() -> None:
    store = await house()
    await put(store, INBOX, a=b"", a_b=b"", a_b_c=b"", ab=b"", a_x=None)
    assert await below(store, "/private/a") == ["/private/a", "/private/a/b", "/private/a/b/c"]
    assert await below(store, "/private/a/b") == ["/private/a/b", "/private/a/b/c"]
    assert await below(store, "/private/x") == []


async def test_what_is_held_counts_names_and_values_that_are_there() -> None:
    store = await house()
    await put(store, INBOX, a=b"12", b=b"3", c=b"gone")
    await put(store, INBOX, c=None)
    await put(store, MINE, a=b"")
    name = len("/private/a")
    assert await store.read(lambda tx: metadata.held(tx, ME)) == Held(3, 3 * name + 3)
    assert await store.read(lambda tx: metadata.held(tx, ME, SERVER)) == Held(1, name)


async def test_changes_are_found_by_modseq_also_removals() -> None:
    store = await house()
    assert await store.read(lambda tx: metadata.highest(tx, ME)) == 0
    first = await put(store, INBOX, a=b"1", b=b"2")
    second = await put(store, MINE, x=b"1")
    third = await put(store, INBOX, a=None)
    assert await store.read(lambda tx: metadata.highest(tx, ME)) == third
    found = await store.scan(lambda tx: metadata.changed_since(tx, ME, first))
    assert found == [
        Noted("", "/private/x", second, removed=False),
        Noted("INBOX", "/private/a", third, removed=True),
    ]


async def test_a_change_is_announced_to_whoever_listens() -> None:
    store = await house()
    heard: list[Hint] = []
    stop = store.bus.listen(ME, heard.append)
    await put(store, INBOX, a=b"1")
    stop()
    assert [hint.types for hint in heard] == [frozenset({Type.METADATA})]


async def test_a_copy_is_of_what_is_there() -> None:
    store = await house()
    await put(store, INBOX, a=b"1", b=b"2")
    await put(store, INBOX, b=None)
    await store.write(lambda tx: metadata.copy(tx, INBOX, MailboxRef(ME, MailboxId(2))))
    target = MailboxRef(ME, MailboxId(2))
    found = await store.read(lambda tx: metadata.values(tx, target, ["/private/a", "/private/b"]))
    assert found == {"/private/a": b"1", "/private/b": None}
