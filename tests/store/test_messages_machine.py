"""Anything a client may do with messages, against a model held in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from roost.base.ids import EmailId, MailboxRef
from roost.config.accounts import AccountSettings
from roost.store import accounts, mailboxes
from roost.store.check import check
from roost.store.copying import copy, move_some
from roost.store.copying_across import copy_across
from roost.store.engine import ReadTx, WriteTx
from roost.store.expunging import empty_some, expunge, remove
from roost.store.filing import file_messages
from roost.store.flagging import How, set_flags
from roost.store.flags import DELETED, DRAFT, FLAGGED, SEEN, Flags
from roost.store.placements import by_uids
from roost.store.sql_lists import spans_of
from roost.testing.clock import START, StoppedClock
from roost.testing.filing import message_octets, new_filing
from roost.testing.store import new_store

T = TypeVar("T")

NAMES = ("INBOX", "Archive", "Trash")
BITS = st.sampled_from([0, SEEN, FLAGGED, DELETED, DRAFT, SEEN | DELETED, SEEN | FLAGGED])
FLAGS = st.builds(Flags, BITS, st.sampled_from(["", "a", "a b", "c"]))
PLACES = st.sampled_from([(account, name) for account in (0, 1) for name in NAMES])


@dataclass(frozen=True)
class Letter:
    email: EmailId
    thread: int
    size: int
    flags: Flags


@dataclass
class Box:
    ref: MailboxRef
    letters: dict[int, Letter] = field(default_factory=dict)


class Messages(RuleBasedStateMachine):
    """Two accounts with three mailboxes each."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = self.loop.run_until_complete(new_store())
        self.boxes: dict[tuple[int, str], Box] = {}
        self.gone: list[Box] = []
        self.filed = 0
        self.clock, self.now = StoppedClock(), START

    def teardown(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()

    def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        self.now += timedelta(seconds=1)
        return self.loop.run_until_complete(self.store.write(work))

    @initialize()
    def set_up(self) -> None:
        async def work(tx: WriteTx) -> list[MailboxRef]:
            refs = []
            for name in ("ann", "bob"):
                account = await accounts.add(tx, name, AccountSettings(), START, 0)
                for mailbox in NAMES:
                    made = await mailboxes.create(tx, account.id, mailbox, START)
                    refs.append(made[-1].ref)
            return refs

        keys = [(account, name) for account in (0, 1) for name in NAMES]
        refs = self.write(work)
        self.boxes = {key: Box(ref) for key, ref in zip(keys, refs, strict=True)}

    @rule(places=st.lists(PLACES, min_size=1, max_size=3), flags=FLAGS, parent=st.integers(0, 9))
    def file(self, places: list[tuple[int, str]], flags: Flags, parent: int) -> None:
        """One delivery to several mailboxes; some reply to an earlier message."""
        self.filed += 1
        octets = message_octets(self.filed, references=(parent,) if parent else ())
        filings = [new_filing(self.boxes[p].ref, octets, self.now, flags=flags) for p in places]
        filed = self.write(lambda tx: file_messages(tx, filings))
        for place, one in zip(places, filed, strict=True):
            letters = self.boxes[place].letters
            assert one.uid not in letters
            letters[one.uid] = Letter(one.email, one.thread, len(octets), flags)

    @rule(place=PLACES, flags=FLAGS, how=st.sampled_from(How), data=st.data())
    def flag(self, place: tuple[int, str], flags: Flags, how: How, data: st.DataObject) -> None:
        box = self.boxes[place]
        uids = self.some_of(box, data)
        done = self.write(lambda tx: set_flags(tx, box.ref, uids, how, flags, now=self.now))
        for one in done.changed:
            after = Flags(one.bits, one.keywords)
            assert after != box.letters[one.uid].flags
            box.letters[one.uid] = replace(box.letters[one.uid], flags=after)
        assert sorted([one.uid for one in done.changed] + done.unchanged) == uids
        for uid in uids:
            self.assert_flags(how, flags, box.letters[uid].flags)

    @staticmethod
    def assert_flags(how: How, asked: Flags, now: Flags) -> None:
        if how is How.REPLACE:
            assert now == asked
        elif how is How.ADD:
            assert now.bits & asked.bits == asked.bits
            assert set(asked.keywords.split()) <= set(now.keywords.split())
        else:
            assert not now.bits & asked.bits
            assert not set(asked.keywords.split()) & set(now.keywords.split())

    @rule(source=PLACES, into=PLACES, data=st.data())
    def copy(self, source: tuple[int, str], into: tuple[int, str], data: st.DataObject) -> None:
        came, went = self.boxes[source], self.boxes[into]
        uids = self.some_of(came, data)
        act = copy if came.ref.account == went.ref.account else copy_across
        spans = spans_of(uids)
        done = self.write(lambda tx: act(tx, came.ref, spans, went.ref, now=self.now))
        if done is None:
            assert not uids
            return
        assert list(done.sources) == uids
        letters = [came.letters[uid] for uid in uids]
        for uid, letter in enumerate(letters, done.first):
            assert uid not in went.letters
            went.letters[uid] = letter
        if act is copy_across:
            self.learn_emails(went, range(done.first, done.first + len(uids)))

    def learn_emails(self, box: Box, uids: range) -> None:
        """The emails and threads of messages whose ids only the store knows."""

        async def work(tx: ReadTx) -> list[tuple[int, EmailId, int]]:
            placed = await by_uids(tx, box.ref, uids)
            sql = "SELECT thread_id FROM email_state WHERE account_id = $1 AND email_id = $2"
            return [(p.uid, p.email, await tx.value(sql, box.ref.account, p.email)) for p in placed]

        for uid, email, thread in self.loop.run_until_complete(self.store.read(work)):
            box.letters[uid] = replace(box.letters[uid], email=email, thread=thread)

    @rule(source=PLACES, name=st.sampled_from(NAMES), data=st.data())
    def move(self, source: tuple[int, str], name: str, data: st.DataObject) -> None:
        came, went = self.boxes[source], self.boxes[source[0], name]
        if came is went:
            return
        uids = self.some_of(came, data)
        done = self.write(lambda tx: move_some(tx, came.ref, uids, went.ref, now=self.now))
        assert [one.source for one in done] == uids
        for one in done:
            went.letters[one.target] = came.letters.pop(one.source)

    @rule(place=PLACES, whole=st.booleans(), data=st.data())
    def expunge(self, place: tuple[int, str], whole: bool, data: st.DataObject) -> None:
        box = self.boxes[place]
        uids = sorted(box.letters) if whole else self.some_of(box, data)
        spans = None if whole else spans_of(uids)
        done = self.write(lambda tx: expunge(tx, box.ref, spans, now=self.now))
        deleted = [uid for uid in uids if box.letters[uid].flags.bits & DELETED]
        assert [one.uid for one in done] == deleted
        for uid in deleted:
            del box.letters[uid]

    @rule(place=PLACES, data=st.data())
    def remove(self, place: tuple[int, str], data: st.DataObject) -> None:
        box = self.boxes[place]
        uids = self.some_of(box, data)
        done = self.write(lambda tx: remove(tx, box.ref, uids, now=self.now))
        assert [one.uid for one in done] == uids
        for uid in uids:
            del box.letters[uid]

    @rule(place=PLACES)
    def delete_mailbox(self, place: tuple[int, str]) -> None:
        """Its messages go later, in works of a few; another takes its name at once."""
        box = self.boxes[place]

        async def work(tx: WriteTx) -> MailboxRef:
            mailbox = await mailboxes.by_id(tx, box.ref)
            assert mailbox is not None
            await mailboxes.delete(tx, mailbox)
            made = await mailboxes.create(tx, box.ref.account, place[1], self.now)
            return made[-1].ref

        self.boxes[place] = Box(self.write(work))
        self.gone.append(box)

    @precondition(lambda self: self.gone)
    @rule()
    def empty_deleted_mailbox(self) -> None:
        box = self.gone.pop()
        left = len(box.letters)
        while left:
            done = self.write(lambda tx: empty_some(tx, box.ref, limit=2, now=self.now))
            assert done == min(2, left)
            left -= done

    def some_of(self, box: Box, data: st.DataObject) -> list[int]:
        if not box.letters:
            return []
        return sorted(data.draw(st.sets(st.sampled_from(sorted(box.letters)))))

    @invariant()
    def rows_agree(self) -> None:
        assert self.loop.run_until_complete(check(self.store, self.clock, octets=False)) == []

    @invariant()
    def counters_are_those_of_the_model(self) -> None:
        for box in self.boxes.values():
            found = self.loop.run_until_complete(
                self.store.read(lambda tx, box=box: mailboxes.by_id(tx, box.ref))  # type: ignore[misc]
            )
            assert found is not None
            assert imap_counters(box) == (
                found.messages,
                found.unseen,
                found.deleted,
                found.octets,
                found.deleted_octets,
            )
            assert self.jmap_counters(box) == (
                found.emails,
                found.unread,
                found.threads,
                found.unread_threads,
            )

    def jmap_counters(self, box: Box) -> tuple[int, int, int, int]:
        """By the merged flags of each email that is visible in the mailbox."""
        here = {
            letter.email: letter.thread
            for letter in box.letters.values()
            if not letter.flags.bits & DELETED
        }
        unread = {email for email in here if self.is_unread(box.ref.account, email)}
        threads = {here[email] for email in unread}
        return len(here), len(unread), len(set(here.values())), len(threads)

    def is_unread(self, account: int, email: EmailId) -> bool:
        all_bits = [
            letter.flags.bits
            for box in [*self.boxes.values(), *self.gone]
            if box.ref.account == account
            for letter in box.letters.values()
            if letter.email == email and not letter.flags.bits & DELETED
        ]
        seen = all(bits & SEEN for bits in all_bits)
        return not seen and not any(bits & DRAFT for bits in all_bits)


def imap_counters(box: Box) -> tuple[int, int, int, int, int]:
    letters = box.letters.values()
    deleted = [letter.size for letter in letters if letter.flags.bits & DELETED]
    return (
        len(letters),
        sum(not letter.flags.bits & SEEN for letter in letters),
        len(deleted),
        sum(letter.size for letter in letters),
        sum(deleted),
    )


TestMessages = Messages.TestCase
TestMessages.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
