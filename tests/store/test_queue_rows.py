"""The queue's rows: claims, retries, ends."""

from datetime import timedelta

from roost.base.ids import AccountId
from roost.store import queue_rows
from roost.store.cleanup import clean_up
from roost.store.queue_rows import SERVER, ItemState, NewSubmission, QueueItem
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets, stowed_octets
from roost.testing.messages import MessageStore
from roost.testing.store import new_store

HOUR = timedelta(hours=1)


async def queued(*recipients: str, account: AccountId | None = None) -> MessageStore:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    stowed = stowed_octets(message_octets(1))
    sender = inbox.account if account is None else account
    submission = NewSubmission(sender, stowed, stowed.size, "ann@a.example")
    await tried.write(queue_rows.enqueue, submission, recipients, tried.clock.now())
    return tried


async def due(tried: MessageStore) -> list[QueueItem]:
    return await tried.store.read(lambda tx: queue_rows.due(tx, tried.clock.now(), 10))


async def test_items_are_due_at_once_and_claimed_once() -> None:
    tried = await queued("b@b.example", "c@c.example")
    one, two = await due(tried)
    assert (one.recipient, two.recipient, one.attempts) == ("b@b.example", "c@c.example", 0)
    now = tried.clock.now() + HOUR
    claim = {"now": now, "until": now + HOUR}
    assert await tried.write(queue_rows.claim, one.ref, by="w1", **claim) == 1
    assert await tried.write(queue_rows.claim, one.ref, by="w2", **claim) is None
    assert [item.ref for item in await due(tried)] == [two.ref]


async def test_a_lost_claim_costs_one_wait() -> None:
    tried = await queued("b@b.example")
    (item,) = await due(tried)
    now = tried.clock.now()
    until = now + HOUR
    assert await tried.write(queue_rows.claim, item.ref, by="w1", now=now, until=until) == 1
    assert await due(tried) == []
    assert await tried.store.read(queue_rows.next_due) == until
    tried.clock.advance(HOUR)
    (again,) = await due(tried)
    assert again.attempts == 1
    later = tried.clock.now() + HOUR
    number = await tried.write(
        queue_rows.claim, item.ref, by="w2", now=tried.clock.now(), until=later
    )
    assert number == 2
    retry = queue_rows.reschedule
    assert not await tried.write(retry, item.ref, 1, later, "late")
    assert await tried.write(retry, item.ref, 2, later, "451 later")
    tried.clock.advance(2 * HOUR)
    assert [(one.attempts, one.last_result) for one in await due(tried)] == [(2, "451 later")]


async def test_the_blob_goes_with_the_last_item() -> None:
    tried = await queued("b@b.example", "c@c.example", account=SERVER)
    one, two = await due(tried)
    end = queue_rows.finish
    assert await tried.write(end, one.ref, ItemState.DELIVERED, "250 ok", tried.clock.now())
    assert not await tried.write(end, one.ref, ItemState.FAILED, "late", tried.clock.now())
    assert [item.ref for item in await due(tried)] == [two.ref]
    tried.clock.advance(2 * HOUR)
    assert (await clean_up(tried.store, tried.clock)).blobs == 0
    assert await tried.write(end, two.ref, ItemState.FAILED, "550 no", tried.clock.now())
    assert await due(tried) == []
    tried.clock.advance(2 * HOUR)
    assert (await clean_up(tried.store, tried.clock)).blobs == 1
    sent = await tried.store.read(
        lambda tx: queue_rows.submission_of(tx, SERVER, one.ref.submission)
    )
    assert sent is not None
    assert sent.finished is not None
    items = await tried.store.read(lambda tx: queue_rows.items_of(tx, SERVER, one.ref.submission))
    assert [item.state for item in items] == [ItemState.DELIVERED, ItemState.FAILED]
    assert await tried.check() == []
