"""Every step of every change of configuration and mailboxes fails in turn.

Nothing of the change is left behind, and the neighbour in the same commit stands.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Any

import apsw
import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings, AddressSettings
from roost.config.domains import DomainSettings
from roost.service import (
    accounts,
    acl,
    addresses,
    app_passwords,
    domains,
    mailboxes,
    metadata,
    revisions,
    shares,
    tls_public_keys,
)
from roost.service.app_passwords import AppPasswordAsked
from roost.service.credential_secret import SecretMaker
from roost.service.rights import ALL_RIGHTS
from roost.service.set_password import PasswordChange, set_password
from roost.service.shares import Wanted
from roost.service.tls_public_keys import KeySettings
from roost.store import login_attempts
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.login_attempts import Attempt, Seen
from roost.store.mailboxes import Role
from roost.store.revisions import Actor
from roost.testing.client_keys import make_client_key
from roost.testing.clock import StoppedClock
from roost.testing.faults import StepFailed
from roost.testing.passwords import PlainHasher, plain_maker
from roost.testing.random import SeededRandom
from roost.testing.store import TEST_OPTIONS, new_store

ADMIN, CLOCK, MAKER = Actor("admin", "root"), StoppedClock(), plain_maker()
SCRAM_MAKER = SecretMaker(PlainHasher(), SeededRandom())
EXAMPLE, OTHER = Domain.parse("example.org"), Domain.parse("other.test")
ONE, TWO, NEW = (Address.parse(f"{local}@example.org") for local in ("one", "two", "new"))
ME = AccountId(1)
KEY, OTHER_KEY = make_client_key(), make_client_key()
BY_TWO = KeySettings(TWO)

SEEN = [
    Seen(
        Attempt(ME, "one@example.org", "imap", mechanism, "", "192.0.2.1", "", outcome),
        CLOCK.now(), CLOCK.now(), 1,
    )
    for mechanism in ("PLAIN", "LOGIN") for outcome in ("ok", "wrong_password")
]  # fmt: skip

Change = Callable[[Store], Awaitable[Any]]

CHANGES: dict[str, Change] = {
    "add a domain": lambda s: domains.add(s, CLOCK, ADMIN, Domain.parse("new.test")),
    "set a domain": lambda s: domains.set_settings(
        s, CLOCK, ADMIN, EXAMPLE, DomainSettings(localpart_case_sensitive=True), made_from=None
    ),
    "remove a domain": lambda s: domains.remove(s, CLOCK, ADMIN, OTHER),
    "add an account": lambda s: accounts.add(s, CLOCK, ADMIN, "new", address=NEW),
    "set an account": lambda s: accounts.set_settings(
        s, CLOCK, ADMIN, "me", AccountSettings(full_name="M"), made_from=None
    ),
    "remove an account": lambda s: accounts.remove(s, CLOCK, ADMIN, "me"),
    "add an address": lambda s: addresses.add(s, CLOCK, ADMIN, "me", NEW),
    "set an address": lambda s: addresses.set_settings(
        s, CLOCK, ADMIN, ONE, AddressSettings(full_name="M"), made_from=None
    ),
    "remove an address": lambda s: addresses.remove(s, CLOCK, ADMIN, ONE),
    "set a password": lambda s: set_password(s, MAKER, CLOCK, ADMIN, "me", "correct horse"),
    "set a password and remove app passwords": lambda s: set_password(
        s,
        SCRAM_MAKER,
        CLOCK,
        ADMIN,
        "me",
        "my dog Waldi",
        PasswordChange(remove_app_passwords=True),
    ),
    "add an app password": lambda s: app_passwords.add(
        s, SCRAM_MAKER, CLOCK, ADMIN, "me", AppPasswordAsked("laptop")
    ),
    "remove an app password": lambda s: app_passwords.remove(s, CLOCK, ADMIN, "me", 1),
    "list logins": lambda s: s.write(lambda tx: login_attempts.record(tx, SEEN)),
    "add a key": lambda s: tls_public_keys.add(s, CLOCK, ADMIN, "me", OTHER_KEY.pem, BY_TWO),
    "set a key": lambda s: tls_public_keys.set_settings(
        s, CLOCK, ADMIN, KEY.fingerprint, KeySettings(ONE, "n"), made_from=None
    ),
    "remove a key": lambda s: tls_public_keys.remove(s, CLOCK, ADMIN, KEY.fingerprint),
    "undo": lambda s: revisions.undo(s, CLOCK, ADMIN, 2),
    "create a mailbox": lambda s: mailboxes.create(s, CLOCK, ME, ME, "x/y/z"),
    "rename a mailbox": lambda s: mailboxes.rename(s, CLOCK, ME, ME, "a", "x/y"),
    "delete a mailbox": lambda s: mailboxes.delete(s, CLOCK, ME, ME, "a/b"),
    "set a role": lambda s: mailboxes.set_role(s, ME, ME, "Junk", None),
    "set a place": lambda s: mailboxes.set_sort_order(s, ME, ME, "Sent", 9),
    "set notes": lambda s: metadata.put(s, ME, ME, "a", {"/private/comment": b"x"}),
    "share": lambda s: shares.add(s, CLOCK, ADMIN, Wanted("me", "her", "a/b"), "lr"),
    "save a share": lambda s: shares.save(
        s, CLOCK, ADMIN, Wanted("me", "her"), "lrs", send_as=True, made_from=None
    ),
    "end shares": lambda s: shares.remove(s, CLOCK, ADMIN, Wanted("me", "her")),
    "set rights": lambda s: acl.put(s, ME, ME, "a", "-anyone", lambda _: ALL_RIGHTS),
    "take rights away": lambda s: acl.remove(s, ME, ME, "a", "anyone"),
    "create below what is shared": lambda s: mailboxes.create(s, CLOCK, ME, ME, "a/c"),
    "subscribe": lambda s: mailboxes.subscribe(s, ME, ME, "gone"),
    "unsubscribe": lambda s: mailboxes.unsubscribe(s, ME, ME, "a"),
}


class FailWhenArmed:
    """Fails the so-many-th statement after `arm`, once."""

    def __init__(self) -> None:
        self._left = 0

    def arm(self, step: int) -> None:
        self._left = step

    def __call__(self, _connection: apsw.Connection, _sql: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise StepFailed


async def new_house(fault: FailWhenArmed) -> Store:
    store = await new_store(options=replace(TEST_OPTIONS, on_statement=fault))
    await domains.add(store, CLOCK, ADMIN, EXAMPLE)
    await domains.add(store, CLOCK, ADMIN, OTHER)
    await accounts.add(store, CLOCK, ADMIN, "me", address=ONE)
    await addresses.add(store, CLOCK, ADMIN, "me", TWO)
    await app_passwords.add(store, MAKER, CLOCK, ADMIN, "me", AppPasswordAsked("phone"))
    await tls_public_keys.add(store, CLOCK, ADMIN, "me", KEY.pem, BY_TWO)
    await mailboxes.create(store, CLOCK, ME, ME, "a/b")
    await mailboxes.set_role(store, ME, ME, "Trash", Role.TRASH)
    await accounts.add(store, CLOCK, ADMIN, "her")
    await shares.add(store, CLOCK, ADMIN, Wanted("me", "her"), "lr")
    await shares.add(store, CLOCK, ADMIN, Wanted("me", "her", "Sent"), "lr")
    await acl.put(store, ME, ME, "a", "anyone", lambda _: ALL_RIGHTS)
    return store


async def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables but the neighbour's."""

    async def work(tx: ReadTx) -> dict[str, list[Any]]:
        tables = await tx.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: await tx.rows(f"SELECT * FROM {name} ORDER BY 1, 2")
            for (name,) in tables
            if name != "job"
        }

    return await store.scan(work)


async def note(tx: WriteTx, text: str) -> None:
    """What the neighbour does."""
    await tx.execute("INSERT INTO job (name, progress) VALUES ($1, '')", text)


async def noted(store: Store) -> set[str]:
    return {row[0] for row in await store.scan(lambda tx: tx.rows("SELECT name FROM job"))}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_that_fails_leaves_nothing_behind(change: Change) -> None:
    fault = FailWhenArmed()
    store = await new_house(fault)
    before = await everything(store)
    for step in count(1):
        text = f"neighbour {step}"
        fault.arm(step)
        outcome, _ = await asyncio.gather(
            change(store), store.write(lambda tx, text=text: note(tx, text)),  # type: ignore[misc]
            return_exceptions=True,
        )  # fmt: skip
        fault.arm(0)
        if not isinstance(outcome, StepFailed):
            break
        assert await everything(store) == before
        assert text in await noted(store)
    assert not isinstance(outcome, Exception), "with no failing step it goes well"
    assert step > 2
    assert await everything(store) != before
