"""Lists as JMAP reads them."""

from datetime import timedelta
from functools import partial

from roost.store.copying import copy
from roost.store.expunging import remove
from roost.store.filing import file_messages
from roost.store.flagging import How, set_flags
from roost.store.flags import DELETED, FLAGGED, SEEN, Flags
from roost.store.lists import Listed, changed_since, newest, of_threads, states
from roost.testing.clock import START, StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


async def new_messages() -> MessageStore:
    return MessageStore(await new_store(), StoppedClock())


async def test_newest_first_in_pages() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    minutes = [3, 1, 3, 2]
    filings = [
        new_filing(inbox, message_octets(n), START + timedelta(minutes=minute))
        for n, minute in enumerate(minutes)
    ]
    filed = await tried.write(file_messages, filings)
    found: list[Listed] = []
    for _ in filings:
        last = found[-1] if found else None
        found += await tried.store.read(partial(newest, mailbox=inbox, after=last, limit=1))
    assert [one.email for one in found] == [filed[n].email for n in (0, 2, 3, 1)]


async def test_filters_by_merged_flags() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for bits in (SEEN, FLAGGED, SEEN | FLAGGED, DELETED):
        await tried.file(inbox, flags=Flags(bits))
    found = await tried.store.read(lambda tx: newest(tx, inbox, having=FLAGGED, lacking=SEEN))
    assert [one.email for one in found] == [2]
    assert len(await tried.store.read(lambda tx: newest(tx, inbox))) == 3


async def test_states_and_changes() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    filed = [(await tried.file(inbox, flags=Flags(0, "k")))[0] for _ in range(3)]
    account, since = inbox.account, filed[-1].modseq
    await tried.write(copy, inbox, [(1, 1)], other, now=START)
    await tried.write(set_flags, inbox, [2], How.ADD, Flags(FLAGGED), now=START)
    await tried.write(remove, inbox, [3], now=START)
    changed = await tried.store.read(lambda tx: changed_since(tx, account, since))
    assert [one.email for one in changed] == [one.email for one in filed]
    copied, flagged, gone = changed
    assert copied.mailboxes == {inbox.id, other.id}
    assert (flagged.flags, flagged.keywords) == (FLAGGED, "k")
    assert gone.destroyed_modseq == gone.modseq
    assert len({one.modseq for one in changed}) == 3
    known = await tried.store.read(lambda tx: states(tx, account, [filed[0].email]))
    assert known == {filed[0].email: copied}


async def test_emails_of_threads() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    first, second = [
        (await tried.file(inbox, octets=message_octets(n, references=(1,))))[0] for n in (1, 2)
    ]
    assert first.thread == second.thread
    found = await tried.store.read(lambda tx: of_threads(tx, inbox.account, [first.thread]))
    assert found == {first.thread: [first.email, second.email]}
