"""The reference held against the rows of the store: flags, counters, and the order of modseqs."""

from roost.base.ids import AccountId, EmailId
from roost.service import mailboxes
from roost.store import expunged, placements
from roost.store.engine import ReadTx, Store
from roost.store.expunged import Expunged
from roost.store.flags import Flags, flag_names
from roost.store.mailboxes import Mailbox
from roost.store.placements import ALL_UIDS, Placed
from roost.testing.imap_reference import Box, Message, Reference


class Audit:
    """Compares after every step, and tells the reference the numbers that only the store knows."""

    def __init__(self, store: Store, account: AccountId, reference: Reference) -> None:
        self._store = store
        self._account = account
        self._reference = reference
        self._highest = 0
        self._numbers_of: dict[EmailId, int] = {}

    async def compare(self) -> None:
        """Raises AssertionError where they differ. RFC 7162 section 3.1: modseqs only grow."""
        listing = await mailboxes.list_all(self._store, self._account, self._account)
        assert {one.name for one in listing.mailboxes} == self._reference.boxes.keys()
        assert listing.subscribed == self._reference.subscribed
        seen = [await self._compare(one) for one in listing.mailboxes]
        self._highest = max(self._highest, *seen)

    async def adopt(self) -> None:
        """Take over what commands at the same moment did to messages, and check what must hold.

        They only changed flags, removed messages and copied some that there were.
        """
        listing = await mailboxes.list_all(self._store, self._account, self._account)
        for mailbox in listing.mailboxes:
            box = self._reference.boxes[mailbox.name]
            placed, gone = await self._read(mailbox)
            for one in gone:
                if one.uid not in box.left:
                    passed_by = Message(self._numbers_of[one.email], frozenset(), None)
                    box.left[one.uid] = box.messages.pop(one.uid, passed_by)
                    box.touched.add(one.uid)
            assert {one.uid for one in placed} >= box.messages.keys(), "messages left untold"
            for row in placed:
                self._adopt_row(box, row)
            box.uid_next = max([box.uid_next, *(1 + uid for uid in [*box.messages, *box.left])])
        await self.compare()

    def _adopt_row(self, box: Box, row: Placed) -> None:
        message = box.messages.get(row.uid)
        if message is None:
            assert row.uid >= box.uid_next, "a uid was used again"
            message = Message(self._numbers_of[row.email], frozenset(), row.size)
            box.messages[row.uid] = message
        if row.modseq != message.modseq:
            message.flags = _flags_of(row)
            box.touched.add(row.uid)

    async def _read(self, mailbox: Mailbox) -> tuple[list[Placed], list[Expunged]]:
        async def read(tx: ReadTx) -> tuple[list[Placed], list[Expunged]]:
            placed = await placements.page(tx, mailbox.ref, 1, ALL_UIDS)
            return placed, await expunged.since(tx, mailbox.ref, 0)

        return await self._store.read(read)

    async def _compare(self, mailbox: Mailbox) -> int:
        """One mailbox; returns its HIGHESTMODSEQ."""
        box = self._reference.boxes[mailbox.name]
        placed, gone = await self._read(mailbox)
        assert [one.uid for one in placed] == box.uids
        assert {one.uid for one in gone} == box.left.keys()
        for row in placed:
            message = box.messages[row.uid]
            assert _flags_of(row) == message.flags
            self._numbers_of[row.email] = message.number
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


def _flags_of(row: Placed) -> frozenset[str]:
    return frozenset(name.lower() for name in flag_names(Flags(row.flags, row.keywords)))
