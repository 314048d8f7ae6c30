"""Messages in an order and as threads, from what filing keeps of them. RFC 5256."""

from datetime import UTC, datetime, timedelta

import pytest

from roost.base.ids import MailboxRef
from roost.service import message_order
from roost.store.filing import file_messages
from roost.store.sort_rows import Order
from roost.testing.clock import StoppedClock
from roost.testing.filing import new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import new_store

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


async def filed(*headers: str) -> tuple[MessageStore, MailboxRef]:
    """An INBOX with messages of these header lines, a minute apart."""
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    filings = [
        new_filing(inbox, f"{header}\r\n\r\nText.\r\n".encode(), NOON + timedelta(minutes=number))
        for number, header in enumerate(headers)
    ]
    await tried.write(file_messages, filings)
    return tried, inbox


async def ordered(order: Order, *headers: str, back: bool = False) -> list[int]:
    tried, inbox = await filed(*headers)
    uids = range(1, len(headers) + 1)
    found = await message_order.sort(tried.store, inbox.account, inbox, [(order, back)], uids)
    await tried.store.close()
    return found


@pytest.mark.parametrize(
    ("order", "headers", "expected"),
    [
        (Order.SUBJECT, ["Subject: Z\u00dcGE", "Subject: z\u00fcge", "Subject: Re: a"], [3, 1, 2]),
        (Order.SUBJECT, ["Subject: =?utf-8?q?=C3=84?=", "Subject: \u00c4", "X: y"], [3, 1, 2]),
        (Order.FROM, ["From: Zoe <B@x>", "From: Ann <b@y>", "From: <a@x>"], [3, 1, 2]),
        (Order.CC, ["Cc: b@x, a@x", "Cc: a@x", "X: y"], [3, 2, 1]),
        (Order.DISPLAY_FROM, ["From: zoe@x", 'From: "Ann" <z@z>', "X: y"], [3, 2, 1]),
        (
            Order.DATE,
            ["Date: Fri, 2 Jan 2026 13:59:00 +0200", "X: y", "Date: nonsense"],
            [1, 2, 3],
        ),
        (Order.DATE, ["X: y", "Date: Fri, 2 Jan 2026 12:00:00 +0000"], [1, 2]),
    ],
    ids=[
        "case is no matter",
        "an encoded word is what it says",
        "only the local part counts",
        "only the first address counts",
        "a name goes before an address",
        "no date is INTERNALDATE",
        "within a second by number",
    ],
)
async def test_orders(order: Order, headers: list[str], expected: list[int]) -> None:
    assert await ordered(order, *headers) == expected


async def test_equal_ones_stand_by_number_in_reverse_too() -> None:
    assert await ordered(Order.SUBJECT, "Subject: b", "Subject: a", "Subject: B", back=True) == [
        1,
        3,
        2,
    ]


async def test_only_what_was_found_and_is_there() -> None:
    tried, inbox = await filed("Subject: c", "Subject: b", "Subject: a")
    orders = [(Order.SUBJECT, False)]
    store, account = tried.store, inbox.account
    assert await message_order.sort(store, account, inbox, orders, [1, 3, 9]) == [3, 1]
    assert await message_order.sort(store, account, inbox, orders, []) == []
    assert await message_order.thread(store, account, inbox, [], by_ancestry=True) == ([], ([], {}))
    found, forest = await message_order.thread(store, account, inbox, [1, 3, 9], by_ancestry=True)
    assert (found, forest.roots) == ([1, 3], [0, 1])
    await store.close()


@pytest.mark.parametrize(
    ("header", "parent"),
    [
        ("References: <1@x> <2@x>", 2),
        ("In-Reply-To: <1@x> <2@x>", 1),
        ("References: <2@x>\r\nIn-Reply-To: <1@x>", 2),
        ("References: nothing\r\nIn-Reply-To: <2@x>", 2),
        ('References: <"1"@x>', 1),
        ("X: y", None),
    ],
    ids=[
        "the last of References",
        "the first of In-Reply-To",
        "References go first",
        "References without an id",
        "needless quotes",
        "no references",
    ],
)
async def test_whose_answer_it_is(header: str, parent: int | None) -> None:
    tried, inbox = await filed(
        "Message-ID: <1@x>\r\nSubject: a",
        "Message-ID: <2@x>\r\nSubject: b",
        f"{header}\r\nSubject: c",
    )
    found, forest = await message_order.thread(
        tried.store, inbox.account, inbox, [1, 2, 3], by_ancestry=True
    )
    parents = [found[node] for node, children in forest.children.items() if 2 in children]
    assert parents == ([parent] if parent else [])
    await tried.store.close()
