"""The two sets of counters of a mailbox.

IMAP's (messages, unseen, deleted, octets, deleted_octets) count placements; JMAP's (emails, unread,
threads, unread_threads) count visible emails with their merged flags. A work collects the steps of
both and writes each mailbox once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from roost.base.ids import AccountId, MailboxId, ModSeq
from roost.store import numbers
from roost.store.engine import WriteTx
from roost.store.flags import DELETED, READ, SEEN


@dataclass(slots=True)
class Step:
    """By how much the counters of one mailbox change."""

    messages: int = 0
    unseen: int = 0
    deleted: int = 0
    octets: int = 0
    deleted_octets: int = 0
    emails: int = 0
    unread: int = 0
    threads: int = 0
    unread_threads: int = 0
    modseq: ModSeq | None = None  # of the messages that changed, None when none did

    def count(self, flags: int, size: int, sign: int) -> None:
        """Count a placement in (sign 1) or out (sign -1)."""
        self.count_many(flags, sign, sign * size)

    def count_many(self, flags: int, messages: int, octets: int) -> None:
        """Count so many placements with these flags in, or out where the numbers are negative."""
        self.messages += messages
        self.octets += octets
        if not flags & SEEN:
            self.unseen += messages
        if flags & DELETED:
            self.deleted += messages
            self.deleted_octets += octets

    def changes_counts(self) -> bool:
        """Whether a number that somebody is shown changes."""
        return any(
            (
                self.messages,
                self.unseen,
                self.deleted,
                self.octets,
                self.deleted_octets,
                self.emails,
                self.unread,
                self.threads,
                self.unread_threads,
            )
        )


@dataclass(slots=True)
class Tally:
    """The steps of all mailboxes of one account that a work touches."""

    account: AccountId
    steps: dict[MailboxId, Step] = field(default_factory=dict)

    def of(self, mailbox: MailboxId) -> Step:
        step = self.steps.get(mailbox)
        if step is None:
            step = self.steps[mailbox] = Step()
        return step

    def count(self, mailbox: MailboxId, flags: Iterable[tuple[int, int]], sign: int) -> None:
        """Count placements, given as flags and size, in or out."""
        sizes: dict[int, list[int]] = {}
        for bits, size in flags:
            if bits in sizes:
                sizes[bits].append(size)
            else:
                sizes[bits] = [size]
        step = self.of(mailbox)
        for bits, of_these in sizes.items():
            step.count_many(bits, sign * len(of_these), sign * sum(of_these))

    async def write(self, tx: WriteTx) -> ModSeq | None:
        """Write every step, in order of mailbox id; returns the highest modseq of counts taken.

        Each mailbox whose counts change takes a modseq of its own, so that a reader of Mailbox
        changes can stop between any two.
        """
        moved = sorted(mailbox for mailbox, step in self.steps.items() if step.changes_counts())
        first = await numbers.reserve_modseqs(tx, self.account, len(moved)) if moved else 0
        for mailbox in sorted(self.steps):
            step = self.steps[mailbox]
            if mailbox in moved:
                await self._write_counts(tx, mailbox, step, first + moved.index(mailbox))
            if step.modseq is not None:
                await tx.execute(
                    "UPDATE mailbox SET highest_modseq = $1 WHERE account_id = $2 AND id = $3"
                    " AND highest_modseq < $1",
                    step.modseq,
                    self.account,
                    mailbox,
                )
        return ModSeq(first + len(moved) - 1) if moved else None

    async def _write_counts(self, tx: WriteTx, mailbox: MailboxId, step: Step, modseq: int) -> None:
        await tx.execute(
            "UPDATE mailbox SET messages = messages + $1, unseen = unseen + $2,"
            " deleted = deleted + $3, octets = octets + $4, deleted_octets = deleted_octets + $5,"
            " emails = emails + $6, unread = unread + $7, threads = threads + $8,"
            " unread_threads = unread_threads + $9, counts_modseq = $10"
            " WHERE account_id = $11 AND id = $12",
            step.messages,
            step.unseen,
            step.deleted,
            step.octets,
            step.deleted_octets,
            step.emails,
            step.unread,
            step.threads,
            step.unread_threads,
            modseq,
            self.account,
            mailbox,
        )


def is_unread(flags: int) -> int:
    """1 when an email with these merged flags counts as unread, else 0. RFC 8621 section 2."""
    return 0 if flags & READ else 1
