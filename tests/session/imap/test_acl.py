"""Each right by itself, and all but each, on every verb that needs one. RFC 4314 section 4."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from roost.proto.imap.state import AFTER_LOGIN, SELECTED
from roost.service import mailboxes, messages
from roost.service.rights import parse_rights
from roost.session.imap.dispatch import HANDLERS
from roost.session.imap.session import GRAMMAR
from roost.store import acl, placements
from roost.store import mailboxes as rows
from roost.store.acl import Entry, Identifier
from roost.store.check import check
from roost.store.flagging import How
from roost.store.flags import DELETED, Flags, flag_names
from roost.testing.imap import ImapClient, ImapHouse, new_house

HER = "her@mx.test"
EVERY = "lrswipkxtea"
ALONE = [*EVERY, ""]
ALL_BUT = [EVERY.replace(right, "") for right in EVERY] + [EVERY]
BOX = '"Other Users/me@mx.test/Box"'
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


class Case(NamedTuple):
    """A command of somebody else on a mailbox with one message, and which rights it needs.

    needs: any of these sets; without one of them the answer is NO. selected: whether on the
    selected mailbox, for which READ is needed beforehand.
    """

    command: str
    needs: str | tuple[str, ...]
    selected: bool = False


CASES = {
    "SELECT": Case(f"SELECT {BOX}", "r"),
    "EXAMINE": Case(f"EXAMINE {BOX}", "r"),
    "STATUS": Case(f"STATUS {BOX} (MESSAGES)", "r"),
    "CREATE": Case('CREATE "Other Users/me@mx.test/Box/new"', "k"),
    "DELETE": Case(f"DELETE {BOX}", "x"),
    "RENAME": Case(f'RENAME {BOX} "Other Users/me@mx.test/Above/new"', "x"),
    "SUBSCRIBE": Case(f"SUBSCRIBE {BOX}", "l"),
    "UNSUBSCRIBE": Case(f"UNSUBSCRIBE {BOX}", ""),
    "LIST": Case(f"LIST {BOX} *", ""),
    "LSUB": Case(f"LSUB {BOX} *", ""),
    "APPEND": Case(f"APPEND {BOX} {{5+}}\r\nHello", "i"),
    "MULTIAPPEND": Case(f"APPEND {BOX} {{5+}}\r\nHello {{5+}}\r\nHello", "i"),
    "CATENATE": Case(f"APPEND {BOX} CATENATE (TEXT {{5+}}\r\nHello)", "i"),
    "SETACL": Case(f"SETACL {BOX} anyone p", "a"),
    "DELETEACL": Case(f"DELETEACL {BOX} anyone", "a"),
    "GETACL": Case(f"GETACL {BOX}", "a"),
    "LISTRIGHTS": Case(f"LISTRIGHTS {BOX} anyone", "a"),
    "MYRIGHTS": Case(f"MYRIGHTS {BOX}", tuple("lrikxa")),
    "GETQUOTAROOT": Case(f"GETQUOTAROOT {BOX}", "r"),
    "GETQUOTA": Case('GETQUOTA "Other Users/me@mx.test"', "r"),
    "GETMETADATA": Case(
        f"GETMETADATA {BOX} /shared/comment", tuple("l" + right for right in "rswip")
    ),
    "SETMETADATA": Case(f'SETMETADATA {BOX} (/shared/comment "x")', "lw"),
    "RESETKEY": Case(f"RESETKEY {BOX}", "r"),
    "GENURLAUTH": Case(
        'GENURLAUTH "imap://her%40mx.test@mx.test/Other%20Users/me%40mx.test/Box/;uid=1;'
        'urlauth=anonymous" INTERNAL',
        "r",
    ),
    "COPY to it": Case(f"COPY 1 {BOX}", "i"),
    "MOVE to it": Case(f"MOVE 1 {BOX}", "i"),
    "FETCH": Case("FETCH 1 FLAGS", "", selected=True),
    "SEARCH": Case("SEARCH ALL", "", selected=True),
    "SORT": Case("SORT (DATE) US-ASCII ALL", "", selected=True),
    "THREAD": Case("THREAD REFERENCES US-ASCII ALL", "", selected=True),
    "ESEARCH": Case("ESEARCH IN (selected) ALL", "", selected=True),
    "CHECK": Case("CHECK", "", selected=True),
    "CLOSE": Case("CLOSE", "", selected=True),
    "UNSELECT": Case("UNSELECT", "", selected=True),
    "COPY": Case("COPY 1 INBOX", "", selected=True),
    "STORE seen": Case("STORE 1 +FLAGS (\\Seen)", "s", selected=True),
    "STORE deleted": Case("STORE 1 +FLAGS.SILENT (\\Deleted)", "t", selected=True),
    "STORE flagged": Case("STORE 1 -FLAGS (\\Flagged)", "w", selected=True),
    "STORE keyword": Case("STORE 1 +FLAGS (own)", "w", selected=True),
    "STORE of all": Case("STORE 1 FLAGS (\\Answered)", ("s", "w", "t"), selected=True),
    "EXPUNGE": Case("EXPUNGE", "e", selected=True),
    "UID EXPUNGE": Case("UID EXPUNGE 1", "e", selected=True),
    "MOVE": Case("MOVE 1 INBOX", "te", selected=True),
    "REPLACE": Case(f"REPLACE 1 INBOX {{{len(MESSAGE)}+}}\r\n{MESSAGE.decode()}", "te", True),
}  # fmt: skip

# Verbs that no right is needed for, since they name no mailbox.
OF_NO_MAILBOX = {
    "CANCELUPDATE", "CAPABILITY", "COMPRESS", "ENABLE", "ID", "IDLE", "LOGOUT", "NAMESPACE", "NOOP",
    "NOTIFY", "SETQUOTA", "UNAUTHENTICATE", "URLFETCH",
}  # fmt: skip


class Room:
    """A mailbox of one user with a message in it, and another user who may do something there."""

    def __init__(self, house: ImapHouse, me: ImapClient, her: ImapClient) -> None:
        self.house = house
        self.me = me
        self.her = her
        self.number = ""

    @property
    def box(self) -> str:
        """What she calls the mailbox."""
        return BOX.replace("Box", f"Box{self.number}")

    def command(self, case: Case) -> str:
        """The command of a case, for this mailbox."""
        command = case.command.replace("Box", f"Box{self.number}")
        return command.replace("Above", f"Above{self.number}")

    async def furnish(self, number: str = "") -> None:
        """Make the mailbox with its message, and one to rename it to a name below."""
        self.number = number
        for name in ("Box", "Above"):
            await self.me.ok(f"CREATE {name}{number}")
        await self.me.append(MESSAGE, f"Box{number}", "(\\Flagged)")

    async def let(self, rights: str) -> None:
        """Give her these rights on the mailbox, and what it takes to rename it elsewhere."""
        house, login = self.house, self.house.users[HER]
        below = "k" if rights else ""
        for name, held in ((f"Box{self.number}", rights), (f"Above{self.number}", below)):
            found = await house.store.read(
                lambda tx, name=name: rows.by_name(tx, house.account, name)  # type: ignore[misc]
            )
            if found is None:  # it was renamed or deleted
                continue
            ref = found.ref
            entry = Entry(ref.id, Identifier(login.account), held)
            await house.store.write(lambda tx, entry=entry: acl.put(tx, house.account, entry))  # type: ignore[misc]

    async def flags(self) -> dict[int, list[str]]:
        """What each message of the mailbox has."""
        ref = await self.house.ref(f"Box{self.number}")
        placed = await self.house.store.read(lambda tx: placements.page(tx, ref, 1, 1 << 31))
        return {one.uid: flag_names(Flags(one.flags, one.keywords)) for one in placed}


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    house = await new_house()
    await house.settle(HER)
    house.change_port(default_quota=100_000)
    me, her = await house.client(), await house.client(HER)
    await her.append(MESSAGE, "INBOX", "(\\Seen \\Deleted \\Flagged)")
    yield Room(house, me, her)
    assert await check(house.store, house.clock) == []
    assert house.log.events == []


def permits(case: Case, rights: str) -> bool:
    needs = (case.needs,) if isinstance(case.needs, str) else case.needs
    return any(set(one) <= set(rights) for one in needs)


def test_no_verb_is_forgotten() -> None:
    tested = {name.split(" ")[0] for name in CASES} & HANDLERS.keys() | {"EXPUNGE"}
    named = {
        verb for verb in HANDLERS if GRAMMAR.states[verb] in (AFTER_LOGIN, SELECTED)
    } | OF_NO_MAILBOX & HANDLERS.keys()
    assert named - tested == OF_NO_MAILBOX


@pytest.mark.parametrize("name", CASES)
async def test_a_verb_does_well_with_the_rights_it_needs_and_no_others(
    room: Room, name: str
) -> None:
    case = CASES[name]
    for number, rights in enumerate(ALONE + ALL_BUT):
        await room.furnish(f"{number}")
        await room.let(rights)
        her = await room.house.client(HER)
        if case.selected:
            opened = await her.ask(f"SELECT {room.box}")
            assert opened[-1].startswith(b"OK" if "r" in rights else b"NO"), opened
        elif name.endswith(" to it"):
            await her.append(MESSAGE)
            await her.ok("SELECT INBOX")
        if not case.selected or "r" in rights:
            before = await room.flags()
            answer = (await her.ask(room.command(case)))[-1]
            if permits(case, rights):
                assert answer.startswith(b"OK "), (rights, answer)
            else:
                assert answer.startswith(refusal(name, rights)), (rights, answer)
                assert await room.flags() == before
        await room.let("")


def refusal(name: str, rights: str) -> tuple[bytes, ...]:
    """How the answer begins where a right is missing; who may not look it up learns nothing."""
    if name == "GENURLAUTH" and "l" not in rights:
        return (b"BAD a URL names no mailbox of yours",)
    if name == "GETQUOTA":
        return (b"NO [NONEXISTENT] there is no such quota root",)
    if CASES[name].selected and not set(rights) & set("swite"):
        return (b"NO [READ-ONLY] ",)
    if "l" in rights:
        return (b"NO [NOPERM] ",)
    return b"NO [NONEXISTENT] there is no such mailbox", b"NO [TRYCREATE] create the mailbox first"


@pytest.mark.parametrize("rights", ALONE + ALL_BUT, ids=lambda rights: rights or "none")
async def test_what_is_seen_without_a_refusal(room: Room, rights: str) -> None:
    await room.furnish()
    await room.let(rights)
    her = room.her
    seen = [
        line
        for line in await her.ok('LIST "" "Other Users/*" RETURN (MYRIGHTS STATUS (MESSAGES))')
        if b"/Box" in line
    ]
    assert len(seen) == ((2 + ("r" in rights)) if "l" in rights else 0), seen
    found = await her.ok(f"ESEARCH IN (mailboxes {BOX}) ALL")
    assert len(found) == ({"l", "r"} <= set(rights))
    url = '"/Other%20Users/me%40mx.test/Box/;uid=1"'
    answer = (await her.ask(f"APPEND INBOX CATENATE (URL {url})"))[-1]
    assert answer.startswith(b"OK" if "r" in rights else b"NO [BADURL"), answer


@pytest.mark.parametrize("rights", ["r" + right for right in "swipkxtea"] + ["r", EVERY])
async def test_what_a_mailbox_may_be_used_for_is_told(room: Room, rights: str) -> None:
    await room.furnish()
    await room.let(rights)
    told = await room.her.ask(f"SELECT {BOX}")
    changing = bool(set(rights) & set("swite"))
    assert told[-1].startswith(b"OK [READ-WRITE]" if changing else b"OK [READ-ONLY]")
    (permanent,) = (line for line in told if b"PERMANENTFLAGS" in line)
    for right, flag in (("s", b"\\Seen"), ("t", b"\\Deleted"), ("w", b"\\Flagged"), ("w", b"\\*")):
        assert (flag in permanent) is (right in rights), permanent


@pytest.mark.parametrize("rights", ["r" + right for right in "swit"] + ["rsw", "rst", EVERY])
async def test_flags_are_kept_as_far_as_rights_go(room: Room, rights: str) -> None:
    await room.furnish()
    await room.let(rights + "i")
    her = room.her
    await her.append(MESSAGE, BOX, "(\\Seen \\Deleted \\Flagged own)")
    await her.ok("SELECT INBOX")
    await her.ok(f"COPY 1 {BOX}")
    await her.ok(f"MOVE 1 {BOX}")
    may = {"\\Seen": "s", "\\Deleted": "t", "\\Flagged": "w", "own": "w"}
    kept = [flag for flag in ("\\Seen", "\\Flagged", "\\Deleted", "own") if may[flag] in rights]
    without = [flag for flag in kept if flag != "own"]
    flags = await room.flags()
    assert (flags[2], flags[3], flags[4]) == (kept, without, without)


@pytest.mark.parametrize("rights", ["rs", "r", EVERY, EVERY.replace("s", "")])
@pytest.mark.parametrize("item", ["BODY[]", "BODY.PEEK[]", "RFC822.TEXT", "BINARY[1]"])
async def test_reading_marks_as_seen_only_with_the_right(
    room: Room, rights: str, item: str
) -> None:
    await room.furnish()
    await room.let(rights)
    await room.her.ok(f"SELECT {BOX}")
    await room.her.ok(f"FETCH 1 {item}")
    seen = "s" in rights and "PEEK" not in item
    assert ("\\Seen" in (await room.flags())[1]) is seen


@pytest.mark.parametrize("rights", ["rt", "rte", EVERY.replace("e", ""), EVERY])
async def test_close_removes_only_with_the_right(room: Room, rights: str) -> None:
    await room.furnish()
    await room.let(rights)
    ref, house = await room.house.ref("Box"), room.house
    await messages.set_flags(
        house.store, house.clock, house.account, ref, [1], How.ADD, Flags(DELETED)
    )
    await room.her.ok(f"SELECT {BOX}")
    await room.her.ok("CLOSE")
    assert (await room.flags() == {}) is ("e" in rights)


@pytest.mark.parametrize("rights", ["rk", "rx", "rkx", EVERY])
async def test_a_rename_needs_both_ends(room: Room, rights: str) -> None:
    """To a name below the mailbox's own parent that may not be created in, and within another."""
    await room.furnish()
    await room.let(rights)
    top = (await room.her.ask(f'RENAME {BOX} "Other Users/me@mx.test/new"'))[-1]
    assert top.startswith(b"NO "), "nobody may create at the top"
    moved = (await room.her.ask(f'RENAME {BOX} "Other Users/me@mx.test/Above/new"'))[-1]
    assert moved.startswith(b"OK" if "x" in rights else b"NO")
    if "x" not in rights:
        return
    renamed = await mailboxes.list_all(room.house.store, room.house.account, room.house.account)
    (box,) = (one for one in renamed.mailboxes if one.name == "Above/new")
    login = room.house.users[HER]
    listing = await mailboxes.list_all(room.house.store, login.account, room.house.account)
    assert listing.grants.on(box.id) == parse_rights(rights), "a mailbox keeps its rights"


@pytest.mark.parametrize("lacks", "swtei")
async def test_what_owners_take_from_themselves_they_cannot_do(room: Room, lacks: str) -> None:
    me = room.me
    await room.furnish()
    await me.append(MESSAGE, "Box")
    await me.ok(f"SETACL Box me@mx.test {EVERY.replace(lacks, '')}")
    await me.ok("SELECT Box")
    commands = {
        "s": "STORE 1 +FLAGS (\\Seen)", "w": "STORE 1 +FLAGS (own)", "t": "STORE 2 +FLAGS (\\Deleted)",
        "e": "EXPUNGE", "i": "COPY 1 Box",
    }  # fmt: skip
    for right, command in commands.items():
        answer = (await me.ask(command))[-1]
        assert answer.startswith(b"NO [NOPERM]" if right == lacks else b"OK"), (command, answer)
