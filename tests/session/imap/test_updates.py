"""`catch_up`: large news, in pages, and in an order that a client can follow."""

import asyncio
from collections.abc import Sequence

import pytest

from roost.base.ids import MailboxRef
from roost.service import mailboxes
from roost.session.imap.updates import EXPUNGES_AT_ONCE, FEW, MANY
from roost.store import expunging, flagging
from roost.store.engine import WriteTx
from roost.store.filing import file_messages
from roost.store.flagging import How
from roost.store.flags import Flags
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapHouse, new_house

OCTETS = message_octets(1)


async def fill(house: ImapHouse, ref: MailboxRef, count: int) -> None:
    """File so many messages."""
    for start in range(0, count, 500):
        filings = [
            new_filing(ref, OCTETS, house.clock.now()) for _ in range(min(500, count - start))
        ]

        async def work(tx: WriteTx, filings: Sequence[object] = filings) -> None:
            await file_messages(tx, filings)  # type: ignore[arg-type]

        await house.store.write(work)


async def flag(house: ImapHouse, ref: MailboxRef, uids: Sequence[int], bits: int) -> None:
    for start in range(0, len(uids), 500):
        some = uids[start : start + 500]

        async def work(tx: WriteTx, some: Sequence[int] = some) -> None:
            await flagging.set_flags(tx, ref, some, How.ADD, Flags(bits), now=house.clock.now())

        await house.store.write(work)


async def remove(house: ImapHouse, ref: MailboxRef, uids: Sequence[int]) -> None:
    for start in range(0, len(uids), 500):
        some = uids[start : start + 500]

        async def work(tx: WriteTx, some: Sequence[int] = some) -> None:
            await expunging.remove(tx, ref, some, now=house.clock.now())

        await house.store.write(work)


async def test_more_changes_than_fit_on_a_page_are_all_told() -> None:
    house = await new_house()
    ref = await house.ref()
    await fill(house, ref, 1_200)
    client = await house.client()
    await client.ok("SELECT INBOX")
    await flag(house, ref, range(1, 1_201), 4)
    lines = await client.ok("NOOP")
    assert lines == [b"* %d FETCH (FLAGS (\\Recent \\Flagged))" % n for n in range(1, 1_201)]
    assert await client.ok("NOOP") == []


async def test_what_lies_beyond_a_full_page_of_removals_is_told_once() -> None:
    house = await new_house()
    ref = await house.ref()
    await fill(house, ref, 610)
    client = await house.client()
    await client.ok("SELECT INBOX")
    await remove(house, ref, range(1, 601))
    await flag(house, ref, range(601, 611), 4)
    await remove(house, ref, [610])
    lines = await client.ok("NOOP")
    assert len(lines) == 9 + 601
    assert lines[0] == b"* 601 FETCH (FLAGS (\\Recent \\Flagged))"
    assert lines[9] == b"* 610 EXPUNGE"


async def test_flags_are_never_told_of_a_message_before_exists() -> None:
    house = await new_house()
    ref = await house.ref()
    await fill(house, ref, 700)
    client = await house.client()
    await client.ok("SELECT INBOX")
    await flag(house, ref, range(1, 601), 4)
    await fill(house, ref, 1)
    await flag(house, ref, [701], 1)
    lines = await client.ok("NOOP")
    assert len(lines) >= 602
    at = lines.index(b"* 701 EXISTS")
    assert not any(line.startswith(b"* 701 FETCH") for line in lines[:at])


@pytest.mark.parametrize(
    "count", [FEW, FEW + 1, 600, EXPUNGES_AT_ONCE + 100], ids="{} messages".format
)
async def test_expunges_are_told_from_the_highest_number_down(count: int) -> None:
    house = await new_house()
    ref = await house.ref()
    await fill(house, ref, count + 10)
    client = await house.client()
    await client.ok("SELECT INBOX")
    await remove(house, ref, range(6, count + 6))
    lines = await client.ok("NOOP")
    assert lines == [b"* %d EXPUNGE" % number for number in range(count + 5, 5, -1)]
    left = await client.ok("FETCH 1:* UID")
    assert left == [
        b"* %d FETCH (UID %d)" % (number, number if number < 6 else number + count)
        for number in range(1, 11)
    ]


async def test_arrivals_and_removals_together_leave_the_right_number() -> None:
    house = await new_house()
    ref = await house.ref()
    await fill(house, ref, 20)
    client = await house.client()
    await client.ok("SELECT INBOX")
    await remove(house, ref, range(1, 16))
    await fill(house, ref, 1_100)
    await remove(house, ref, [21, 22])
    count = 20
    for line in await client.ok("NOOP"):
        number, word = line.split()[1:]
        count = int(number) if word == b"EXISTS" else count - (word == b"EXPUNGE")
    assert count == 20 - 15 + 1_100 - 2
    assert len(await client.ok("FETCH 1:* UID")) == count


