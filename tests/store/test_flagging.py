"""Changing flags: what changes, what does not, and what JMAP sees of it."""

import pytest

from roost.store.copying import copy, move_some
from roost.store.engine import ReadTx
from roost.store.expunging import remove
from roost.store.flagging import How, set_flags
from roost.store.flags import (
    DELETED,
    FLAGGED,
    IMPORTANT,
    NO_FLAGS,
    SEEN,
    Flags,
    flag_names,
    parse_flags,
    with_keywords,
    without_keywords,
)
from roost.store.placements import changed_since, keywords, select, uids_where
from roost.store.search_rows import HasFlags, NotThat, matching
from roost.testing.clock import START, StoppedClock
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


async def new_messages() -> MessageStore:
    return MessageStore(await new_store(), StoppedClock())


@pytest.mark.parametrize(
    ("names", "flags", "spelled"),
    [
        (["\\SEEN", "\\seen"], Flags(SEEN), ["\\Seen"]),
        (["$important", "Zeta", "alpha"], Flags(IMPORTANT, "alpha zeta"), None),
        ([], NO_FLAGS, []),
    ],
    ids=["any case", "keywords sorted", "none"],
)
def test_names_of_flags(names: list[str], flags: Flags, spelled: list[str] | None) -> None:
    assert parse_flags(names) == flags
    assert flag_names(flags) == (["$Important", "alpha", "zeta"] if spelled is None else spelled)


def test_keywords_are_sets() -> None:
    assert with_keywords("a c", "b c") == "a b c"
    assert with_keywords("", "b") == with_keywords("b", "") == "b"
    assert without_keywords("a b c", "b z") == "a c"
    assert without_keywords("b", "b") == ""


@pytest.mark.parametrize(
    ("how", "asked", "after"),
    [
        (How.REPLACE, Flags(SEEN, "b"), Flags(SEEN, "b")),
        (How.ADD, Flags(SEEN, "b"), Flags(SEEN | FLAGGED, "a b")),
        (How.REMOVE, Flags(FLAGGED | SEEN, "a"), NO_FLAGS),
        (How.REPLACE, NO_FLAGS, NO_FLAGS),
    ],
    ids=["replace", "add", "remove", "replace by none"],
)
async def test_ways_to_change(how: How, asked: Flags, after: Flags) -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    await tried.file(inbox, flags=Flags(FLAGGED, "a"))
    done = await tried.write(set_flags, inbox, [1], how, asked, now=START)
    assert [(one.uid, one.bits, one.keywords) for one in done.changed] == [(1, *after)]
    (placed,) = await tried.placed(inbox)
    assert (placed.flags, placed.keywords, placed.modseq) == (*after, done.changed[0].modseq)
    assert await tried.check() == []


async def test_what_does_not_change_keeps_its_modseq() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    await tried.file(inbox, flags=Flags(SEEN))
    before = await tried.placed(inbox), await tried.mailbox(inbox)
    done = await tried.write(set_flags, inbox, [1, 7], How.ADD, Flags(SEEN), now=START)
    assert (done.changed, done.unchanged, done.modified) == ([], [1], [])
    assert (await tried.placed(inbox), await tried.mailbox(inbox)) == before


async def test_unchanged_since() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for _ in range(3):
        await tried.file(inbox)
    (two,) = (await tried.write(set_flags, inbox, [2], How.ADD, Flags(SEEN), now=START)).changed
    since = two.modseq - 1
    done = await tried.write(
        set_flags, inbox, [1, 2, 3], How.ADD, Flags(FLAGGED), now=START, unchanged_since=since
    )
    assert [one.uid for one in done.changed] == [1, 3]
    assert done.modified == [2]
    assert len({one.modseq for one in done.changed}) == 2
    changed = await tried.store.read(lambda tx: changed_since(tx, inbox, two.modseq))
    assert [placed.uid for placed in changed] == [1, 3]


