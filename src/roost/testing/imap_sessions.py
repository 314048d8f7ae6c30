"""Several IMAP sessions on one account, each held to what it ought to know after every command.

`imap_reference` says what the account holds, `imap_audit` compares that with the store, and a
`Witness` for each session compares what it was told. What is done to messages of the selected
mailbox stands in `imap_session_verbs`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from roost.base.ids import AccountId
from roost.testing.filing import message_octets
from roost.testing.house import PASSWORD, House, new_house
from roost.testing.imap_answers import Counted, Other, uids_in
from roost.testing.imap_audit import Audit
from roost.testing.imap_mirror import Memory
from roost.testing.imap_reference import Flags, Reference
from roost.testing.imap_witness import Witness

ADDRESS = "ann@a.test"
MAILBOXES = ("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash")
COUNTS = ("MESSAGES", "UNSEEN", "DELETED", "SIZE", "UIDNEXT", "UIDVALIDITY")
NOTIFY = "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))"

Mode = tuple[str, ...]  # what a session enables


def flag_set(flags: str) -> Flags:
    """The flags of a list as the reference keeps them."""
    return frozenset(flags.lower().split())


class Sessions:
    """The sessions of an account, by number. Made by `new_sessions`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.reference = Reference(MAILBOXES)
        self.witnesses: list[Witness] = []
        self.capabilities: frozenset[bytes] = frozenset()
        self._audit = Audit(house.store, AccountId(1), self.reference)
        self._filed = 0

    async def begin(self, modes: Sequence[Mode]) -> None:
        """A session for each mode, with INBOX and three messages in it."""
        await self._audit.compare()
        for mode in modes:
            self.witnesses.append(await self._connect(mode, {}))
        await self.append(0, "INBOX", ["", "", ""])
        for witness in self.witnesses:
            await self._open(witness, "INBOX", "SELECT", "")
            await self.learn(witness)

    async def check(self) -> None:
        """All agree, the store is sound, and nothing was logged as a mistake."""
        await self.agree()
        assert await self.house.check() == []
        assert self.house.errors() == []

    # Connections.

    async def _connect(self, mode: Mode, memory: dict[str, Memory]) -> Witness:
        witness = Witness(self.house.imap(), memory)
        await witness.wire.line()
        assert (await witness.ask(f'LOGIN {ADDRESS} "{PASSWORD}"')).ok
        if not self.capabilities:
            (told,) = (await witness.ask("CAPABILITY")).answers
            assert isinstance(told, Other)
            self.capabilities = frozenset(told.octets.split())
        if mode:
            assert (await witness.ask(f"ENABLE {' '.join(mode)}")).ok
        witness.enabled |= set(mode)
        return witness

    async def reconnect(self, who: int, mode: Mode) -> None:
        """Take leave and come back as another client of the same memory."""
        witness = await self.free(who)
        witness.keep_memory()
        assert (await witness.ask("LOGOUT")).ok
        self.witnesses[who] = await self._connect(mode, witness.memory)

    async def lose(self, who: int, mode: Mode, heard: int) -> None:
        """The connection breaks before an answer is whole. heard: how much of it arrives."""
        witness = self.witnesses[who]
        await witness.lose(heard)
        witness.keep_memory()
        self.witnesses[who] = await self._connect(mode, witness.memory)

    async def notify(self, who: int) -> None:
        """From now on news of the selected mailbox come at any time. RFC 5465."""
        witness = await self.selected(who)
        witness.notified = True
        assert (await witness.ask(NOTIFY)).ok
        await self.over(witness)

    async def idle(self, who: int) -> None:
        """Listen until it is this session's turn again."""
        await (await self.free(who)).idle()

    async def free(self, who: int) -> Witness:
        """A session that takes commands."""
        witness = self.witnesses[who]
        if witness.idling:
            await witness.done()
            await self.over(witness)
        if witness.notified and witness.box is not None:
            await witness.ask("NOOP")  # what the next command means by a number
            await self.over(witness)
        return witness

    async def selected(self, who: int) -> Witness:
        """The same with a mailbox open."""
        witness = await self.free(who)
        if witness.box is None:
            await self._open(witness, "INBOX", "SELECT", "")
        return witness

    # Comparing.

    async def over(
        self,
        witness: Witness,
        *,
        numbered: bool = False,
        silently: tuple[Sequence[int], Flags, str] | None = None,
    ) -> None:
        """A command is over: compare all there is to compare.

        numbered: whether no expunge may have been told. silently: what STORE .SILENT did.
        """
        await self._audit.compare()
        witness.catch_up(numbered=numbered)
        if silently is not None:
            witness.set_silently(*silently)
        witness.check()
        if witness.resyncs or witness.by_uid:
            await self.learn(witness)

    async def learn(self, witness: Witness) -> None:
        """Ask for the messages it only knows the number of."""
        unknown = witness.unknown()
        if unknown and witness.box is not None and not witness.box.deleted:
            await witness.ask(f"UID FETCH {unknown[0]}:* (FLAGS)")
            await self._audit.compare()
            witness.catch_up(numbered=False)
            witness.check()

    async def agree(self) -> None:
        """After NOOP, and once it asked for what it does not know, everybody knows everything."""
        for who in range(len(self.witnesses)):
            witness = await self.free(who)
            await witness.ask("NOOP")
            await self.over(witness)
            await self.learn(witness)
            assert witness.unknown() == []
            assert witness.box is None or witness.uids == witness.box.uids

    async def all_at_once(self, commands: Mapping[int, str]) -> None:
        """Each of these sessions says its command at the same moment; then all agree.

        commands: such as change flags, remove messages, or copy some.
        """
        await asyncio.gather(*(self.witnesses[who].ask(commands[who]) for who in commands))
        await self._audit.adopt()
        for who in commands:
            witness = self.witnesses[who]
            await witness.ask("NOOP")
            await self.over(witness)

    async def nothing(self, who: int, verb: str, *, learns: bool) -> None:
        """NOOP or CHECK."""
        witness = await self.selected(who)
        assert (await witness.ask(verb)).ok
        await self.over(witness)
        if learns:
            await self.learn(witness)

    # Mailboxes.

    async def select(self, who: int, name: str, verb: str, how: str, *, learns: bool) -> None:
        """SELECT or EXAMINE. how: "", "(CONDSTORE)", "QRESYNC" or "QRESYNC NUMBERS"."""
        witness = await self.free(who)
        witness.keep_memory()
        await self._open(witness, name, verb, how)
        if learns:
            await self.learn(witness)

    async def _open(self, witness: Witness, name: str, verb: str, how: str) -> None:
        memory = None
        if how.startswith("QRESYNC"):
            memory = witness.memory.get(name) if witness.resyncs else None
            numbers = how.endswith("NUMBERS") and not witness.by_uid
            how = memory.parameter(with_numbers=numbers) if memory is not None else ""
        outcome = await witness.ask(f"{verb} {name} {how}".rstrip())
        if how == "(CONDSTORE)":
            witness.enabled.add("CONDSTORE")
        witness.open(outcome, self.reference.boxes.get(name), memory)
        assert witness.box is None or witness.read_only == (verb == "EXAMINE")
        await self.over(witness)

    async def close(self, who: int, verb: str) -> None:
        """CLOSE or UNSELECT."""
        witness = await self.selected(who)
        witness.keep_memory()
        assert (await witness.ask(verb)).ok
        if verb == "CLOSE" and not witness.read_only:
            witness.selected.expunge()
        witness.close()
        await self.over(witness)

    async def arrange(self, who: int, verb: str, name: str, new: str) -> None:
        """CREATE, DELETE, RENAME (to `new`), SUBSCRIBE or UNSUBSCRIBE."""
        witness, mail = await self.free(who), self.reference
        outcome = await witness.ask(f"{verb} {name}" + (f" {new}" if verb == "RENAME" else ""))
        match verb:
            case "CREATE":
                assert outcome.ok == mail.create(name)
            case "DELETE":
                assert outcome.ok == mail.delete(name)
            case "RENAME":
                assert outcome.ok == mail.rename(name, new)
            case "SUBSCRIBE":
                mail.subscribed.add(name)
            case _:
                mail.subscribed.discard(name)
        await self.over(witness)

    async def status(self, who: int, name: str, *, modseq: bool) -> None:
        """STATUS of a mailbox. modseq: HIGHESTMODSEQ as well."""
        witness, box = await self.free(who), self.reference.boxes.get(name)
        items = [*COUNTS, "HIGHESTMODSEQ"] if modseq else COUNTS
        outcome = await witness.ask(f"STATUS {name} ({' '.join(items)})")
        if modseq:
            witness.enabled.add("CONDSTORE")
        assert outcome.ok == (box is not None)
        if box is not None:
            (told,) = [one for one in outcome.answers if isinstance(one, Counted)]
            counts = dict(told.items)
            highest = counts.pop("HIGHESTMODSEQ", box.highest_modseq)
            assert (told.name, counts) == (name, box.counts())
            # Of the selected mailbox it may be lower: RFC 7162 section 3.2.
            assert highest <= box.highest_modseq
            assert highest == box.highest_modseq or box is witness.box
        await self.over(witness)

    # Mail comes in.

    async def append(self, who: int, name: str, flags: Sequence[str]) -> None:
        """APPEND of as many messages as there are flags."""
        witness = await self.free(who)
        command, messages = b"APPEND " + name.encode(), []
        for some in flags:
            number, octets = self.new_message()
            command += b" (%b) {%d+}\r\n%b" % (some.encode(), len(octets), octets)
            messages.append((number, flag_set(some), len(octets)))
        outcome = await witness.ask(command)
        box = self.reference.boxes.get(name)
        if box is None:
            assert outcome.tagged.code == b"TRYCREATE"
            await self.after_literal(witness)
            return
        uids = [box.file(*message) for message in messages]
        assert outcome.tagged.code == b"APPENDUID"
        validity, told = outcome.tagged.argument.split()
        assert (int(validity), list(uids_in(told))) == (box.uid_validity, uids)
        await self.over(witness)

    async def after_literal(self, witness: Witness) -> None:
        """A literal that is not wanted ended a command, and no news came with that answer."""
        await witness.ask("NOOP")
        await self.over(witness)

    async def deliver(self) -> None:
        """Somebody sends mail; nobody asked for it."""
        number, octets = self.new_message()
        await self.house.send("bob@b.test", ADDRESS, octets)
        self.reference.boxes["INBOX"].file(number, frozenset(), None)
        await self._audit.compare()

    def new_message(self) -> tuple[int, bytes]:
        """A message with a number of its own, and sizes that differ."""
        self._filed += 1
        subject, body = f"Number {self._filed}", "x" * (self._filed % 5)
        return self._filed, message_octets(self._filed, subject=subject, body=body)


@asynccontextmanager
async def new_sessions(modes: Sequence[Mode]) -> AsyncIterator[Sessions]:
    """Sessions in a house of their own, which is stopped at the end."""
    async with new_house(accounts={"ann": [ADDRESS]}) as house:
        sessions = Sessions(house)
        await sessions.begin(modes)
        yield sessions