async def test_a_mailbox_deleted_elsewhere_is_told_once_numbers_may_change() -> None:
    house = await new_house()
    await mailboxes.create(house.store, house.clock, house.account, house.account, "Gone")
    ref = await house.ref("Gone")
    await fill(house, ref, 3)
    client = await house.client()
    await client.ok("SELECT Gone")
    await mailboxes.delete(house.store, house.clock, house.account, house.account, "Gone")
    assert not any(line.endswith(b"EXPUNGE") for line in await client.ask("FETCH 1 UID"))
    assert await client.ok("NOOP") == [
        b"* 3 EXPUNGE",
        b"* 2 EXPUNGE",
        b"* 1 EXPUNGE",
        b"* OK [CLOSED] the mailbox is gone",
    ]
    assert await client.ask("CHECK") == [b"BAD select a mailbox first"]


async def test_a_mailbox_made_anew_under_the_old_name_is_another() -> None:
    house = await new_house()
    here = (house.store, house.clock, house.account, house.account, "Gone")
    await mailboxes.create(*here)
    client, other = await house.client(), await house.client()
    await client.ok("SELECT Gone")
    await mailboxes.delete(*here)
    await mailboxes.create(*here)
    await other.append(b"Hello", "Gone")
    assert await client.ok("NOOP") == [b"* OK [CLOSED] the mailbox is gone"]


async def test_a_hint_while_news_are_told_is_not_lost() -> None:
    house = await new_house()
    client, other = await house.client(), await house.client()
    await client.ok("SELECT INBOX")
    client.wire.feed(b"x IDLE\r\n")
    assert await client.wire.line() == b"+ idling"
    for number in range(1, 30):
        await other.append(b"Hello")
        assert await client.wire.line() == b"* %d EXISTS" % number
        assert await client.wire.line() == b"* %d RECENT" % number
    await asyncio.gather(other.append(b"Hello"), (await house.client()).append(b"Hello"))
    lines = [await client.wire.line()]
    while lines[-1] != b"* 31 RECENT":
        lines.append(await client.wire.line())


async def fill_many(house: ImapHouse, ref: MailboxRef, pages: int) -> None:
    """So many times 500 messages, which share 500 emails."""
    await fill(house, ref, 500)

    async def multiply(tx: WriteTx) -> None:
        for factor in range(1, pages):
            await tx.execute(
                "INSERT INTO placement SELECT account_id, mailbox_id, uid + $1, email_id, flags,"
                " keywords, modseq + $1, size, received, saved FROM placement"
                " WHERE account_id = $2 AND mailbox_id = $3 AND uid <= 500",
                factor * 500,
                *ref,
            )
        await tx.execute(
            "UPDATE mailbox SET messages = $1, uid_next = $1 + 1, highest_modseq = 1000000"
            " WHERE account_id = $2 AND id = $3",
            pages * 500,
            *ref,
        )
        await tx.execute(
            "UPDATE account_counter SET next_modseq = 1000001 WHERE account_id = $1", ref.account
        )

    await house.store.write(multiply)


async def test_a_mailbox_of_100_000_messages_is_selected() -> None:
    house = await new_house()
    await fill_many(house, await house.ref(), 200)
    client = await house.client()
    lines = await client.ok("SELECT INBOX")
    assert b"* 100000 EXISTS" in lines


@pytest.mark.parametrize("qresync", [False, True])
async def test_what_leaves_a_large_mailbox_is_told_as_in_a_small_one(qresync: bool) -> None:
    house = await new_house()
    ref = await house.ref()
    await fill_many(house, ref, MANY // 500 + 1)
    client = await house.client()
    if qresync:
        await client.ok("ENABLE QRESYNC")
    await client.ok("SELECT INBOX")
    await remove(house, ref, range(11, 311))
    expunges = [b"* %d EXPUNGE" % number for number in range(310, 10, -1)]
    assert (await client.ok("NOOP"))[: len(expunges)] == (
        [b"* VANISHED 11:310"] if qresync else expunges
    )
    assert await client.ok("UID SEARCH UID 9:312") == [b"* SEARCH 9 10 311 312"]
    assert (await client.ok("FETCH 11 (UID)"))[0] == b"* 11 FETCH (UID 311)"


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("NOT SUBJECT nothing", 20_500),
        ("OR SUBJECT nothing NOT FROM nobody", 20_500),
        ("NOT UID 11:20010 NOT SUBJECT nothing", 500),
        ("SUBJECT nothing", 0),
    ],
)
async def test_a_large_mailbox_is_searched_as_a_small_one(key: str, count: int) -> None:
    house = await new_house()
    await fill_many(house, await house.ref(), 41)
    client = await house.client()
    await client.ok("EXAMINE INBOX")
    (line,) = await client.ok(f"SEARCH RETURN (COUNT) {key}")
    assert line.endswith(b" COUNT %d" % count)
