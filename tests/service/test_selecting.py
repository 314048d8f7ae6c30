"""Opening a mailbox: what it holds, and whose its new messages are."""

from typing import Any

import pytest

from roost.base.ids import AccountId, MailboxRef, Uid
from roost.service import accounts, selecting
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.selecting import Opened, claim_recent, open_mailbox
from roost.store.engine import MAX_INLINE_ROWS, Store, StoreFull, WriteTx
from roost.store.filing import file_messages
from roost.store.flags import NO_FLAGS, SEEN, Flags
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.store import new_store

CLOCK = StoppedClock()
ME, OTHER = AccountId(1), AccountId(2)


class FullStore:
    """A store whose disk is full."""

    def __init__(self, store: Store) -> None:
        self.bus, self.read, self.scan, self.close = store.bus, store.read, store.scan, store.close

    async def write(self, work: object, *, octets: int = 0) -> Any:
        raise StoreFull


async def new_house() -> Store:
    store = await new_store()
    for name in ("me", "other"):
        await accounts.add(store, CLOCK, Actor("admin", "root"), name)
    return store


async def file(store: Store, count: int = 1, flags: Flags = NO_FLAGS) -> MailboxRef:
    ref = (await opened(store, claims_recent=False)).mailbox.ref

    async def work(tx: WriteTx) -> None:
        octets = message_octets(1)
        filings = [new_filing(ref, octets, CLOCK.now(), flags=flags) for _ in range(count)]
        await file_messages(tx, filings)

    await store.write(work)
    return ref


async def opened(store: Store, *, claims_recent: bool) -> Opened:
    return await open_mailbox(store, ME, ME, "INBOX", claims_recent=claims_recent)


@pytest.mark.parametrize("count", [1, MAX_INLINE_ROWS, MAX_INLINE_ROWS + 1])
async def test_all_messages_are_there_however_many(count: int) -> None:
    store = await new_house()
    await file(store, count - 1, Flags(SEEN, "work"))
    await file(store)
    found = await opened(store, claims_recent=False)
    assert list(found.messages.uids) == list(range(1, count + 1))
    assert found.messages.first_unseen == count
    assert found.messages.keywords == (() if count == 1 else ("work",))
    assert found.mailbox.messages == count


async def test_new_messages_are_recent_for_the_first_that_claims_them() -> None:
    store = await new_house()
    await file(store)
    assert (await opened(store, claims_recent=False)).recent_from == 1
    assert (await opened(store, claims_recent=True)).recent_from == 1
    assert (await opened(store, claims_recent=True)).recent_from == 2
    await file(store)
    assert (await opened(store, claims_recent=True)).recent_from == 2


async def test_who_claims_first_has_them_and_a_claim_never_goes_back() -> None:
    store = await new_house()
    ref = await file(store, 3)
    assert await claim_recent(store, ref, Uid(1), 3) == 1
    assert await claim_recent(store, ref, Uid(1), 3) == 3
    assert await claim_recent(store, ref, Uid(1), 2) == 3
    assert (await opened(store, claims_recent=True)).recent_from == 3


async def test_a_disk_without_room_keeps_nobody_from_reading() -> None:
    store = await new_house()
    ref = await file(store)
    full = FullStore(store)
    found = await open_mailbox(full, ME, ME, "INBOX", claims_recent=True)
    assert found.recent_from == 1
    assert await claim_recent(full, ref, Uid(1), 2) == 1


@pytest.mark.parametrize(
    ("owner", "name"),
    [(ME, "Nowhere"), (ME, "a//b"), (OTHER, "INBOX")],
    ids=["none", "no name", "another's"],
)
async def test_a_mailbox_that_one_may_not_see_is_unknown(owner: AccountId, name: str) -> None:
    store = await new_house()
    with pytest.raises(MailboxUnknown):
        await selecting.open_mailbox(store, ME, owner, name, claims_recent=True)
