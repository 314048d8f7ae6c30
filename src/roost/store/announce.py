"""Tell the bus, on the loop and after the commit, what the works of a batch have changed."""

from collections.abc import Callable, Sequence
from functools import partial

from roost.base.ids import AccountId, MailboxId
from roost.ports.bus import EventBus, Hint, Type
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.store.transaction import Change, SqliteWriteTx


class Announcer:
    """Publishes one hint per account and batch, then does what works left for after the commit."""

    def __init__(self, bus: EventBus, log: Log) -> None:
        self._bus = bus
        self._log = log

    def announce(self, committed: Sequence[SqliteWriteTx]) -> None:
        """committed: the transactions of the works that are on disk, in their order."""
        changes = [change for tx in committed for change in tx.changes]
        for hint in merge(changes) if changes else ():
            self._do(partial(self._bus.publish, hint))
        for tx in committed:
            for act in tx.acts:
                self._do(act)

    def _do(self, act: Callable[[], None]) -> None:
        """A mistake in what others have us call must not cost the callers their answers."""
        try:
            act()
        except Exception as error:
            self._log.error(Event.JOB_FAILED, error=error)


def merge(changes: Sequence[Change]) -> list[Hint]:
    """One hint for each account, in the order of their first changes."""
    merged: dict[AccountId, tuple[list[Type], set[MailboxId], list[int]]] = {}
    for account, kind, mailbox, modseq in changes:
        known = merged.get(account)
        if known is None:
            known = merged[account] = ([], set(), [])
        types, mailboxes, modseqs = known
        if kind not in types:  # there are few; hashing them costs more than looking through
            types.append(kind)
        if mailbox is not None:
            mailboxes.add(mailbox)
        modseqs.append(modseq)
    return [
        Hint(account, frozenset(types), frozenset(mailboxes), max(modseqs))
        for account, (types, mailboxes, modseqs) in merged.items()
    ]
