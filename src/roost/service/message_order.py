"""Found messages in an order, and as threads. RFC 5256 section 3. All of it in reader threads."""

from collections.abc import Sequence

from roost.base.ids import AccountId, MailboxRef
from roost.proto.mime.thread import base_subject
from roost.proto.mime.threading import Forest, Messages, by_references, by_subject
from roost.service import rights
from roost.service.rights import Right
from roost.store import sort_rows
from roost.store.engine import ReadTx, Store
from roost.store.sort_rows import Order


async def sort(
    store: Store,
    acting: AccountId,
    mailbox: MailboxRef,
    orders: Sequence[tuple[Order, bool]],
    uids: Sequence[int],
) -> list[int]:
    """These uids, ascending, in an order; those that are no longer there are left out.

    orders: each with whether it is the other way round; the first counts most. Raises
    MailboxUnknown, NotPermitted.
    """
    await rights.check(store, acting, mailbox, Right.READ)
    if not uids:
        return []

    wanted = frozenset(uids)

    async def work(tx: ReadTx) -> list[int]:
        found = await sort_rows.in_order(tx, mailbox, orders, uids[0], uids[-1])
        return [uid for uid in found if uid in wanted]

    return await store.scan(work)


async def thread(
    store: Store,
    acting: AccountId,
    mailbox: MailboxRef,
    uids: Sequence[int],
    *,
    by_ancestry: bool,
) -> tuple[list[int], Forest]:
    """These uids, ascending, as threads, which name them by their place in the list returned.

    by_ancestry: whether by REFERENCES, else by ORDEREDSUBJECT. Raises MailboxUnknown,
    NotPermitted.
    """
    await rights.check(store, acting, mailbox, Right.READ)
    if not uids:
        return [], Forest([], {})
    wanted = frozenset(uids)

    async def work(tx: ReadTx) -> tuple[list[int], Forest]:
        rows = await sort_rows.thread_rows(tx, mailbox, uids[0], uids[-1])
        rows = [row for row in rows if row[0] in wanted]
        subjects = [row[2] for row in rows]
        references = [row[5] for row in rows]
        messages = Messages(
            _closed_up([row[1] for row in rows]),
            [row[3] for row in rows],
            [row[4] for row in rows],
            lambda at: _references(references[at]),
        )
        found = [row[0] for row in rows]
        if not by_ancestry:
            return found, by_subject(messages)
        return found, by_references(messages, lambda at: base_subject(subjects[at])[1])

    return await store.scan(work)


def _closed_up(ranks: list[int]) -> list[int]:
    """With ranks from 0 again, where only some of the messages are wanted."""
    if not ranks or max(ranks) == len(ranks) - 1:
        return ranks
    order = {rank: at for at, rank in enumerate(sorted(ranks))}
    return [order[rank] for rank in ranks]


def _references(stored: str) -> list[str]:
    """The ids of References, else the first one of In-Reply-To. RFC 5256 section 3, REFERENCES."""
    references, _, replied = stored.partition("  ")
    if references:
        return references.split(" ")
    return [replied.partition(" ")[0]] if replied else []