async def test_jmap_counts_an_email_read_only_when_every_copy_is() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    await tried.file(inbox)
    await tried.write(copy, inbox, [(1, 1)], other, now=START)
    await tried.write(set_flags, inbox, [1], How.ADD, Flags(SEEN), now=START)
    assert [(await tried.mailbox(box)).unread for box in (inbox, other)] == [1, 1]
    await tried.write(set_flags, other, [1], How.ADD, Flags(SEEN), now=START)
    assert [(await tried.mailbox(box)).unread for box in (inbox, other)] == [0, 0]
    assert await tried.check() == []


async def test_deleted_is_destroyed_for_jmap_and_created_again() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    (filed,) = await tried.file(inbox)
    sql = (
        "SELECT created_modseq, modseq, destroyed_modseq FROM email_state"
        " WHERE account_id = $1 AND email_id = $2"
    )
    (gone,) = (await tried.write(set_flags, inbox, [1], How.ADD, Flags(DELETED), now=START)).changed
    row = await tried.store.read(lambda tx: tx.row(sql, inbox.account, filed.email))
    assert row == (filed.modseq, gone.modseq, gone.modseq)
    assert (await tried.mailbox(inbox)).emails == 0
    (back,) = (await tried.write(set_flags, inbox, [1], How.REPLACE, NO_FLAGS, now=START)).changed
    row = await tried.store.read(lambda tx: tx.row(sql, inbox.account, filed.email))
    assert row == (back.modseq, back.modseq, None)
    assert (await tried.mailbox(inbox)).emails == 1


async def test_what_select_needs() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for flags in (Flags(SEEN, "b a"), Flags(0, "c"), Flags(FLAGGED)):
        await tried.file(inbox, flags=flags)
    selected = await tried.store.scan(lambda tx: select(tx, inbox))
    assert (list(selected.uids), selected.first_unseen) == ([1, 2, 3], 2)
    assert selected.keywords == ("a", "b", "c")
    assert await tried.store.scan(lambda tx: keywords(tx, inbox)) == ("a", "b", "c")
    unseen = await tried.store.scan(lambda tx: uids_where(tx, inbox, lacking=SEEN))
    assert list(unseen) == [2, 3]


@pytest.mark.parametrize(
    ("gone", "left"),
    [([], [1, 2, 3, 4]), ([1], [2, 3, 4]), ([2, 3], [1, 4]), ([4], [1, 2, 3]), ([1, 2, 3, 4], [])],
    ids=["none", "the first", "a gap", "the last", "all"],
)
async def test_select_knows_what_is_left(gone: list[int], left: list[int]) -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    for _ in range(4):
        await tried.file(inbox, other)
    await tried.write(set_flags, inbox, left[:1], How.ADD, Flags(SEEN), now=START)
    await tried.write(remove, inbox, gone, now=START)
    selected = await tried.store.scan(lambda tx: select(tx, inbox))
    assert list(selected.uids) == left
    assert selected.first_unseen == (left[1] if len(left) > 1 else None)
    assert list((await tried.store.scan(lambda tx: select(tx, other))).uids) == [1, 2, 3, 4]


async def test_unseen_messages_are_found_by_their_index() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for flags in (Flags(SEEN), NO_FLAGS, Flags(FLAGGED)):
        await tried.file(inbox, flags=flags)

    async def unseen(tx: ReadTx) -> list[int]:
        return list(await matching(tx, inbox, NotThat(HasFlags(SEEN)), 10))

    assert await tried.store.scan(unseen) == [2, 3]
    await tried.write(set_flags, inbox, [1, 2], How.REPLACE, Flags(FLAGGED), now=START)
    await tried.write(set_flags, inbox, [3], How.ADD, Flags(SEEN), now=START)
    assert await tried.store.scan(unseen) == [1, 2]


async def test_emails_need_not_lie_in_the_order_in_which_they_came() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    for _ in range(7):
        await tried.file(inbox)
    for uid in (1, 7, 3):  # the last email is two above the first, as if they were one range
        await tried.write(move_some, inbox, [uid], other, now=START)
    outcome = await tried.write(set_flags, other, [1, 2, 3], How.ADD, Flags(SEEN), now=START)
    assert [one.uid for one in outcome.changed] == [1, 2, 3]
    assert (await tried.mailbox(other)).unread == 0
