"""The reference held against the rows of the store: flags, counters, and the order of modseqs."""

from roost.base.ids import AccountId
from roost.service import mailboxes
from roost.store import expunged, placements
from roost.store.engine import ReadTx, Store
from roost.store.expunged import Expunged
from roost.store.flags import Flags, flag_names
from roost.store.mailboxes import Mailbox
from roost.store.placements import ALL_UIDS, Placed
from roost.testing.imap_reference import Box, Reference


class Audit:
    """Compares after every step, and tells the reference the numbers that only the store knows."""

    def __init__(self, store: Store, account: AccountId, reference: Reference) -> None:
        self._store = store
        self._account = account
        self._reference = reference
        self._highest = 0

    async def compare(self) -> None:
        """Raises AssertionError where they differ. RFC 7162 section 3.1: modseqs only grow."""
        listing = await mailboxes.list_all(self._store, self._account, self._account)
        assert {one.name for one in listing.mailboxes} == self._reference.boxes.keys()
        assert listing.subscribed == self._reference.subscribed
        seen = [await self._compare(one) for one in listing.mailboxes]
        self._highest = max(self._highest, *seen)

    async def _compare(self, mailbox: Mailbox) -> int:
        """One mailbox; returns its HIGHESTMODSEQ."""

        async def read(tx: ReadTx) -> tuple[list[Placed], list[Expunged]]:
            placed = await placements.page(tx, mailbox.ref, 1, ALL_UIDS)
            return placed, await expunged.since(tx, mailbox.ref, 0)

        box = self._reference.boxes[mailbox.name]
        placed, gone = await self._store.read(read)
        assert [one.uid for one in placed] == box.uids
        assert {one.uid for one in gone} == box.left.keys()
        for row in placed:
            message = box.messages[row.uid]
            names = flag_names(Flags(row.flags, row.keywords))
            assert {name.lower() for name in names} == message.flags
            message.size = row.size if message.size is None else message.size
            assert row.size == message.size
            message.modseq = self._modseq(box, row.uid, message.modseq, row.modseq)
        for one in gone:
            box.left[one.uid].modseq = self._modseq(
                box, one.uid, box.left[one.uid].modseq, one.modseq
            )
        self._numbers(box, mailbox)
        box.touched.clear()
        return mailbox.highest_modseq

    def _modseq(self, box: Box, uid: int, before: int, now: int) -> int:
        if uid in box.touched:
            assert now > self._highest, f"{box.name} {uid}: {now} is not above {self._highest}"
        else:
            assert now == before, f"{box.name} {uid}: modseq changed without a change"
        return now

    @staticmethod
    def _numbers(box: Box, mailbox: Mailbox) -> None:
        """UIDNEXT, UIDVALIDITY, HIGHESTMODSEQ and the counters of STATUS."""
        assert box.uid_validity in (0, mailbox.uid_validity), "UIDVALIDITY changed"
        box.uid_validity = mailbox.uid_validity
        told = {
            "MESSAGES": mailbox.messages,
            "UNSEEN": mailbox.unseen,
            "DELETED": mailbox.deleted,
            "SIZE": mailbox.octets,
            "UIDNEXT": mailbox.uid_next,
            "UIDVALIDITY": mailbox.uid_validity,
        }
        assert told == box.counts()
        every = [*box.messages.values(), *box.left.values()]
        assert mailbox.highest_modseq >= max((one.modseq for one in every), default=0)
        assert mailbox.highest_modseq >= box.highest_modseq
        box.highest_modseq = mailbox.highest_modseq
