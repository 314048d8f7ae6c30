"""A client of tests with a mirror of what it is told, held against what it ought to know.

What it ought to know of its mailbox is worked out beside it from the reference: the messages it
must have been told of so far, those that left but could not be told as gone yet included.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roost.proto.imap.state import may_expunge
from roost.testing.imap_answers import Answer, Fetched, Other, Told, next_answer
from roost.testing.imap_mirror import ByNumber, ByUid, Known, Memory, Mirror
from roost.testing.imap_reference import Box
from roost.testing.wire import MemoryWire

_VERB = re.compile(rb"(UID )?([A-Z]+)")
_OPENS = ("SELECT", "EXAMINE")


@dataclass(frozen=True)
class Outcome:
    """The tagged answer, and all that came before it."""

    tagged: Told
    answers: Sequence[Answer]

    @property
    def ok(self) -> bool:
        """Whether the command did well."""
        return self.tagged.kind == b"OK"

    @property
    def fetched(self) -> list[Fetched]:
        """The FETCH responses."""
        return [one for one in self.answers if isinstance(one, Fetched)]

    def code(self, name: bytes) -> bytes | None:
        """The argument of a response code, of the tagged answer or of one before it."""
        told = [one for one in [*self.answers, self.tagged] if isinstance(one, Told)]
        return next((one.argument for one in told if one.code == name), None)


class Witness:
    """One connection.

    enabled: what it enabled, upper case. box: what it has selected. uids: of the messages it must
    have been told of. saved: what `$` stands for. memory: by name of mailbox, what it knew when it
    was there last. notified: news come at any time (RFC 5465).
    """

    def __init__(self, wire: MemoryWire, memory: dict[str, Memory]) -> None:
        self.wire = wire
        self.enabled: set[str] = set()
        self.mirror: Mirror | None = None
        self.box: Box | None = None
        self.uids: list[int] = []
        self.saved: set[int] = set()
        self.read_only = False
        self.idling = False
        self.notified = False
        self.memory = memory
        self._commands = 0

    @property
    def selected(self) -> Box:
        """The selected mailbox."""
        assert self.box is not None
        return self.box

    @property
    def by_uid(self) -> bool:
        """Whether sequence numbers are switched off."""
        return "UIDONLY" in self.enabled

    @property
    def resyncs(self) -> bool:
        """Whether it comes back with QRESYNC."""
        return "QRESYNC" in self.enabled

    @property
    def tells_modseq(self) -> bool:
        """Whether every change is told with its modseq."""
        return bool({"CONDSTORE", "QRESYNC"} & self.enabled)

    async def ask(self, command: str | bytes, *, names_numbers: bool = False) -> Outcome:
        """Say a command and hear all of its answer.

        names_numbers: whether a UID SEARCH has sequence numbers in its keys.
        """
        octets = command if isinstance(command, bytes) else command.encode()
        found = _VERB.match(octets)
        assert found is not None
        uid, verb = found[1] is not None, found[2].decode()
        numbered = names_numbers or not may_expunge(verb, uid=uid)
        tag = self._say(octets)
        if verb in _OPENS:
            outcome = await self._collect(tag, None, numbered=False)
        else:
            outcome = await self._collect(tag, self.mirror, numbered=numbered and not self.notified)
        assert outcome.tagged.kind != b"BAD", (command, outcome.tagged)
        assert outcome.tagged.code != b"SERVERBUG", (command, outcome.tagged)
        return outcome

    async def idle(self) -> None:
        """Begin to listen."""
        self._say(b"IDLE")
        while (heard := await next_answer(self.wire, b"-")) != Other(b"+ idling"):
            self._hear(self.mirror, heard, numbered=False)
        self.idling = True

    async def done(self) -> None:
        """Stop listening."""
        self.idling = False
        self.wire.feed(b"DONE\r\n")
        outcome = await self._collect(b"t%d" % self._commands, self.mirror, numbered=False)
        assert outcome.ok

    def open(self, outcome: Outcome, box: Box | None, memory: Memory | None) -> None:
        """SELECT or EXAMINE was answered. box: what it opened. memory: what QRESYNC told of it."""
        self.close()
        if box is None:
            assert not outcome.ok
            return
        assert outcome.ok, outcome.tagged
        self.read_only = outcome.tagged.code == b"READ-ONLY"
        self.mirror = Mirror(ByUid() if self.by_uid else ByNumber())
        if memory is not None and memory.uid_validity == box.uid_validity:
            self.mirror.remember(memory)
        closed = [at for at, one in enumerate(outcome.answers) if _is_closed(one)]
        for answer in outcome.answers[closed[0] + 1 if closed else 0 :]:
            self.mirror.hear(answer, numbered=False)
        self.mirror.end_command()
        self.box, self.uids = box, box.uids
        if memory is not None and memory.uid_validity == box.uid_validity:
            self.mirror.merge_away(self.uids)

    async def lose(self, heard: int) -> None:
        """Break the connection before the next tagged answer. heard: how many lines come before."""
        if not self.idling:
            self._say(b"NOOP")
        await self.wire.settle()
        tag = b"t%d" % self._commands
        while heard and b"\r\n" in self.wire.output:
            answer, heard = await next_answer(self.wire, tag), heard - 1
            if isinstance(answer, Told) and answer.tagged:
                break
            self._hear(self.mirror, answer, numbered=False)
        self.wire.lose()

    def keep_memory(self) -> None:
        """Remember the selected mailbox before it is left."""
        if self.box is None or self.mirror is None or self.box.deleted:
            return
        memory = self.mirror.remembered()
        if memory is not None:
            self.memory[self.box.name] = memory

    def close(self) -> None:
        """No mailbox is selected any more."""
        self.mirror, self.box, self.uids, self.saved = None, None, [], set()

    def catch_up(self, *, numbered: bool) -> None:
        """A command is over: what it must have been told by now. numbered: see `ask`."""
        if self.box is None:
            return
        if self.box.deleted and not (numbered and not self.notified):
            assert self.mirror is None, "the mailbox was deleted and that was not told"
            self.close()
            return
        there = [] if self.box.deleted else self.box.uids
        last = self.uids[-1] if self.uids else 0
        if numbered and not self.notified:
            self.uids += [uid for uid in there if uid > last]
        else:
            self.uids = there
            self.saved &= set(there)

    def check(self) -> None:
        """The mirror is what it ought to be."""
        if self.box is None or self.mirror is None:
            assert self.mirror is None
            return
        box, mirror = self.box, self.mirror
        assert mirror.uid_validity == box.uid_validity
        for uid, known in self._placed():
            message = box.messages.get(uid)
            if known is None:
                continue
            assert known.uid in (None, uid), f"{known.uid} stands where {uid} is"
            if message is None:
                assert box.left[uid].modseq > mirror.modseq, f"{uid} left and is not told"
                continue
            assert known.flags in (None, message.flags), f"flags of {uid}"
            if self.tells_modseq:
                assert known.modseq in (0, message.modseq), f"modseq of {uid}"
        assert mirror.modseq <= box.highest_modseq

    def set_silently(self, uids: Sequence[int], flags: frozenset[str], sign: str) -> None:
        """STORE .SILENT changed these: the client reckons with it."""
        for uid, known in self._placed():
            if known is not None and uid in uids:
                known.set_silently(flags, sign)

    def without_flags(self) -> list[int]:
        """The uids of messages whose flags it was not told."""
        return [uid for uid, known in self._placed() if known is None or known.flags is None]

    def unknown(self) -> list[int]:
        """The uids of messages of which it was not told both uid and flags."""
        return [
            uid
            for uid, known in self._placed()
            if known is None or known.uid is None or known.flags is None
        ]

    def _placed(self) -> list[tuple[int, Known | None]]:
        if self.mirror is None:
            return []
        return list(zip(self.uids, self.mirror.messages.place(self.uids), strict=True))

    def _say(self, command: bytes) -> bytes:
        self._commands += 1
        tag = b"t%d" % self._commands
        self.wire.feed(tag + b" " + command + b"\r\n")
        return tag

    async def _collect(self, tag: bytes, mirror: Mirror | None, *, numbered: bool) -> Outcome:
        heard: list[Answer] = []
        while not (isinstance(one := await next_answer(self.wire, tag), Told) and one.tagged):
            heard.append(one)
            self._hear(mirror, one, numbered=numbered)
        if mirror is not None:
            mirror.hear(one, numbered=numbered)
            mirror.end_command()
        return Outcome(one, heard)

    def _hear(self, mirror: Mirror | None, answer: Answer, *, numbered: bool) -> None:
        if mirror is None:
            return
        mirror.hear(answer, numbered=numbered)
        if _is_closed(answer):
            self.mirror = None


def _is_closed(answer: Answer) -> bool:
    return isinstance(answer, Told) and answer.code == b"CLOSED"
