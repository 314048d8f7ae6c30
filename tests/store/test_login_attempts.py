"""Rows of logins: those alike are one, the oldest go, and any of them are found."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from roost.base.ids import AccountId
from roost.store import login_attempts
from roost.store.cleanup import LOGIN_ATTEMPTS_KEPT, clean_up
from roost.store.engine import Store
from roost.store.login_attempts import NOBODY, Attempt, Place, Seen, Wanted
from roost.testing.clock import START, StoppedClock
from roost.testing.store import new_store

ANNA = Attempt(
    AccountId(1), "anna@example.org", "imap", "PLAIN", "Mail 1.0", "192.0.2.1", "TLSv1.3", "ok"
)


def seen(attempt: Attempt, *, minute: int = 0, count: int = 1) -> Seen:
    at = START + timedelta(minutes=minute)
    return Seen(attempt, at, at, count)


async def record(store: Store, *rows: Seen) -> None:
    for begin in range(0, len(rows), 500):
        batch = rows[begin : begin + 500]
        await store.write(lambda tx, batch=batch: login_attempts.record(tx, batch))  # type: ignore[misc]


async def found(store: Store, wanted: Wanted | None = None) -> list[Seen]:
    rows: list[Seen] = []
    after: Place | None = None
    while True:
        page, after = await store.scan(
            lambda tx: login_attempts.page(tx, wanted or Wanted(), after, 100)  # noqa: B023
        )
        rows += page
        if after is None:
            return rows


async def test_like_attempts_are_one_row_from_the_first_to_the_last() -> None:
    store = await new_store()
    for minute, count in ((5, 2), (1, 3), (9, 1)):
        await record(store, seen(ANNA, minute=minute, count=count))
    first, last = (START + timedelta(minutes=minute) for minute in (1, 9))
    assert await found(store) == [Seen(ANNA, first, last, 6)]


@pytest.mark.parametrize(
    "field", ["name", "protocol", "mechanism", "client", "ip", "tls", "outcome", "account"]
)
async def test_whatever_differs_makes_another_row(field: str) -> None:
    store = await new_store()
    value: Any = AccountId(2) if field == "account" else "different"
    other = replace(ANNA, **{field: value})
    await record(store, seen(ANNA), seen(other))
    assert len(await found(store)) == 2


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        (Wanted(), [3, 2, 1, 0]),
        (Wanted(account=AccountId(1)), [1, 0]),
        (Wanted(account=NOBODY), [3]),
        (Wanted(failed=True), [3, 1]),
        (Wanted(outcome="ok"), [2, 0]),
        (Wanted(protocol="smtp"), [2]),
        (Wanted(ip="192.0.2.9", failed=True), [3]),
        (Wanted(ip="192.0.2.99"), []),
    ],
)
async def test_they_are_found_the_latest_first(wanted: Wanted, minutes: list[int]) -> None:
    store = await new_store()
    await record(
        store,
        seen(ANNA, minute=0),
        seen(replace(ANNA, outcome="wrong_password"), minute=1),
        seen(replace(ANNA, account=AccountId(2), protocol="smtp"), minute=2),
        seen(replace(ANNA, account=NOBODY, outcome="unknown", ip="192.0.2.9"), minute=3),
    )
    assert [row.last for row in await found(store, wanted)] == [
        START + timedelta(minutes=minute) for minute in minutes
    ]


async def test_pages_show_each_row_once_also_of_one_moment() -> None:
    store = await new_store()
    rows = [seen(replace(ANNA, client=f"client {number}")) for number in range(250)]
    await record(store, *rows)
    shown = await found(store)
    assert len(shown) == 250
    assert {one.attempt.client for one in shown} == {f"client {number}" for number in range(250)}


async def test_of_more_than_10000_failed_the_oldest_go_and_others_stay() -> None:
    store = await new_store()
    bob = replace(ANNA, account=AccountId(2), outcome="wrong_password")
    await record(store, seen(ANNA), seen(bob))
    wrong = replace(ANNA, outcome="wrong_password")
    rows = [
        seen(replace(wrong, client=f"client {number}"), minute=number) for number in range(10_003)
    ]
    await record(store, *rows)
    left = await found(store, Wanted(account=AccountId(1), failed=True))
    assert len(left) == 10_000
    assert min(row.last for row in left) == START + timedelta(minutes=3)
    assert len(await found(store, Wanted(outcome="ok"))) == 1
    assert len(await found(store, Wanted(account=AccountId(2)))) == 1


async def test_after_30_days_they_go() -> None:
    store, clock = await new_store(), StoppedClock()
    rows = [seen(replace(ANNA, client=str(number))) for number in range(600)]
    await record(store, *rows, seen(replace(ANNA, client="later"), minute=1))
    clock.advance(LOGIN_ATTEMPTS_KEPT + timedelta(seconds=30))
    assert (await clean_up(store, clock)).login_attempts == 600
    assert [row.attempt.client for row in await found(store)] == ["later"]
