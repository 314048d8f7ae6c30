"""Filing: what a reader finds afterwards."""

import pytest
from msgspec.structs import replace

from roost.base.ids import AccountId, EmailId, MailboxId, MailboxRef
from roost.ports.bus import Type
from roost.proto.mime.render import render
from roost.store import changes, emails, placements
from roost.store.blobs import stow
from roost.store.filing import file_messages
from roost.store.flags import DELETED, FLAGGED, SEEN, Flags
from roost.store.quota import UNLIMITED, QuotaExceeded, effective_limit, has_room, used
from roost.store.uids import MailboxGone
from roost.testing.blobs import MemoryBlobs
from roost.testing.bus import ListBus
from roost.testing.clock import START, StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


async def new_messages(bus: ListBus | None = None) -> MessageStore:
    return MessageStore(await new_store(bus=bus), StoppedClock())


async def test_a_message_is_found_with_all_that_was_rendered() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    octets, prefix = message_octets(1), b"Return-Path: <x@a.example>\r\n"
    flags = Flags(FLAGGED, "work")
    (filed,) = await tried.file(inbox, octets=octets, prefix=prefix, flags=flags)
    (row,) = await tried.store.read(
        lambda tx: placements.columns_page(
            tx, inbox, ("uid", "flags", "keywords", "envelope", "size", "thread_id"), 1, 9
        )
    )
    rendered = render(prefix + octets)
    assert row == (1, FLAGGED, "work", rendered.envelope, len(prefix + octets), filed.thread)
    whole = await tried.store.scan(lambda tx: emails.octets(tx, inbox.account, filed.email))
    assert whole == prefix + octets


@pytest.mark.parametrize("offset", [0, 3, 26, 27, 28, 29, 40, 10_000])
@pytest.mark.parametrize("count", [0, 1, 26, 40, 10_000])
async def test_ranges_of_octets_cross_the_prefix(offset: int, count: int) -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    octets, prefix = message_octets(1), b"Return-Path: <x@a.example>\r\n"
    (filed,) = await tried.file(inbox, octets=octets, prefix=prefix)
    part = await tried.store.scan(
        lambda tx: emails.octets(tx, inbox.account, filed.email, offset, count)
    )
    assert part == (prefix + octets)[offset : offset + count]


async def test_recipients_share_one_blob() -> None:
    tried = await new_messages()
    one, two = await tried.mailboxes("ann", "INBOX", "Archive")
    (other,) = await tried.mailboxes("bob", "INBOX")
    first = new_filing(other, message_octets(1), START)
    shared = [first, replace(first, mailbox=two), replace(first, mailbox=one)]
    filed = await tried.write(file_messages, shared)
    assert [one.mailbox for one in filed] == [other, two, one]
    places = [
        await tried.store.read(
            lambda tx, one=one: emails.place_of(tx, one.mailbox.account, one.email)  # type: ignore[misc]
        )
        for one in filed
    ]
    assert len({place.blob for place in places if place}) == 1
    assert await tried.check() == []


async def test_many_messages_get_uids_in_order() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    boxes = [other, inbox, other, inbox]
    filed = await tried.write(
        file_messages, [new_filing(box, message_octets(n), START) for n, box in enumerate(boxes)]
    )
    assert [(one.mailbox, one.uid) for one in filed] == [
        (other, 1),
        (inbox, 1),
        (other, 2),
        (inbox, 2),
    ]
    assert len({one.modseq for one in filed}) == 4


async def test_it_is_announced_with_its_state() -> None:
    bus = ListBus()
    tried = await new_messages(bus)
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    bus.hints.clear()
    filing = new_filing(inbox, message_octets(1), START, delivered=True)
    (filed,) = await tried.write(file_messages, [filing])
    (hint,) = bus.hints
    assert hint.types == {Type.EMAIL, Type.EMAIL_DELIVERY, Type.THREAD, Type.MAILBOX}
    assert hint.mailboxes == {inbox.id}
    assert hint.modseq == filed.modseq
    for kind in hint.types:
        state = await tried.store.read(
            lambda tx, kind=kind: changes.state(tx, inbox.account, kind)  # type: ignore[misc]
        )
        assert state == filed.modseq
    assert (await tried.mailbox(inbox)).highest_modseq == filed.modseq


