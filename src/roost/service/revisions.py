"""Revisions: look at what was changed, and undo it where that is still possible."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from roost.ports.clock import Clock
from roost.service import accounts, addresses, domains, shares, tls_public_keys
from roost.service.config_errors import RevisionUnknown, UndoImpossible
from roost.service.configuration import MAX_PAGE, Apply, Edit, commit, page_size
from roost.store import accounts as account_rows
from roost.store import revisions as rows
from roost.store.cleanup import DEAD_READABLE
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, Revision

Current = Callable[[ReadTx, str], Awaitable[tuple[int, dict[str, Any]] | None]]

# How a change of each table is applied, and what its row says now. Credentials are not here: a
# revision holds no secret.
_TABLES: MappingProxyType[str, tuple[Apply, Current]] = MappingProxyType(
    {
        "domain": (domains.apply, domains.current),
        "account": (accounts.apply, accounts.current),
        "address": (addresses.apply, addresses.current),
        "tls_public_key": (tls_public_keys.apply, tls_public_keys.current),
        "share": (shares.apply, shares.current),
    }
)


async def page(store: Store, before: int | None = None, limit: int = MAX_PAGE) -> list[Revision]:
    """Up to `limit` revisions, newest first, those older than number `before`."""
    return await store.read(lambda tx: rows.page(tx, before, page_size(limit)))


async def get(store: Store, number: int) -> Revision:
    """One revision. Raises RevisionUnknown."""
    return await store.read(lambda tx: _require(tx, number))


async def undo(
    store: Store, clock: Clock, actor: Actor, number: int, *, reason: str = ""
) -> Revision:
    """Make everything a revision changed what it was before; returns the revision that does so.

    Raises RevisionUnknown, UndoImpossible when a later revision changed the same thing or mail
    would be lost, and what the opposite change raises (DomainInUse, AddressExists ...).
    """
    edit = Edit(actor, reason or f"undo of revision {number}", clock.now())

    async def work(tx: WriteTx) -> Revision:
        undone = await _require(tx, number)
        steps = [
            await _opposite(tx, undone, change, edit.now) for change in reversed(undone.changes)
        ]
        return await _require(tx, await commit(tx, edit, steps))

    return await store.write(work)


async def _require(tx: ReadTx, number: int) -> Revision:
    found = await rows.by_id(tx, number)
    if found is None:
        raise RevisionUnknown(number)
    return found


async def _restoring(
    tx: ReadTx, undone: Revision, change: Change, now: datetime
) -> tuple[Apply, Change]:
    """The step that takes a removed account into use again, while none of its mail is gone."""
    row = await account_rows.marked_by_name(tx, change.key)
    if row is None and await account_rows.by_name(tx, change.key) is not None:
        raise UndoImpossible(undone.id, f"there is an account {change.key} again")
    whole_until = now - DEAD_READABLE
    if row is None or row.deleted is None or row.deleted < whole_until or row.revision != undone.id:
        raise UndoImpossible(undone.id, "the account's mail is gone: restore it from a backup")
    return accounts.restore, Change(change.table, change.key, None, change.before)


async def _opposite(
    tx: ReadTx, undone: Revision, change: Change, now: datetime
) -> tuple[Apply, Change]:
    """The step that takes a change back. Raises UndoImpossible."""
    if change.table not in _TABLES:
        raise UndoImpossible(undone.id, "an old password is kept nowhere: set a new one")
    if change.table == "account" and change.before is None:
        raise UndoImpossible(undone.id, "it made an account, which may hold mail: remove it")
    if change.table == "account" and change.after is None:
        return await _restoring(tx, undone, change, now)
    apply, current = _TABLES[change.table]
    if change.after is not None:
        found = await current(tx, change.key)
        if found is None or found[0] != undone.id:
            later = f"revision {found[0]}" if found else "a later revision"
            raise UndoImpossible(
                undone.id, f"{later} changed {change.table} {change.key} since: undo that first"
            )
    return apply, Change(change.table, change.key, change.after, change.before)
