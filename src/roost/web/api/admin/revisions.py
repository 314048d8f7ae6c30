"""Who changed what, when and why; and how to take it back."""

from typing import Any

import msgspec

from roost.config.accounts import ShortText
from roost.service import revisions
from roost.store.revisions import Revision, differences
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

PAGE = 100


class DifferenceShown(msgspec.Struct, frozen=True):
    """One value that a revision changed. null stands for no value."""

    path: str
    before: Any
    after: Any


class ChangeShown(msgspec.Struct, frozen=True):
    """One thing a revision added, changed or removed."""

    table: str
    key: str
    what: str
    differences: list[DifferenceShown]


class RevisionShown(msgspec.Struct, frozen=True):
    """A revision. made: UTC, RFC 3339."""

    number: int
    made: str
    actor: str
    reason: str
    changes: list[ChangeShown]


class RevisionList(msgspec.Struct, frozen=True):
    """Revisions, newest first."""

    revisions: list[RevisionShown]


class UndoRevision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a revision is taken back."""

    reason: ShortText = ""


async def list_revisions(ctx: AdminContext, *, before: RevisionNumber = 0) -> RevisionList:
    """List the revisions, newest first, at most 100 at once. before: only older ones; 0: all."""
    found = await revisions.page(ctx.server.store, before or None, PAGE)
    return RevisionList([_shown(revision) for revision in found])


async def undo_revision(ctx: AdminContext, *, number: str, asked: UndoRevision) -> RevisionShown:
    """Make everything a revision changed what it was before.

    Errors: revision_unknown, undo_impossible, and those of the opposite change (such as
    domain_in_use).
    """
    server = ctx.server
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    done = await revisions.undo(server.store, server.clock, ctx.actor, wanted, reason=asked.reason)
    return _shown(done)


def _shown(revision: Revision) -> RevisionShown:
    changes = []
    for change in revision.changes:
        what = (
            "added" if change.before is None else "removed" if change.after is None else "changed"
        )
        changed = [
            DifferenceShown(one.path, one.before, one.after)
            for one in differences(change.before, change.after)
        ]
        changes.append(ChangeShown(change.table, change.key, what, changed))
    made = revision.made.isoformat()
    return RevisionShown(revision.id, made, revision.actor, revision.reason, changes)


ROUTES = (
    Route("GET", "/api/admin/revisions", list_revisions),
    Route("POST", "/api/admin/revisions/{number}/undo", undo_revision),
)
