"""What left a mailbox, as sessions ask for it."""

from array import array

from roost.base.ids import AccountId, MailboxRef
from roost.service import accounts
from roost.store import expunged, expunging, mailboxes, placements, vanished
from roost.store.engine import Store, WriteTx
from roost.store.filing import file_messages
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.store import new_store

CLOCK = StoppedClock()


async def house_with(count: int) -> tuple[Store, MailboxRef]:
    store = await new_store()
    await accounts.add(store, CLOCK, Actor("admin", "root"), "me")

    async def work(tx: WriteTx) -> MailboxRef:
        inbox = await mailboxes.by_name(tx, AccountId(1), "INBOX")
        assert inbox is not None
        octets = message_octets(1)
        await file_messages(tx, [new_filing(inbox.ref, octets, CLOCK.now()) for _ in range(count)])
        return inbox.ref

    return store, await store.write(work)


async def test_what_left_is_found_by_modseq_and_its_email_by_uid() -> None:
    store, ref = await house_with(6)
    before = await store.read(lambda tx: placements.by_uids(tx, ref, [2, 5]))
    start = await store.read(lambda tx: mailboxes.highest_modseq(tx, ref))
    assert start is not None
    gone = await store.write(lambda tx: expunging.remove(tx, ref, [5, 2], now=CLOCK.now()))
    assert await store.read(lambda tx: vanished.uids_since(tx, ref, start)) == array("I", [2, 5])
    later = gone[0].modseq
    assert await store.read(lambda tx: vanished.uids_since(tx, ref, later)) == array("I", [5])
    found = await store.read(lambda tx: vanished.emails_of(tx, ref, start, [1, 2, 5]))
    assert found == {one.uid: one.email for one in before}
    assert await store.read(lambda tx: vanished.emails_of(tx, ref, later, [2])) == {}
    assert await store.read(lambda tx: vanished.emails_of(tx, ref, start, [])) == {}


async def test_below_the_floor_nothing_is_known() -> None:
    store, ref = await house_with(3)
    gone = await store.write(lambda tx: expunging.remove(tx, ref, [2], now=CLOCK.now()))
    modseq = gone[0].modseq

    async def forget(tx: WriteTx) -> None:
        await tx.execute(
            "UPDATE mailbox SET floor_modseq = $1 WHERE account_id = $2 AND id = $3", modseq, *ref
        )

    await store.write(forget)
    assert await store.read(lambda tx: expunged.floor(tx, ref)) == modseq
    assert await store.read(lambda tx: vanished.uids_since(tx, ref, modseq - 1)) is None
    assert await store.read(lambda tx: vanished.uids_since(tx, ref, modseq)) == array("I")


async def test_the_highest_modseq_of_some_messages() -> None:
    store, ref = await house_with(3)
    rows = await store.read(lambda tx: placements.by_uids(tx, ref, [1, 2, 3]))
    assert await store.read(lambda tx: placements.highest_modseq(tx, ref, [1, 2, 9])) == (
        rows[1].modseq
    )
    assert await store.read(lambda tx: placements.highest_modseq(tx, ref, [9])) == 0
    since = rows[0].modseq
    assert await store.read(lambda tx: placements.uids_changed_since(tx, ref, since)) == (
        array("I", [2, 3])
    )
