"""Messages filed by one call are as if each had come alone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.ids import MailboxRef
from roost.store.engine import ReadTx
from roost.store.filing import Filing, file_messages
from roost.store.flags import DELETED, NO_FLAGS, SEEN, Flags
from roost.testing.clock import START, StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.messages import MessageStore
from roost.testing.store import new_store

FLAGS = (NO_FLAGS, Flags(SEEN), Flags(DELETED), Flags(SEEN | DELETED, "work"))


# All but where a thread that began within the work says it began: nobody can have seen it before.
WRITTEN = (
    "account_id, id, modseq, destroyed_modseq, emails FROM thread",
    "* FROM mailbox",
    "* FROM thread_mailbox",
    "* FROM thread_ref",
    "* FROM placement",
    "* FROM email_state",
    "* FROM list_entry",
    "* FROM account_counter",
    "* FROM type_state",
)


class Message(NamedTuple):
    box: int
    number: int
    references: tuple[int, ...]
    subject: str
    flags: Flags


messages = st.builds(
    Message,
    st.integers(0, 3),
    st.integers(1, 6),
    st.lists(st.integers(1, 6), max_size=3).map(tuple),
    st.sampled_from(["Plans", "Re: Plans", "Other"]),
    st.sampled_from(FLAGS),
)


def filing(boxes: Sequence[MailboxRef], message: Message) -> Filing:
    octets = message_octets(message.number, subject=message.subject, references=message.references)
    return new_filing(boxes[message.box], octets, START, flags=message.flags)


async def new_boxes() -> tuple[MessageStore, list[MailboxRef]]:
    tried = MessageStore(await new_store(), StoppedClock())
    boxes = await tried.mailboxes("ann", "INBOX", "Lists")
    return tried, boxes + await tried.mailboxes("bob", "INBOX", "Lists")


@settings(max_examples=60, deadline=None)
@given(st.lists(messages, min_size=1, max_size=12))
async def test_together_or_one_by_one(some: list[Message]) -> None:
    whole, boxes = await new_boxes()
    apart, _ = await new_boxes()
    filings = [filing(boxes, message) for message in some]
    together = await whole.write(file_messages, filings)
    in_order = sorted(range(len(some)), key=lambda n: boxes[some[n].box])
    alone: dict[int, Any] = {}
    for n in in_order:
        (alone[n],) = await apart.write(file_messages, [filings[n]])
    assert together == [alone[n] for n in range(len(some))]
    for rows in WRITTEN:
        assert await rows_of(whole, rows) == await rows_of(apart, rows)
    assert await whole.check() == []
    await whole.store.close()
    await apart.store.close()


async def rows_of(tried: MessageStore, rows: str) -> list[Any]:
    async def work(tx: ReadTx) -> list[Any]:
        return sorted(map(repr, await tx.rows(f"SELECT {rows}")))

    return await tried.store.scan(work)


async def test_more_than_one_statement_holds() -> None:
    tried, boxes = await new_boxes()
    count = 150
    filings = [
        filing(boxes, Message(n % 4, n + 1, (n,) if n % 3 else (), "Plans", NO_FLAGS))
        for n in range(count)
    ]
    filed = await tried.write(file_messages, filings)
    assert [one.mailbox for one in filed] == [boxes[n % 4] for n in range(count)]
    assert [one.uid for one in filed[::4]] == list(range(1, len(filed[::4]) + 1))
    assert await tried.check() == []
    await tried.store.close()