@pytest.mark.parametrize(
    ("parents", "subjects", "threads"),
    [
        ([(), (1,), (1, 2)], ["A", "Re: A", "Re: A"], [0, 0, 0]),
        ([(), (1,)], ["A", "B"], [0, 1]),
        ([(9,), (9,)], ["A", "A"], [0, 0]),
        ([(), (), (1, 2)], ["A", "A", "A"], [0, 1, 0]),
        ([(2,), ()], ["A", "A"], [0, 0]),
        ([(), ()], ["A", "A"], [0, 1]),
    ],
    ids=[
        "replies",
        "another subject",
        "a parent nobody has",
        "would join two, takes the older",
        "reply before its parent",
        "no id in common",
    ],
)
async def test_threads(
    parents: list[tuple[int, ...]], subjects: list[str], threads: list[int]
) -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    found: list[int] = []
    for number, (references, subject) in enumerate(zip(parents, subjects, strict=True), 1):
        octets = message_octets(number, subject=subject, references=references)
        found.append((await tried.file(inbox, octets=octets))[0].thread)
    assert [found.index(thread) for thread in found] == threads
    assert await tried.check() == []


async def test_quota_is_reached_and_not_exceeded() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    octets = message_octets(1)
    limit = 2 * len(octets)
    await tried.file(inbox, octets=octets, quota_octets=limit)
    await tried.file(inbox, octets=octets, quota_octets=limit)
    with pytest.raises(QuotaExceeded) as refused:
        await tried.file(inbox, octets=octets, quota_octets=limit)
    assert (refused.value.used_octets, refused.value.limit_octets) == (limit, limit)
    assert refused.value.account == inbox.account
    assert refused.value.temporary
    assert await tried.store.read(lambda tx: used(tx, inbox.account)) == (limit, 2)
    assert await tried.check() == []


@pytest.mark.parametrize(
    ("account", "default", "limit"),
    [(0, 0, UNLIMITED), (0, 5, 5), (7, 5, 7), (-1, 5, UNLIMITED), (-9, 5, UNLIMITED)],
    ids=["none", "default", "own", "unlimited", "any negative"],
)
def test_the_limit_of_an_account(account: int, default: int, limit: int) -> None:
    assert effective_limit(account, default) == limit


@pytest.mark.parametrize(
    ("used_octets", "size", "limit", "room"),
    [(0, 5, 5, True), (1, 5, 5, False), (99, 99, UNLIMITED, True), (0, 1, 0, False)],
)
def test_room(used_octets: int, size: int, limit: int, *, room: bool) -> None:
    assert has_room(used_octets, size, limit) is room


async def test_no_such_mailbox() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    with pytest.raises(MailboxGone):
        await tried.file(MailboxRef(inbox.account, MailboxId(99)))
    assert await tried.check() == []


async def test_a_message_filed_with_deleted_is_not_shown_to_jmap() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    await tried.file(inbox, flags=Flags(DELETED | SEEN))
    found = await tried.mailbox(inbox)
    assert (found.messages, found.deleted, found.emails, found.threads) == (1, 1, 0, 0)
    assert await tried.check() == []


async def test_re_rendering_replaces_columns_only() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    (filed,) = await tried.file(inbox)
    account = AccountId(inbox.account)
    old = await tried.store.read(lambda tx: emails.outdated(tx, account, 99, EmailId(0), 9))
    assert old == [filed.email]
    columns = emails.columns_of(render(message_octets(1, subject="Anew")))
    await tried.write(
        emails.update_rendered, account, filed.email, columns._replace(render_version=99)
    )
    rows = await tried.store.read(
        lambda tx: emails.rendered(tx, account, [filed.email], ("subject", "thread_id"))
    )
    assert rows == {filed.email: ("Anew", filed.thread)}


async def test_a_large_message_lies_in_a_file() -> None:
    blobs = MemoryBlobs()
    tried = MessageStore(await new_store(blobs=blobs), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    octets = message_octets(1, body="0123456789" * 20_000)
    stowed = await stow(tried.store, blobs, tried.clock, octets)
    columns = emails.columns_of(render(octets))
    small = new_filing(inbox, b"", START)
    (filed,) = await tried.write(file_messages, [replace(small, blob=stowed, columns=columns)])
    part = await tried.store.scan(
        lambda tx: emails.octets(tx, inbox.account, filed.email, 100_000, 5_000)
    )
    assert part == octets[100_000:105_000]
    assert await tried.check() == []
