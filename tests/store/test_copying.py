"""Copies, moves and expunges, as a client sees them."""

import pytest

from roost.store import expunged
from roost.store.copying import copy, move_some
from roost.store.copying_across import copy_across
from roost.store.expunging import empty_some, expunge, remove
from roost.store.flagging import How, set_flags
from roost.store.flags import DELETED, FLAGGED, SEEN, Flags
from roost.store.quota import QuotaExceeded, used
from roost.store.sql_lists import spans_of
from roost.testing.clock import START, StoppedClock
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


async def new_messages() -> MessageStore:
    return MessageStore(await new_store(), StoppedClock())


async def test_a_copy_is_the_same_email_with_flags_of_its_own() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    for bits in (SEEN, FLAGGED, DELETED):
        await tried.file(inbox, flags=Flags(bits, "w"))
    now = tried.clock.now()
    done = await tried.write(copy, inbox, [(1, 1), (3, 99)], other, now=now)
    assert done is not None
    assert (list(done.sources), done.first) == ([1, 3], 1)
    originals, copies = await tried.placed(inbox), await tried.placed(other)
    assert [one.email for one in copies] == [originals[0].email, originals[2].email]
    assert [(one.flags, one.keywords) for one in copies] == [(SEEN, "w"), (DELETED, "w")]
    assert {one.received for one in copies} <= {one.received for one in originals}
    assert all(one.saved > original.saved for one in copies for original in originals[:1])
    await tried.write(set_flags, other, [1], How.REPLACE, Flags(FLAGGED), now=now)
    assert (await tried.placed(inbox))[0].flags == SEEN
    assert await tried.check() == []


async def test_copying_what_is_not_there_does_nothing() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    before = await tried.mailbox(other)
    assert await tried.write(copy, inbox, [(1, 99)], other, now=START) is None
    assert await tried.write(move_some, inbox, [1, 2], other, now=START) == []
    assert await tried.mailbox(other) == before


async def test_a_set_with_very_many_gaps() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    for _ in range(4):
        await tried.file(inbox)
    spans = [(1, 1), (3, 3), *((uid, uid) for uid in range(100, 2_000, 2)), (3_000, 4_000)]
    done = await tried.write(copy, inbox, spans, other, now=START)
    assert done is not None
    assert list(done.sources) == [1, 3]
    assert await tried.check() == []


async def test_copies_count_for_the_quota() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    await tried.file(inbox)
    held, _ = await tried.store.read(lambda tx: used(tx, inbox.account))
    with pytest.raises(QuotaExceeded):
        await tried.write(copy, inbox, [(1, 1)], other, now=START, quota_octets=2 * held - 1)
    assert await tried.placed(other) == []
    await tried.write(copy, inbox, [(1, 1)], other, now=START, quota_octets=2 * held)
    assert await tried.store.read(lambda tx: used(tx, inbox.account)) == (2 * held, 2)


async def test_a_copy_in_another_account_is_a_new_email_of_the_same_octets() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    (other,) = await tried.mailboxes("bob", "INBOX")
    await tried.file(other)
    await tried.file(inbox, prefix=b"X-Added: 1\r\n", flags=Flags(SEEN, "k"))
    done = await tried.write(copy_across, inbox, [(1, 9)], other, now=START)
    assert done is not None
    assert (list(done.sources), done.first) == ([1], 2)
    (_, copied), (original,) = await tried.placed(other), await tried.placed(inbox)
    assert (copied.flags, copied.keywords, copied.size) == (SEEN, "k", original.size)
    assert await tried.check() == []


async def test_a_move_keeps_flags_and_email_and_is_told_as_an_expunge() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    filed = [(await tried.file(inbox, flags=Flags(SEEN, "k")))[0] for _ in range(3)]
    held = await tried.store.read(lambda tx: used(tx, inbox.account))
    moved = await tried.write(move_some, inbox, [3, 1], other, now=START)
    assert [(one.source, one.target) for one in moved] == [(1, 1), (3, 2)]
    assert [one.email for one in await tried.placed(other)] == [filed[0].email, filed[2].email]
    gone = await tried.store.read(lambda tx: expunged.since(tx, inbox, filed[2].modseq))
    assert [(one.uid, one.modseq) for one in gone] == [(one.source, one.modseq) for one in moved]
    assert await tried.store.read(lambda tx: used(tx, inbox.account)) == held
    assert (await tried.mailbox(inbox)).highest_modseq >= moved[-1].modseq
    assert await tried.check() == []


@pytest.mark.parametrize(
    ("spans", "limit", "left"),
    [
        (None, 500, [1, 3]),
        (None, 2, [1, 3, 5, 6]),
        ([(1, 4)], 500, [1, 3, 5, 6]),
        ([(2, 2), (6, 6)], 500, [1, 3, 4, 5]),
        ([(1, 1)], 500, [1, 2, 3, 4, 5, 6]),
    ],
    ids=["all", "at most two", "a range", "two ranges", "none deleted"],
)
async def test_expunge_takes_only_the_deleted(
    spans: list[tuple[int, int]] | None, limit: int, left: list[int]
) -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for bits in (0, DELETED, 0, DELETED, DELETED, DELETED):
        await tried.file(inbox, flags=Flags(bits))
    done = await tried.write(expunge, inbox, spans, now=START, limit=limit)
    assert [one.uid for one in await tried.placed(inbox)] == left
    assert sorted({one.modseq for one in done}) == [one.modseq for one in done]
    assert await tried.check() == []


async def test_what_left_is_known_from_any_modseq_on() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for _ in range(3):
        await tried.file(inbox)
    first = await tried.write(remove, inbox, [2], now=START)
    second = await tried.write(remove, inbox, [1, 3], now=START)
    since_first = await tried.store.read(lambda tx: expunged.since(tx, inbox, first[-1].modseq))
    assert [one.uid for one in since_first] == [1, 3]
    assert [one.modseq for one in since_first] == [one.modseq for one in second]
    assert await tried.store.read(lambda tx: expunged.floor(tx, inbox)) == 0


async def test_emptying_goes_in_steps() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for _ in range(5):
        await tried.file(inbox)
    steps = [await tried.write(empty_some, inbox, limit=2, now=START) for _ in range(4)]
    assert steps == [2, 2, 1, 0]
    assert await tried.store.read(lambda tx: used(tx, inbox.account)) == (0, 0)
    assert await tried.check() == []


@pytest.mark.parametrize(
    ("numbers", "spans"),
    [([], []), ([4], [(4, 4)]), ([1, 2, 3, 7, 9, 10], [(1, 3), (7, 7), (9, 10)])],
)
def test_spans(numbers: list[int], spans: list[tuple[int, int]]) -> None:
    assert spans_of(numbers) == spans
