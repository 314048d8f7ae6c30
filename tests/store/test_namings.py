"""What is kept of how names and subscriptions changed, and how it is found."""

import pytest

from roost.base.ids import AccountId
from roost.store import mailboxes, namings, numbers, subscriptions
from roost.store.engine import ReadTx, Store, WriteTx
from roost.testing.clock import StoppedClock
from roost.testing.imap import new_house

ME = AccountId(1)
NOW = StoppedClock().now()


async def new_store() -> Store:
    return (await new_house()).store


async def latest(store: Store) -> int:
    return await store.read(lambda tx: numbers.latest_modseq(tx, ME))


async def test_each_change_of_a_name_is_kept_in_order() -> None:
    store = await new_store()
    before = await latest(store)

    async def work(tx: WriteTx) -> None:
        made = await mailboxes.create(tx, ME, "a/b", NOW)
        await mailboxes.rename(tx, made[0], "c/d", NOW)
        renamed = await mailboxes.by_name(tx, ME, "c/d/b")
        assert renamed is not None
        await mailboxes.delete(tx, renamed)

    await store.write(work)
    found = await store.read(lambda tx: namings.since(tx, ME, before))
    assert [(one.old_name, one.new_name) for one in found] == [
        (None, "a"),
        (None, "a/b"),
        (None, "c"),
        ("a", "c/d"),
        ("c/d/b", None),
    ]
    assert await store.read(lambda tx: namings.since(tx, ME, found[3].modseq)) == found[4:]


async def test_the_oldest_changes_of_names_go() -> None:
    store = await new_store()
    before = await latest(store)

    async def fill(tx: WriteTx) -> None:
        first = await numbers.reserve_modseqs(tx, ME, namings.MAX_KEPT)
        await tx.execute_many(
            "INSERT INTO mailbox_naming (account_id, modseq, new_name) VALUES ($1, $2, 'x')",
            [(ME, first + number) for number in range(namings.MAX_KEPT)],
        )
        await mailboxes.create(tx, ME, "last", NOW)

    await store.write(fill)

    async def count(tx: ReadTx) -> int:
        number: int = await tx.value("SELECT COUNT(*) FROM mailbox_naming")
        return number

    assert await store.scan(count) == namings.MAX_KEPT
    (oldest, *_) = await store.read(lambda tx: namings.since(tx, ME, before, 1))
    assert oldest.modseq == before + 2


async def test_a_subscription_that_ended_is_known_until_it_begins_again() -> None:
    store = await new_store()
    before = await latest(store)

    async def both(tx: WriteTx, name: str) -> list[bool]:
        return [
            await subscriptions.subscribe(tx, ME, ME, name),
            await subscriptions.subscribe(tx, ME, ME, name),
            await subscriptions.unsubscribe(tx, ME, ME, name),
            await subscriptions.unsubscribe(tx, ME, ME, name),
        ]

    held = await store.read(lambda tx: subscriptions.count(tx, ME))
    assert await store.write(lambda tx: both(tx, "x")) == [True, False, True, False]
    found = await store.read(lambda tx: subscriptions.changed_since(tx, ME, ME, before))
    assert [one.name for one in found] == ["x"]
    assert await store.read(lambda tx: subscriptions.count(tx, ME)) == held
    assert "x" not in await store.scan(lambda tx: subscriptions.list_all(tx, ME, ME))
    assert "x" not in await store.read(lambda tx: subscriptions.page(tx, ME, ME, "", 500))
    assert await store.write(lambda tx: subscriptions.subscribe(tx, ME, ME, "x"))
    assert await store.read(lambda tx: subscriptions.count(tx, ME)) == held + 1
    names = ("x", "y", "INBOX")
    there = await store.read(lambda tx: subscriptions.those_subscribed(tx, ME, ME, names))
    assert there >= {"x"}
    assert "y" not in there


async def test_the_oldest_subscriptions_that_ended_go() -> None:
    store = await new_store()

    async def fill(tx: WriteTx) -> None:
        first = await numbers.reserve_modseqs(tx, ME, subscriptions.MAX_ENDED)
        await tx.execute_many(
            "INSERT INTO subscription (account_id, owner_id, name, modseq, ended)"
            " VALUES ($1, $1, $2, $3, 1)",
            [(ME, f"n{number}", first + number) for number in range(subscriptions.MAX_ENDED)],
        )
        await subscriptions.subscribe(tx, ME, ME, "last")
        await subscriptions.unsubscribe(tx, ME, ME, "last")

    await store.write(fill)

    async def ended(tx: ReadTx) -> list[str]:
        return [row[0] for row in await tx.rows("SELECT name FROM subscription WHERE ended = 1")]

    names = await store.scan(ended)
    assert len(names) == subscriptions.MAX_ENDED
    assert "n0" not in names
    assert "last" in names


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (
            "SELECT id FROM mailbox WHERE account_id = $1 AND (highest_modseq, id) > ($2, $3)"
            " AND removed IS NULL ORDER BY highest_modseq, id LIMIT $4",
            "mailbox_changed (account_id=? AND (highest_modseq,id)>(?,?))",
        ),
        (
            "SELECT name FROM subscription WHERE account_id = $1 AND owner_id = $2"
            " AND modseq > $3 ORDER BY modseq LIMIT $4",
            "subscription_modseq (account_id=? AND owner_id=? AND modseq>?)",
        ),
    ],
    ids=["mailboxes", "subscriptions"],
)
async def test_only_what_changed_is_looked_at(sql: str, index: str) -> None:
    async def plan(tx: ReadTx) -> str:
        return " ".join(
            str(row[3]) for row in await tx.rows(f"EXPLAIN QUERY PLAN {sql}", 1, 2, 3, 4)
        )

    found = await (await new_store()).read(plan)
    assert index in found
    assert "TEMP B-TREE" not in found
