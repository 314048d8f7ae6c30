"""What every change of configuration has in common.

A change is first written down as before and after, then recorded as a revision and applied to the
rows, in one transaction. Undoing is applying the changes of a revision the other way round.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from roost.service.config_errors import SettingsInvalid, StaleRevision
from roost.store import revisions
from roost.store.engine import ReadTx, WriteTx
from roost.store.revisions import Actor, Change
from roost.store.settings import convert

S = TypeVar("S", bound=msgspec.Struct)

MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes something, why and when."""

    actor: Actor
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Revised:
    """What an apply function writes into the rows: the revision's number and its time."""

    revision: int
    now: datetime


Apply = Callable[[WriteTx, Change, Revised], Awaitable[None]]


async def commit(tx: WriteTx, edit: Edit, steps: Sequence[tuple[Apply, Change]]) -> int:
    """Record the changes as one revision, apply each in turn; returns the revision's number."""
    changes = [change for _, change in steps]
    number = await revisions.record(tx, edit.actor, edit.reason, edit.now, changes)
    for apply, change in steps:
        await apply(tx, change, Revised(number, edit.now))
    return number


async def refuse_stale(tx: ReadTx, made_from: int | None, current: int, before: Change) -> None:
    """Raise StaleRevision when the save was made from another revision than the one in force.

    made_from: None for a save that was made from none. before: a change whose `before` is what the
    row says now.
    """
    if made_from is None or made_from == current:
        return
    seen = await revisions.seen_at(tx, made_from, before.table, before.key)
    raise StaleRevision(made_from, current, revisions.differences(seen, before.before))


def settings_of(step: Change, kind: type[S]) -> S:
    """The settings that a change shall bring; SettingsInvalid when a value breaks its rule."""
    assert step.after is not None, "what is removed has no settings"
    try:
        return convert(step.after["settings"], kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        raise SettingsInvalid(f"{place.rstrip('`')}: {said}") from error


def page_size(limit: int) -> int:
    """A page size that an inline read bears."""
    return max(1, min(limit, MAX_PAGE))
