"""The selected mailbox as one client knows it: from what the server says, and nothing else.

RFC 9051 sections 5.2 and 7.5.1, RFC 7162 section 6, RFC 9586. What a server must never say fails an
assertion.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from roost.testing.imap_answers import Exists, Expunged, Fetched, Told, Vanished


@dataclass
class Known:
    """A message as a client knows it; modseq is 0 where it was never told."""

    uid: int | None = None
    flags: frozenset[str] | None = None
    modseq: int = 0

    def take_in(self, told: Fetched) -> None:
        """Learn from a FETCH. RFC 7162 section 3.1: a modseq never goes down."""
        if told.uid is not None:
            assert self.uid in (None, told.uid), "a number changed its message"
            self.uid = told.uid
        if told.flags is not None:
            self.flags = told.flags
        if told.modseq is not None:
            assert told.modseq >= self.modseq, f"the modseq of {self.uid} went down"
            self.modseq = told.modseq

    def set_silently(self, flags: frozenset[str], sign: str) -> None:
        """What STORE .SILENT did, as the client reckons it. sign: "+", "-" or ""."""
        if not sign:
            self.flags = flags
        elif self.flags is not None:
            self.flags = self.flags | flags if sign == "+" else self.flags - flags


@dataclass(frozen=True)
class Memory:
    """What a client keeps of a mailbox it leaves, to come back with QRESYNC."""

    uid_validity: int
    modseq: int
    flags: Mapping[int, frozenset[str] | None]

    def parameter(self, *, with_numbers: bool) -> str:
        """QRESYNC of SELECT. RFC 7162 section 3.2.5. with_numbers: with message match data."""
        match = ""
        if with_numbers and self.flags:
            match = f" (1:{len(self.flags)} {','.join(map(str, sorted(self.flags)))})"
        return f"(QRESYNC ({self.uid_validity} {self.modseq}{match}))"


class Messages(Protocol):
    """The messages of a mirror, by number or, after UIDONLY, by uid alone."""

    @property
    def count(self) -> int: ...

    def grow(self, count: int) -> None: ...

    def expunge(self, number: int) -> None: ...

    def vanish(self, uid: int) -> None: ...

    def fetched(self, told: Fetched) -> None: ...

    def known(self) -> Iterable[Known]: ...

    def place(self, uids: Sequence[int]) -> list[Known | None]:
        """For each of the uids that ought to be there what is known of it, None for nothing."""


class ByNumber:
    """Messages as sequence numbers name them."""

    def __init__(self) -> None:
        self._known: list[Known] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._known)

    def grow(self, count: int) -> None:
        """EXISTS, which never shrinks."""
        assert count >= len(self._known), "EXISTS shrank"
        self._known += [Known() for _ in range(count - len(self._known))]

    def expunge(self, number: int) -> None:
        """EXPUNGE."""
        assert 1 <= number <= len(self._known), "EXPUNGE of a message nobody told of"
        del self._known[number - 1]

    def vanish(self, uid: int) -> None:
        """VANISHED: the message, or one of those between its neighbours whose uid is not known."""
        known = [(one.uid, at) for at, one in enumerate(self._known) if one.uid is not None]
        place = bisect_left(known, (uid, 0))
        if place < len(known) and known[place][0] == uid:
            del self._known[known[place][1]]
            return
        before = known[place - 1][1] + 1 if place else 0
        after = known[place][1] if place < len(known) else len(self._known)
        assert before < after, f"VANISHED {uid}, which nobody told of"
        del self._known[before]

    def fetched(self, told: Fetched) -> None:
        """FETCH."""
        assert 1 <= told.number <= len(self._known), "FETCH of a message nobody told of"
        self._known[told.number - 1].take_in(told)

    def known(self) -> Iterable[Known]:
        """What is known of each message."""
        return self._known

    def place(self, uids: Sequence[int]) -> list[Known | None]:
        """See Messages."""
        assert len(self._known) == len(uids), f"{len(self._known)} told, {len(uids)} there"
        return list(self._known)


class ByUid:
    """Messages as UIDONLY tells them: a count and uids. RFC 9586 section 3."""

    def __init__(self) -> None:
        self.count = 0
        self._known: dict[int, Known] = {}

    def grow(self, count: int) -> None:
        """EXISTS."""
        assert count >= self.count, "EXISTS shrank"
        self.count = count

    def expunge(self, number: int) -> None:
        """EXPUNGE has no place here."""
        raise AssertionError(f"EXPUNGE {number} after UIDONLY")

    def vanish(self, uid: int) -> None:
        """VANISHED."""
        self._known.pop(uid, None)
        self.count -= 1
        assert self.count >= len(self._known), f"VANISHED {uid}, which nobody told of"

    def fetched(self, told: Fetched) -> None:
        """UIDFETCH."""
        assert told.number == 0, "FETCH with a number after UIDONLY"
        assert told.uid is not None
        self._known.setdefault(told.uid, Known()).take_in(told)
        assert len(self._known) <= self.count, "UIDFETCH of a message nobody told of"

    def known(self) -> Iterable[Known]:
        """What is known of the messages whose uid was told."""
        return self._known.values()

    def place(self, uids: Sequence[int]) -> list[Known | None]:
        """See Messages."""
        assert self.count == len(uids), f"{self.count} told, {len(uids)} there"
        assert self._known.keys() <= set(uids), "uids that are not there"
        return [self._known.get(uid) for uid in uids]


@dataclass
class Mirror:
    """A selected mailbox.

    modseq: the client's copy of HIGHESTMODSEQ, 0 before any was told. away: what the client knew of
    it when it came, by uid, less what it is told to have left since.
    """

    messages: Messages
    away: dict[int, Known] = field(default_factory=dict)
    uid_validity: int = 0
    uid_next: int = 0
    modseq: int = 0
    _told_modseq: int = 0  # HIGHESTMODSEQ since the last tagged answer
    _seen_modseq: int = 0  # the highest of FETCH since then
    _gone: set[int] = field(default_factory=set)

    def hear(self, told: object, *, numbered: bool) -> None:
        """Take in one answer. numbered: whether a command runs in which no number may shift."""
        match told:
            case Exists(count):
                self.messages.grow(count)
            case Expunged(number):
                assert not numbered, "EXPUNGE shifts the numbers of a command that runs"
                self.messages.expunge(number)
            case Vanished(uids, earlier):
                self._vanish(uids, numbered=numbered, earlier=earlier)
            case Fetched():
                assert told.uid is None or told.uid not in self._gone, "a uid came back"
                self.messages.fetched(told)
                self._seen_modseq = max(self._seen_modseq, told.modseq or 0)
            case Told():
                self._hear_code(told)

    def _vanish(self, uids: Iterable[int], *, numbered: bool, earlier: bool) -> None:
        assert earlier or not numbered, "VANISHED shifts the numbers of a command that runs"
        for uid in uids:
            if earlier:
                self.away.pop(uid, None)
            else:
                self.messages.vanish(uid)
                self._gone.add(uid)

    def _hear_code(self, told: Told) -> None:
        match told.code:
            case b"HIGHESTMODSEQ":
                self._told_modseq = int(told.argument)
            case b"UIDVALIDITY":
                self.uid_validity = int(told.argument)
            case b"UIDNEXT":
                self.uid_next = int(told.argument)

    def end_command(self) -> None:
        """A tagged answer came: settle how far everything is known. RFC 7162 section 6."""
        self.modseq = self._told_modseq or max(self.modseq, self._seen_modseq)
        self._told_modseq = self._seen_modseq = 0

    def remembered(self) -> Memory | None:
        """What to come back with; None where the client does not know all of it."""
        known = {one.uid: one.flags for one in self.messages.known() if one.uid is not None}
        if not self.modseq or len(known) < self.messages.count:
            return None
        return Memory(self.uid_validity, self.modseq, known)

    def remember(self, memory: Memory) -> None:
        """Come back with what was known."""
        self.away = {uid: Known(uid, flags) for uid, flags in memory.flags.items()}

    def merge_away(self, uids: Sequence[int]) -> None:
        """After a QRESYNC that was taken: what it knew and was not told anew holds still.

        uids: of the mailbox. Together with what was told they must be all of them.
        """
        told = self.messages.place(uids)
        for at, (uid, known) in enumerate(zip(uids, told, strict=True)):
            if known is not None and known.uid is not None:
                self.away.pop(uid, None)
                continue
            old = self.away.pop(uid, None)
            assert old is not None, f"{uid} is new and was not told"
            number = 0 if isinstance(self.messages, ByUid) else at + 1
            self.messages.fetched(Fetched(number, uid, {}))
            placed = self.messages.place(uids)[at]
            assert placed is not None
            placed.flags = old.flags
        assert not self.away, f"{sorted(self.away)} left and that was not told"
