"""Rows of mailbox access keys. RFC 4467 section 2.2."""

from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.ports.bus import Hint, Type
from roost.service import accounts
from roost.store import mailboxes, url_keys
from roost.store.engine import ReadTx, Store
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ME, HER = AccountId(1), AccountId(2)
INBOX, DRAFTS = MailboxRef(ME, MailboxId(1)), MailboxRef(ME, MailboxId(2))
OLD, NEW = b"o" * 32, b"n" * 32


async def house() -> Store:
    store = await new_store()
    for name in ("me", "her"):
        await accounts.add(store, StoppedClock(), Actor("admin", "root"), name)
    return store


async def give(store: Store, ref: MailboxRef, key: bytes, user: AccountId = ME) -> bytes:
    return await store.write(lambda tx: url_keys.give(tx, user, ref, key))


async def find(store: Store, ref: MailboxRef, user: AccountId = ME) -> bytes | None:
    return await store.read(lambda tx: url_keys.find(tx, user, ref))


async def last_reset(store: Store, ref: MailboxRef, user: AccountId = ME) -> int:
    return await store.read(lambda tx: url_keys.last_reset(tx, user, ref))


async def test_the_first_key_that_is_given_stays() -> None:
    store = await house()
    assert await find(store, INBOX) is None
    assert await give(store, INBOX, OLD) == OLD
    assert await give(store, INBOX, NEW) == OLD
    assert await find(store, INBOX) == OLD
    assert await last_reset(store, INBOX) == 0


async def test_each_user_has_a_key_of_its_own_for_each_mailbox() -> None:
    store = await house()
    await give(store, INBOX, OLD)
    assert await find(store, DRAFTS) is None
    assert await find(store, INBOX, HER) is None
    await give(store, INBOX, NEW, HER)
    assert (await find(store, INBOX), await find(store, INBOX, HER)) == (OLD, NEW)


async def test_a_reset_is_known_by_its_modseq() -> None:
    store, heard = await house(), list[Hint]()
    store.bus.listen(ME, heard.append)
    first = await store.write(lambda tx: url_keys.reset(tx, ME, INBOX, OLD))
    assert (await find(store, INBOX), await last_reset(store, INBOX)) == (OLD, first)
    second = await store.write(lambda tx: url_keys.reset(tx, ME, INBOX, NEW))
    assert second > first
    assert (await find(store, INBOX), await last_reset(store, INBOX)) == (NEW, second)
    wanted = [
        (frozenset({Type.URL_KEY}), frozenset({INBOX.id}), int(modseq))
        for modseq in (first, second)
    ]
    assert [(hint.types, hint.mailboxes, hint.modseq) for hint in heard] == wanted


async def test_all_keys_of_a_user_go_and_no_other() -> None:
    store, heard = await house(), list[Hint]()
    for ref in (INBOX, DRAFTS):
        await give(store, ref, OLD)
        await give(store, ref, OLD, HER)
    store.bus.listen(ME, heard.append)
    await store.write(lambda tx: url_keys.remove_all(tx, ME))
    assert [await find(store, ref) for ref in (INBOX, DRAFTS)] == [None, None]
    assert [await find(store, ref, HER) for ref in (INBOX, DRAFTS)] == [OLD, OLD]
    assert await last_reset(store, INBOX) == await last_reset(store, DRAFTS) > 0
    await store.write(lambda tx: url_keys.remove_all(tx, ME))  # there is nothing to tell of
    assert [hint.mailboxes for hint in heard] == [{INBOX.id, DRAFTS.id}]
    before = await last_reset(store, INBOX)
    assert await give(store, INBOX, NEW) == NEW
    assert await last_reset(store, INBOX) == before


async def test_keys_go_with_their_mailbox() -> None:
    store = await house()
    for user in (ME, HER):
        await give(store, DRAFTS, OLD, user)
    drafts = await store.read(lambda tx: mailboxes.by_name(tx, ME, "Drafts"))
    assert drafts is not None
    await give(store, INBOX, NEW)
    await store.write(lambda tx: url_keys.give(tx, ME, drafts.ref, OLD))
    await store.write(lambda tx: mailboxes.delete(tx, drafts))
    assert await find(store, drafts.ref) is None
    assert await find(store, INBOX) == NEW

    async def count(tx: ReadTx) -> int:
        number: int = await tx.value(
            "SELECT COUNT(*) FROM url_key WHERE mailbox_id = $1", drafts.id
        )
        return number

    assert await store.read(count) == 0
