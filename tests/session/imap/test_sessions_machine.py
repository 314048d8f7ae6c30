"""Several sessions on one account, doing anything: each knows what it ought to after every command.

The reference is roost.testing.imap_reference; each session's mirror, fed by answers alone, is held
against what that session must have been told. RFC 9051 section 5.2, RFC 7162 sections 3 and 6.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from roost.base.ids import AccountId
from roost.testing.filing import message_octets
from roost.testing.house import PASSWORD, new_house
from roost.testing.imap_answers import Counted, Found, Other, Vanished, uids_in
from roost.testing.imap_audit import Audit
from roost.testing.imap_mirror import Memory
from roost.testing.imap_reference import SEEN, Box, Message, Reference
from roost.testing.imap_witness import Outcome, Witness

T = TypeVar("T")

ADDRESS = "ann@a.test"
BOXES = ("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash")
NAMES = st.sampled_from(["INBOX", "INBOX", "INBOX", "Archive", "Work", "Work/Old"])
WHO = st.integers(0, 2)
MODES = st.sampled_from(
    [
        (),
        ("IMAP4rev2",),
        ("CONDSTORE",),
        ("QRESYNC",),
        ("IMAP4rev2", "QRESYNC"),
        ("UIDONLY",),
        ("UIDONLY", "QRESYNC"),
    ]
)
FLAGS = st.sampled_from(
    [r"\Seen", r"\Deleted", r"\Deleted", r"\Flagged", "$Work", r"\Seen $Work", "a B", ""]
)
SIGNS = st.sampled_from(["+", "+", "-", ""])
SINCE = st.sampled_from(["nothing", "known", "all"])
# How messages are named, where the set begins, and how far it goes.
Pick: TypeAlias = tuple[str, int, int]
PICK = st.tuples(
    st.sampled_from(["number", "number", "uid", "uid", "saved"]),
    st.integers(0, 12),
    st.integers(0, 4),
)
KEYS: tuple[tuple[str, Callable[[Message], bool]], ...] = (
    ("ALL", lambda one: True),
    ("SEEN", lambda one: SEEN in one.flags),
    ("NOT DELETED", lambda one: r"\deleted" not in one.flags),
    ("KEYWORD a", lambda one: "a" in one.flags),
    ("UNKEYWORD $Work", lambda one: "$work" not in one.flags),
    ('SUBJECT "Number 1"', lambda one: str(one.number).startswith("1")),
    ("MODSEQ 20", lambda one: one.modseq >= 20),
    ("OR FLAGGED SMALLER 190", lambda one: r"\flagged" in one.flags or (one.size or 0) < 190),
)
RETURNS = st.sampled_from(["", "", "()", "(SAVE)", "(MIN MAX COUNT)", "(SAVE COUNT)", "(SAVE ALL)"])
ITEMS = st.sampled_from(
    ["FLAGS", "(UID FLAGS)", "(FLAGS MODSEQ)", "ENVELOPE", "BODY[]", "BODY.PEEK[]", "RFC822.SIZE"]
)
NOTIFY = "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))"


def flag_set(flags: str) -> frozenset[str]:
    return frozenset(flags.lower().split())


class Sessions(RuleBasedStateMachine):
    """One account, three connections."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.well = True
        self.entering = new_house(accounts={"ann": [ADDRESS]})
        self.house = self.run(self.entering.__aenter__())
        self.reference = Reference(BOXES)
        self.audit = Audit(self.house.store, AccountId(1), self.reference)
        self.memories: list[dict[str, Memory]] = [{}, {}, {}]
        self.witnesses: list[Witness] = []
        self.capabilities: frozenset[bytes] = frozenset()
        self.filed = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        self.well = False
        done = self.loop.run_until_complete(work)
        self.well = True
        return done

    def teardown(self) -> None:
        try:
            if self.witnesses and self.well:
                self.agree()
            assert self.run(self.house.check()) == []
            assert self.house.errors() == []
        finally:
            self.run(self.entering.__aexit__(None, None, None))
            self.loop.close()

    # Connections.

    @initialize(modes=st.tuples(MODES, MODES, MODES))
    def begin(self, modes: tuple[tuple[str, ...], ...]) -> None:
        async def begin() -> None:
            await self.audit.compare()
            for who, mode in enumerate(modes):
                self.witnesses.append(await self.connected(who, mode))
            for _ in range(3):
                await self.file(self.witnesses[0], "INBOX", "")
            for witness in self.witnesses:
                await self.open(witness, "INBOX", "SELECT", "")
                await self.learn(witness)

        self.run(begin())

    async def connected(self, who: int, mode: Sequence[str]) -> Witness:
        witness = Witness(self.house.imap(), self.memories[who])
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

    @rule(who=WHO, mode=MODES, abruptly=st.booleans())
    def reconnect(self, who: int, mode: tuple[str, ...], abruptly: bool) -> None:
        async def reconnect() -> None:
            witness = self.witnesses[who]
            if abruptly:
                if not witness.idling:
                    witness.keep_memory()
                witness.wire.lose()
            else:
                await self.free(who)
                witness.keep_memory()
                assert (await witness.ask("LOGOUT")).ok
            self.witnesses[who] = await self.connected(who, mode)

        self.run(reconnect())

    @precondition(lambda self: b"NOTIFY" in self.capabilities)
    @rule(who=WHO)
    def notify(self, who: int) -> None:
        """From now on news come at any time. RFC 5465."""

        async def notify() -> None:
            witness = await self.selected(who)
            witness.notified = True
            assert (await witness.ask(NOTIFY)).ok
            await self.over(witness)

        self.run(notify())

    async def free(self, who: int) -> Witness:
        """A session that takes commands."""
        witness = self.witnesses[who]
        if witness.idling:
            await witness.done()
            await self.over(witness)
        if witness.notified and witness.box is not None:
            await witness.ask("NOOP")  # whatever came is what the next command goes by
            await self.over(witness)
        return witness

    async def selected(self, who: int) -> Witness:
        """The same with a mailbox open."""
        witness = await self.free(who)
        if witness.box is None:
            await self.open(witness, "INBOX", "SELECT", "")
        return witness

    async def over(
        self,
        witness: Witness,
        *,
        numbered: bool = False,
        silently: tuple[list[int], frozenset[str], str] | None = None,
    ) -> None:
        """A command is over: compare all there is to compare."""
        await self.audit.compare()
        witness.catch_up(numbered=numbered and not witness.notified)
        if silently is not None and witness.box is not None:
            witness.set_silently(*silently)
        witness.check()
        if witness.box is not None and (witness.resyncs or witness.by_uid):
            await self.learn(witness)

    async def learn(self, witness: Witness) -> None:
        """Ask for the messages it only knows the number of."""
        unknown = witness.unknown()
        if unknown and witness.box is not None and not witness.box.deleted:
            await witness.ask(f"UID FETCH {unknown[0]}:* (FLAGS)")
            await self.audit.compare()
            witness.catch_up(numbered=False)
            witness.check()

    # Mailboxes.

    @rule(
        who=WHO,
        name=NAMES,
        verb=st.sampled_from(["SELECT", "SELECT", "EXAMINE"]),
        how=st.sampled_from(["", "(CONDSTORE)", "QRESYNC", "QRESYNC", "QRESYNC UIDS"]),
        learns=st.booleans(),
    )
    def select(self, who: int, name: str, verb: str, how: str, learns: bool) -> None:
        async def select() -> None:
            witness = await self.free(who)
            witness.keep_memory()
            await self.open(witness, name, verb, how)
            if learns and witness.box is not None:
                await self.learn(witness)

        self.run(select())

    async def open(self, witness: Witness, name: str, verb: str, how: str) -> None:
        memory = witness.memory.get(name) if how.startswith("QRESYNC") and witness.resyncs else None
        if memory is not None:
            how = qresync(memory, with_uids="UIDS" in how, with_numbers=not witness.by_uid)
        elif how != "(CONDSTORE)":
            how = ""
        outcome = await witness.ask(f"{verb} {name} {how}".rstrip())
        if "CONDSTORE" in how:
            witness.enabled.add("CONDSTORE")
        witness.open(outcome, self.reference.boxes.get(name), memory)
        assert witness.read_only == (verb == "EXAMINE") or witness.box is None
        await self.over(witness)

    @rule(who=WHO, verb=st.sampled_from(["CLOSE", "UNSELECT"]))
    def close(self, who: int, verb: str) -> None:
        async def close() -> None:
            witness = await self.selected(who)
            witness.keep_memory()
            assert (await witness.ask(verb)).ok
            if verb == "CLOSE" and not witness.read_only and witness.box is not None:
                witness.box.expunge()
            witness.close()
            await self.over(witness)

        self.run(close())

    @rule(
        who=WHO,
        verb=st.sampled_from(["CREATE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"]),
        name=NAMES,
        new=st.sampled_from(["Work", "Work/Old", "Old", "Archive"]),
    )
    def arrange(self, who: int, verb: str, name: str, new: str) -> None:
        async def arrange() -> None:
            witness, mail = await self.free(who), self.reference
            rename = f" {new}" if verb == "RENAME" else ""
            outcome = await witness.ask(f"{verb} {name}{rename}")
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

        self.run(arrange())

    @rule(who=WHO, name=NAMES, modseq=st.booleans())
    def status(self, who: int, name: str, modseq: bool) -> None:
        async def status() -> None:
            witness, box = await self.free(who), self.reference.boxes.get(name)
            items = ["MESSAGES", "UNSEEN", "DELETED", "SIZE", "UIDNEXT", "UIDVALIDITY"]
            if modseq:
                items.append("HIGHESTMODSEQ")
            outcome = await witness.ask(f"STATUS {name} ({' '.join(items)})")
            if modseq:
                witness.enabled.add("CONDSTORE")
            assert outcome.ok == (box is not None)
            if box is not None:
                (told,) = [one for one in outcome.answers if isinstance(one, Counted)]
                highest = told.items.get("HIGHESTMODSEQ", box.highest_modseq)
                assert told.name == name
                assert (
                    dict(told.items) == box.counts() | {"HIGHESTMODSEQ": highest}
                    if modseq
                    else box.counts()
                )
                assert highest <= box.highest_modseq
                assert highest == box.highest_modseq or box is witness.box
            await self.over(witness)

        self.run(status())

    # Mail comes in.

    async def file(self, witness: Witness, name: str, *flags: str) -> None:
        """APPEND as many messages as there are flags."""
        command, messages = b"APPEND " + name.encode(), []
        for some in flags:
            octets = self.new_message()
            command += b" (%b) {%d+}\r\n%b" % (some.encode(), len(octets), octets)
            messages.append((self.filed, flag_set(some), len(octets)))
        outcome = await witness.ask(command)
        box = self.reference.boxes.get(name)
        if box is None:
            assert outcome.tagged.code == b"TRYCREATE"
            await witness.ask("NOOP")  # a literal that is not wanted ends a command without news
        else:
            uids = [box.file(*message) for message in messages]
            assert outcome.tagged.code == b"APPENDUID"
            validity, told = outcome.tagged.argument.split()
            assert (int(validity), list(uids_in(told))) == (box.uid_validity, uids)
        await self.over(witness)

    def new_message(self) -> bytes:
        self.filed += 1
        return message_octets(
            self.filed, subject=f"Number {self.filed}", body="x" * (self.filed % 5)
        )

    @rule(who=WHO, name=NAMES, flags=st.lists(FLAGS, min_size=1, max_size=3))
    def append(self, who: int, name: str, flags: list[str]) -> None:
        async def append() -> None:
            await self.file(await self.free(who), name, *flags)

        self.run(append())

    @rule()
    def deliver(self) -> None:
        """Somebody sends mail; nobody asked for it."""

        async def deliver() -> None:
            await self.house.send("bob@b.test", ADDRESS, self.new_message())
            self.reference.boxes["INBOX"].file(self.filed, frozenset(), None)
            await self.audit.compare()

        self.run(deliver())

    @rule(who=WHO, pick=PICK, name=NAMES, flags=FLAGS)
    def replace(self, who: int, pick: Pick, name: str, flags: str) -> None:
        async def replace() -> None:
            witness = await self.selected(who)
            box = self.box_of(witness)
            if not witness.uids:
                return
            uid, by_uid = witness.uids[pick[1] % len(witness.uids)], pick[0] == "uid"
            by_uid = by_uid or witness.by_uid
            number = uid if by_uid else witness.uids.index(uid) + 1
            octets = self.new_message()
            head = f"{'UID ' * by_uid}REPLACE {number} {name} ({flags}) {{{len(octets)}+}}\r\n"
            outcome = await witness.ask(head.encode() + octets)
            target = self.reference.boxes.get(name)
            if witness.read_only or target is None or uid not in box.messages:
                assert outcome.tagged.kind == b"NO"
                await witness.ask(
                    "NOOP"
                )  # a literal that is not wanted ends a command without news
            else:
                box.remove([uid])
                assert outcome.code(b"APPENDUID") == b"%d %d" % (
                    target.uid_validity,
                    target.file(self.filed, flag_set(flags), len(octets)),
                )
            await self.over(witness)

        self.run(replace())

    # Messages of the selected mailbox.

    @staticmethod
    def box_of(witness: Witness) -> Box:
        assert witness.box is not None
        return witness.box

    @staticmethod
    def named(witness: Witness, pick: Pick) -> tuple[str, str, list[int]]:
        """How to say it ("UID " or ""), the set, and which messages it means."""
        kind, low, span = pick
        by_uid = "UID " if witness.by_uid or kind == "uid" else ""
        if kind == "saved":
            return by_uid, "$", sorted(witness.saved)
        if not by_uid and witness.uids:
            first = low % len(witness.uids)
            some = witness.uids[first : first + span + 1]
            return "", f"{first + 1}:{first + len(some)}", some
        if span == 4:
            last = witness.uids[-1] if witness.uids else 0
            return (
                "UID ",
                f"{low + 1}:*",
                [uid for uid in witness.uids if uid >= min(low + 1, last)],
            )
        some = [uid for uid in witness.uids if low < uid <= low + 1 + span]
        return "UID ", f"{low + 1}:{low + 1 + span}", some

    @rule(who=WHO, pick=PICK, sign=SIGNS, flags=FLAGS)
    def store(self, who: int, pick: Pick, sign: str, flags: str) -> None:
        self.run(self.change(who, pick, sign, flags, silent=False, since=None))

    @rule(who=WHO, pick=PICK, sign=SIGNS, flags=FLAGS)
    def store_silently(self, who: int, pick: Pick, sign: str, flags: str) -> None:
        self.run(self.change(who, pick, sign, flags, silent=True, since=None))

    @rule(who=WHO, pick=PICK, sign=SIGNS, silent=st.booleans(), flags=FLAGS, since=SINCE)
    def store_unchanged(
        self, who: int, pick: Pick, sign: str, silent: bool, flags: str, since: str
    ) -> None:
        self.run(self.change(who, pick, sign, flags, silent=silent, since=since))

    async def change(
        self, who: int, pick: Pick, sign: str, flags: str, *, silent: bool, since: str | None
    ) -> None:
        witness = await self.selected(who)
        box = self.box_of(witness)
        by_uid, messages, uids = self.named(witness, pick)
        modifier, unchanged = "", None
        if since is not None:
            unchanged = self.modseq_of(witness, since)
            modifier = f"(UNCHANGEDSINCE {unchanged}) "
        item = f"{sign}FLAGS{'.SILENT' * silent} ({flags})"
        outcome = await witness.ask(f"{by_uid}STORE {messages} {modifier}{item}")
        if unchanged is not None:
            witness.enabled.add("CONDSTORE")
        if witness.read_only:
            assert outcome.tagged.code == b"READ-ONLY"
            await self.over(witness, numbered=not by_uid)
            return
        spared = box.store(uids, sign, flag_set(flags), unchanged)
        there = [uid for uid in uids if uid in box.messages]
        self.check_store(witness, outcome, bool(by_uid), spared, len(there) < len(uids))
        told = [uid for uid in there if uid not in spared]
        silently = (told, flag_set(flags), sign) if silent else None
        await self.over(witness, numbered=not by_uid, silently=silently)
        assert silent or not set(told) & set(witness.without_flags())

    def check_store(
        self, witness: Witness, outcome: Outcome, by_uid: bool, spared: list[int], ghosts: bool
    ) -> None:
        """RFC 7162 section 3.1.3, RFC 5530."""
        if spared:
            numbers = spared if by_uid else [witness.uids.index(uid) + 1 for uid in spared]
            assert outcome.tagged.code == b"MODIFIED"
            assert list(uids_in(outcome.tagged.argument)) == numbers
        elif ghosts and not by_uid:
            assert outcome.tagged.code == b"EXPUNGEISSUED"
        assert outcome.ok == (by_uid or not ghosts)

    def modseq_of(self, witness: Witness, which: str) -> int:
        """A modseq to compare with, one of SINCE."""
        assert witness.mirror is not None
        known = witness.mirror.modseq or 1
        return {"nothing": 1, "known": known, "all": self.box_of(witness).highest_modseq}[which]

    @rule(who=WHO, pick=PICK, name=NAMES, verb=st.sampled_from(["COPY", "MOVE"]))
    def transfer(self, who: int, pick: Pick, name: str, verb: str) -> None:
        async def transfer() -> None:
            witness = await self.selected(who)
            box, target = self.box_of(witness), self.reference.boxes.get(name)
            by_uid, messages, uids = self.named(witness, pick)
            outcome = await witness.ask(f"{by_uid}{verb} {messages} {name}")
            there = [uid for uid in uids if uid in box.messages]
            whole = bool(by_uid) or len(there) == len(uids)
            if verb == "MOVE" and witness.read_only:
                assert outcome.tagged.code == b"READ-ONLY"
            elif target is None:
                assert outcome.tagged.code == b"TRYCREATE"
            elif verb == "MOVE" and target is box:
                assert outcome.tagged.code == b"CANNOT"
            else:
                assert outcome.ok == whole
                assert whole or outcome.tagged.code == b"EXPUNGEISSUED"
                if verb == "COPY":
                    copies = self.reference.copy(box, there if whole else [], target)
                else:
                    copies = self.reference.move(box, there, target)
                self.check_copies(outcome, target, there, copies)
            await self.over(witness)

        self.run(transfer())

    @staticmethod
    def check_copies(outcome: Outcome, target: Box, sources: list[int], copies: list[int]) -> None:
        """COPYUID. RFC 4315 section 3."""
        told = outcome.code(b"COPYUID")
        if not copies:
            assert told is None
            return
        assert told is not None
        validity, before, after = told.split()
        assert int(validity) == target.uid_validity
        assert (list(uids_in(before)), list(uids_in(after))) == (sources, copies)

    @rule(who=WHO, pick=st.none() | PICK)
    def expunge(self, who: int, pick: Pick | None) -> None:
        async def expunge() -> None:
            witness = await self.selected(who)
            box = self.box_of(witness)
            if pick is None:
                outcome, uids = await witness.ask("EXPUNGE"), None
            else:
                _, messages, uids = self.named(
                    witness, ("uid" if pick[0] == "number" else pick[0], *pick[1:])
                )
                outcome = await witness.ask(f"UID EXPUNGE {messages}")
            assert outcome.ok == (not witness.read_only)
            if outcome.ok:
                box.expunge(uids)
            await self.over(witness)

        self.run(expunge())

    @rule(who=WHO, pick=PICK, items=ITEMS)
    def fetch(self, who: int, pick: Pick, items: str) -> None:
        async def fetch() -> None:
            witness = await self.selected(who)
            box = self.box_of(witness)
            by_uid, messages, uids = self.named(witness, pick)
            before = list(witness.uids)
            outcome = await witness.ask(f"{by_uid}FETCH {messages} {items}")
            if "MODSEQ" in items:
                witness.enabled.add("CONDSTORE")
            ghosts = not set(uids) <= box.messages.keys()
            if not box.deleted:
                assert outcome.ok
                self.check_fetched(witness, outcome, before, uids, items.strip("()").split()[-1])
            assert (outcome.tagged.code == b"EXPUNGEISSUED") == (ghosts and not by_uid)
            if items == "BODY[]" and not witness.read_only:
                box.store(uids, "+", frozenset({SEEN}), None)
            await self.over(witness, numbered=not by_uid)

        self.run(fetch())

    def check_fetched(
        self, witness: Witness, outcome: Outcome, before: list[int], uids: list[int], item: str
    ) -> None:
        """Every message that was asked for is told, those expunged elsewhere with it."""
        box = self.box_of(witness)
        told: dict[int, dict[bytes, object]] = {}
        for one in outcome.fetched:
            uid = one.uid if one.uid is not None else before[one.number - 1]
            told.setdefault(uid, {}).update(one.items)
        for uid in uids:
            message = box.messages.get(uid) or box.left[uid]
            value = told[uid][item.replace(".PEEK", "").encode()]
            if item == "ENVELOPE":
                assert isinstance(value, list)
                assert value[1] == b"Number %d" % message.number
            elif item.startswith("BODY"):
                assert isinstance(value, bytes)
                assert b"Subject: Number %d\r\n" % message.number in value
                assert len(value) == message.size
            elif item == "RFC822.SIZE":
                assert value == b"%d" % (message.size or 0)

    @rule(who=WHO, low=st.integers(1, 12), since=SINCE)
    def resync(self, who: int, low: int, since: str) -> None:
        """UID FETCH of what changed, and of what left where QRESYNC is on."""

        async def resync() -> None:
            witness = await self.selected(who)
            box, modseq = self.box_of(witness), self.modseq_of(witness, since)
            before = list(witness.uids)
            known = witness.uids[-1] if witness.uids else 0
            vanished = " VANISHED" * witness.resyncs
            outcome = await witness.ask(
                f"UID FETCH {low}:{low + 6} (FLAGS) (CHANGEDSINCE {modseq}{vanished})"
            )
            witness.enabled.add("CONDSTORE")
            told = {one.uid or before[one.number - 1] for one in outcome.fetched}
            named = range(low, low + 7)
            changed = {
                uid for uid in before if uid in box.messages and box.messages[uid].modseq > modseq
            }
            assert changed & set(named) <= told
            if witness.resyncs and not box.deleted:
                earlier = [
                    one.uids for one in outcome.answers if isinstance(one, Vanished) and one.earlier
                ]
                left = {
                    uid
                    for uid, one in box.left.items()
                    if one.modseq > modseq and uid not in before
                }
                told_left = {uid for some in earlier for uid in some}
                assert (
                    {uid for uid in left & set(named) if uid < known}
                    <= told_left
                    <= left & set(named)
                )
            await self.over(witness)

        self.run(resync())

    @rule(
        who=WHO,
        by_uid=st.booleans(),
        key=st.sampled_from(KEYS),
        inside=st.none() | PICK,
        returns=RETURNS,
    )
    def search(
        self,
        who: int,
        by_uid: bool,
        key: tuple[str, Callable[[Message], bool]],
        inside: Pick | None,
        returns: str,
    ) -> None:
        async def search() -> None:
            witness = await self.selected(who)
            box = self.box_of(witness)
            uid = "UID " if by_uid or witness.by_uid else ""
            text, among = key[0], witness.uids
            prefix = ""
            if inside is not None:
                prefix, messages, among = self.named(witness, inside)
                text = f"{'UID ' * (prefix != '' and messages != '$')}{messages} {text}"
            ghosts = not set(witness.uids) <= box.messages.keys()
            saves = "SAVE" in returns and not ghosts
            told_as = f"RETURN {returns} " if returns and (saves or "SAVE" not in returns) else ""
            names_numbers = inside is not None and not text.startswith(("UID", "$"))
            before = list(witness.uids)
            outcome = await witness.ask(f"{uid}SEARCH {told_as}{text}", names_numbers=names_numbers)
            if "MODSEQ" in text:
                witness.enabled.add("CONDSTORE")
            assert outcome.ok
            hits = [one for one in among if one in box.messages and key[1](box.messages[one])]
            self.check_found(outcome, told_as, before, hits, by_uid=bool(uid), ghosts=ghosts)
            if told_as and saves:
                witness.saved = set(hits)
            await self.over(witness, numbered=not uid or names_numbers)

        self.run(search())

    @staticmethod
    def check_found(
        outcome: Outcome,
        returns: str,
        before: list[int],
        hits: list[int],
        *,
        by_uid: bool,
        ghosts: bool,
    ) -> None:
        found = [one for one in outcome.answers if isinstance(one, Found)]
        if "(SAVE)" in returns:
            assert found == []
            return
        spelled = hits if by_uid else [before.index(uid) + 1 for uid in hits]
        if "COUNT" in returns:
            (one,) = found
            assert ghosts or int(one.items[b"COUNT"]) == len(hits)
            assert (
                ghosts
                or "MIN" not in returns
                or int(one.items.get(b"MIN", 0)) == min(spelled, default=0)
            )
            assert (
                ghosts
                or "MAX" not in returns
                or int(one.items.get(b"MAX", 0)) == max(spelled, default=0)
            )
            return
        told = [number for one in found for number in one.numbers]
        assert set(told) >= set(spelled)
        assert ghosts or told == spelled

    @rule(who=WHO, by_uid=st.booleans(), reverse=st.booleans())
    def sort(self, who: int, by_uid: bool, reverse: bool) -> None:
        async def sort() -> None:
            witness = await self.selected(who)
            box, before = self.box_of(witness), list(witness.uids)
            uid = "UID " if by_uid or witness.by_uid else ""
            outcome = await witness.ask(f"{uid}SORT ({'REVERSE ' * reverse}SIZE) UTF-8 ALL")
            there = [one for one in before if one in box.messages]
            there.sort(key=lambda one: (box.messages[one].size or 0) * (-1 if reverse else 1))
            (found,) = [one for one in outcome.answers if isinstance(one, Found)]
            told = [one if uid else before[one - 1] for one in found.numbers]
            assert [one for one in told if one in box.messages] == there
            await self.over(witness, numbered=not uid)

        self.run(sort())

    # Time passes.

    @rule(who=WHO, verb=st.sampled_from(["NOOP", "CHECK"]), learns=st.booleans())
    def nothing(self, who: int, verb: str, learns: bool) -> None:
        async def nothing() -> None:
            witness = await self.selected(who)
            assert (await witness.ask(verb)).ok
            await self.over(witness)
            if learns and witness.box is not None:
                await self.learn(witness)

        self.run(nothing())

    @rule(who=WHO)
    def idle(self, who: int) -> None:
        """Listen until it is this session's turn again."""

        async def idle() -> None:
            witness = await self.free(who)
            await witness.idle()

        self.run(idle())

    @rule()
    def agree(self) -> None:
        """After NOOP, and once it asked for what it does not know, everybody knows everything."""

        async def agree() -> None:
            for who in range(3):
                witness = await self.free(who)
                await witness.ask("NOOP")
                await self.over(witness)
                if witness.box is None or witness.mirror is None:
                    continue
                await self.learn(witness)
                assert witness.unknown() == []
                assert witness.uids == witness.box.uids
                if witness.tells_modseq:
                    assert witness.mirror.modseq <= witness.box.highest_modseq

        self.run(agree())


def qresync(memory: Memory, *, with_uids: bool, with_numbers: bool) -> str:
    """The parameter of SELECT. RFC 7162 section 3.2.5."""
    uids = ",".join(map(str, sorted(memory.flags)))
    if not with_uids or not uids:
        return f"(QRESYNC ({memory.uid_validity} {memory.modseq}))"
    numbers = f" (1:{len(memory.flags)} {uids})" if with_numbers else ""
    # What is new lies above all that is known, and is to be told as well.
    return f"(QRESYNC ({memory.uid_validity} {memory.modseq}{numbers}))"


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
