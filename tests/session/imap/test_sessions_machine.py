"""Several sessions on one account, doing anything: each knows what it ought to after every command.

What is compared, and with what, stands in roost.testing.imap_sessions. RFC 9051 section 5.2,
RFC 7162 sections 3 and 6.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from roost.testing import imap_session_verbs as verbs
from roost.testing.imap_reference import SEEN
from roost.testing.imap_session_verbs import Key, Pick
from roost.testing.imap_sessions import Mode, Sessions, new_sessions

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
KINDS = st.sampled_from(["number", "number", "uid", "uid", "saved"])
PICK = st.builds(Pick, KINDS, st.integers(0, 12), st.integers(0, verbs.TO_THE_LAST))
KEYS = st.sampled_from(
    [
        Key("ALL", lambda one: True),
        Key("SEEN", lambda one: SEEN in one.flags),
        Key("NOT DELETED", lambda one: r"\deleted" not in one.flags),
        Key("KEYWORD a", lambda one: "a" in one.flags),
        Key("UNKEYWORD $Work", lambda one: "$work" not in one.flags),
        Key('SUBJECT "Number 1"', lambda one: str(one.number).startswith("1")),
        Key("MODSEQ 20", lambda one: one.modseq >= 20),
        Key("OR FLAGGED SMALLER 190", lambda one: r"\flagged" in one.flags or one.octets < 190),
    ]
)
RETURNS = st.sampled_from(["", "", "()", "(SAVE)", "(MIN MAX COUNT)", "(SAVE COUNT)", "(SAVE ALL)"])
ITEMS = st.sampled_from(
    ["FLAGS", "(UID FLAGS)", "(FLAGS MODSEQ)", "ENVELOPE", "BODY[]", "BODY.PEEK[]", "RFC822.SIZE"]
)
MOVES = st.sampled_from(
    [
        r"STORE {} +FLAGS (\Deleted)",
        r"STORE {} -FLAGS (\Deleted \Seen)",
        "STORE {} FLAGS ($Work)",
        "EXPUNGE",
        "COPY {} INBOX",
        "MOVE {} Archive",
        "FETCH {} (UID FLAGS)",
        "FETCH {} BODY[]",
        "NOOP",
    ]
)


class SessionsMachine(RuleBasedStateMachine):
    """One account, three connections."""

    sessions: Sessions

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.house: AbstractAsyncContextManager[Sessions] | None = None
        self.well = True

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.well = False
        self.loop.run_until_complete(work)
        self.well = True

    def teardown(self) -> None:
        try:
            if self.house is not None and self.well:
                self.run(self.sessions.check())
        finally:
            if self.house is not None:
                self.loop.run_until_complete(self.house.__aexit__(None, None, None))
            self.loop.close()

    @initialize(modes=st.tuples(MODES, MODES, MODES))
    def begin(self, modes: tuple[Mode, ...]) -> None:
        self.house = new_sessions(modes)
        self.sessions = self.loop.run_until_complete(self.house.__aenter__())

    # Connections.

    @rule(who=WHO, mode=MODES)
    def reconnect(self, who: int, mode: Mode) -> None:
        self.run(self.sessions.reconnect(who, mode))

    @rule(who=WHO, mode=MODES, heard=st.integers(0, 3))
    def lose(self, who: int, mode: Mode, heard: int) -> None:
        self.run(self.sessions.lose(who, mode, heard))

    @precondition(lambda self: b"NOTIFY" in self.sessions.capabilities)
    @rule(who=WHO)
    def notify(self, who: int) -> None:
        self.run(self.sessions.notify(who))

    @rule(who=WHO)
    def idle(self, who: int) -> None:
        self.run(self.sessions.idle(who))

    @rule(who=WHO, verb=st.sampled_from(["NOOP", "CHECK"]), learns=st.booleans())
    def nothing(self, who: int, verb: str, learns: bool) -> None:
        self.run(self.sessions.nothing(who, verb, learns=learns))

    @rule()
    def agree(self) -> None:
        self.run(self.sessions.agree())

    # Mailboxes, and mail that comes in.

    @rule(
        who=WHO,
        name=NAMES,
        verb=st.sampled_from(["SELECT", "SELECT", "EXAMINE"]),
        how=st.sampled_from(["", "(CONDSTORE)", "QRESYNC", "QRESYNC", "QRESYNC NUMBERS"]),
        learns=st.booleans(),
    )
    def select(self, who: int, name: str, verb: str, how: str, learns: bool) -> None:
        self.run(self.sessions.select(who, name, verb, how, learns=learns))

    @rule(who=WHO, verb=st.sampled_from(["CLOSE", "UNSELECT"]))
    def close(self, who: int, verb: str) -> None:
        self.run(self.sessions.close(who, verb))

    @rule(
        who=WHO,
        verb=st.sampled_from(["CREATE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"]),
        name=NAMES,
        new=st.sampled_from(["Work", "Work/Old", "Old", "Archive"]),
    )
    def arrange(self, who: int, verb: str, name: str, new: str) -> None:
        self.run(self.sessions.arrange(who, verb, name, new))

    @rule(who=WHO, name=NAMES, modseq=st.booleans())
    def status(self, who: int, name: str, modseq: bool) -> None:
        self.run(self.sessions.status(who, name, modseq=modseq))

    @rule(who=WHO, name=NAMES, flags=st.lists(FLAGS, min_size=1, max_size=3))
    def append(self, who: int, name: str, flags: list[str]) -> None:
        self.run(self.sessions.append(who, name, flags))

    @rule()
    def deliver(self) -> None:
        self.run(self.sessions.deliver())

    # Messages. STORE stands here three times, as it is what most mistakes show by.

    @rule(who=WHO, pick=PICK, sign=SIGNS, flags=FLAGS)
    def store(self, who: int, pick: Pick, sign: str, flags: str) -> None:
        self.run(verbs.store(self.sessions, who, pick, sign, flags))

    @rule(who=WHO, pick=PICK, sign=SIGNS, flags=FLAGS)
    def store_silently(self, who: int, pick: Pick, sign: str, flags: str) -> None:
        self.run(verbs.store(self.sessions, who, pick, sign, flags, silent=True))

    @rule(who=WHO, pick=PICK, sign=SIGNS, flags=FLAGS, silent=st.booleans(), since=SINCE)
    def store_unchanged(
        self, who: int, pick: Pick, sign: str, flags: str, silent: bool, since: str
    ) -> None:
        self.run(verbs.store(self.sessions, who, pick, sign, flags, silent=silent, since=since))

    @rule(who=WHO, pick=PICK, name=NAMES, verb=st.sampled_from(["COPY", "MOVE"]))
    def transfer(self, who: int, pick: Pick, name: str, verb: str) -> None:
        self.run(verbs.transfer(self.sessions, who, pick, name, verb))

    @rule(who=WHO, pick=PICK, name=NAMES, flags=FLAGS)
    def replace(self, who: int, pick: Pick, name: str, flags: str) -> None:
        self.run(verbs.replace(self.sessions, who, pick, name, flags))

    @rule(who=WHO, pick=st.none() | PICK)
    def expunge(self, who: int, pick: Pick | None) -> None:
        self.run(verbs.expunge(self.sessions, who, pick))

    @rule(who=WHO, pick=PICK, items=ITEMS)
    def fetch(self, who: int, pick: Pick, items: str) -> None:
        self.run(verbs.fetch(self.sessions, who, pick, items))

    @rule(who=WHO, low=st.integers(1, 12), since=SINCE)
    def resync(self, who: int, low: int, since: str) -> None:
        self.run(verbs.resync(self.sessions, who, low, since))

    @rule(who=WHO, key=KEYS, among=st.none() | PICK, returns=RETURNS, by_uid=st.booleans())
    def search(self, who: int, key: Key, among: Pick | None, returns: str, by_uid: bool) -> None:
        self.run(verbs.search(self.sessions, who, key, among, returns, by_uid=by_uid))

    @rule(moves=st.lists(st.tuples(PICK, MOVES), min_size=2, max_size=3))
    def race(self, moves: list[tuple[Pick, str]]) -> None:
        self.run(verbs.race(self.sessions, moves))

    @rule(who=WHO, by_uid=st.booleans(), reverse=st.booleans())
    def sort(self, who: int, by_uid: bool, reverse: bool) -> None:
        self.run(verbs.sort(self.sessions, who, by_uid=by_uid, reverse=reverse))


TestSessions = SessionsMachine.TestCase
TestSessions.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
