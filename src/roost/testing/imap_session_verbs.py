"""What a session does with the messages of its mailbox, and what must come of it.

Each function says one command, does the same to the reference, and compares the answer.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from roost.testing.imap_answers import Found, Vanished, uids_in
from roost.testing.imap_reference import SEEN, Box, Message
from roost.testing.imap_sessions import Sessions, flag_set
from roost.testing.imap_witness import Outcome, Witness


class Pick(NamedTuple):
    """Which messages. kind: "number", "uid" or "saved". low, span: where they begin, how many."""

    kind: str
    low: int
    span: int


class Named(NamedTuple):
    """Messages as a command names them. prefix: "UID " or "". uids: those the client knows."""

    prefix: str
    messages: str
    uids: Sequence[int]


class Key(NamedTuple):
    """A search key and what it means."""

    text: str
    holds: Callable[[Message], bool]


TO_THE_LAST = 4  # a span that stands for `*`


def named(witness: Witness, pick: Pick) -> Named:
    """How this session names the messages of a pick."""
    prefix = "UID " if witness.by_uid or pick.kind == "uid" else ""
    if pick.kind == "saved":
        return Named(prefix, "$", sorted(witness.saved))
    if not prefix and witness.uids:
        first = pick.low % len(witness.uids)
        some = witness.uids[first : first + pick.span + 1]
        return Named("", f"{first + 1}:{first + len(some)}", some)
    low, high = pick.low + 1, pick.low + 1 + pick.span
    if pick.span == TO_THE_LAST:
        lowest = min([low, *witness.uids[-1:]])
        return Named("UID ", f"{low}:*", [uid for uid in witness.uids if uid >= lowest])
    return Named("UID ", f"{low}:{high}", [uid for uid in witness.uids if low <= uid <= high])


def modseq_of(witness: Witness, since: str) -> int:
    """A modseq to compare with. since: "nothing", "known" or "all"."""
    known = witness.mirror.modseq if witness.mirror is not None else 0
    return {"nothing": 1, "known": known or 1, "all": witness.selected.highest_modseq}[since]


async def store(
    sessions: Sessions,
    who: int,
    pick: Pick,
    sign: str,
    flags: str,
    *,
    silent: bool = False,
    since: str | None = None,
) -> None:
    """STORE. sign: "+", "-" or "". since: see `modseq_of`, for UNCHANGEDSINCE."""
    witness = await sessions.selected(who)
    box, chosen = witness.selected, named(witness, pick)
    unchanged = None if since is None else modseq_of(witness, since)
    modifier = "" if unchanged is None else f"(UNCHANGEDSINCE {unchanged}) "
    item = f"{sign}FLAGS{'.SILENT' * silent} ({flags})"
    outcome = await witness.ask(f"{chosen.prefix}STORE {chosen.messages} {modifier}{item}")
    if unchanged is not None:
        witness.enabled.add("CONDSTORE")
    if witness.read_only:
        assert outcome.tagged.code == b"READ-ONLY"
        await sessions.over(witness, numbered=not chosen.prefix)
        return
    spared = box.store(chosen.uids, sign, flag_set(flags), unchanged)
    there = [uid for uid in chosen.uids if uid in box.messages]
    _check_store(witness, outcome, chosen, spared, len(there) < len(chosen.uids))
    told = [uid for uid in there if uid not in spared]
    silently = (told, flag_set(flags), sign) if silent else None
    await sessions.over(witness, numbered=not chosen.prefix, silently=silently)
    assert silent or not set(told) & set(witness.without_flags())


def _check_store(
    witness: Witness, outcome: Outcome, chosen: Named, spared: Sequence[int], ghosts: bool
) -> None:
    """RFC 7162 section 3.1.3, RFC 5530 section 3. ghosts: whether some are not there any more."""
    if spared:
        numbers = spared if chosen.prefix else [witness.uids.index(uid) + 1 for uid in spared]
        assert outcome.tagged.code == b"MODIFIED"
        assert list(uids_in(outcome.tagged.argument)) == numbers
    elif ghosts and not chosen.prefix:
        assert outcome.tagged.code == b"EXPUNGEISSUED"
    assert outcome.ok == (bool(chosen.prefix) or not ghosts)


async def transfer(sessions: Sessions, who: int, pick: Pick, name: str, verb: str) -> None:
    """COPY or MOVE."""
    witness = await sessions.selected(who)
    box, target = witness.selected, sessions.reference.boxes.get(name)
    chosen = named(witness, pick)
    outcome = await witness.ask(f"{chosen.prefix}{verb} {chosen.messages} {name}")
    there = [uid for uid in chosen.uids if uid in box.messages]
    whole = bool(chosen.prefix) or len(there) == len(chosen.uids)
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
            copies = sessions.reference.copy(box, there if whole else [], target)
        else:
            copies = sessions.reference.move(box, there, target)
        _check_copies(outcome, target, there, copies)
    await sessions.over(witness)


def _check_copies(
    outcome: Outcome, target: Box, sources: Sequence[int], copies: Sequence[int]
) -> None:
    """COPYUID. RFC 4315 section 3."""
    told = outcome.code(b"COPYUID")
    if not copies:
        assert told is None
        return
    assert told is not None
    validity, before, after = told.split()
    assert int(validity) == target.uid_validity
    assert (list(uids_in(before)), list(uids_in(after))) == (sources, copies)


async def replace(sessions: Sessions, who: int, pick: Pick, name: str, flags: str) -> None:
    """REPLACE of the first message of a pick. RFC 8508."""
    witness = await sessions.selected(who)
    box, target = witness.selected, sessions.reference.boxes.get(name)
    chosen = named(witness, pick._replace(kind="uid" if pick.kind == "uid" else "number"))
    if not chosen.uids:
        return
    uid = chosen.uids[0]
    old = uid if chosen.prefix else witness.uids.index(uid) + 1
    number, octets = sessions.new_message()
    head = f"{chosen.prefix}REPLACE {old} {name} ({flags}) {{{len(octets)}+}}\r\n"
    outcome = await witness.ask(head.encode() + octets)
    if witness.read_only or target is None or uid not in box.messages:
        assert not outcome.ok
        await sessions.after_literal(witness)
        return
    box.remove([uid])
    new = target.file(number, flag_set(flags), len(octets))
    assert outcome.code(b"APPENDUID") == b"%d %d" % (target.uid_validity, new)
    await sessions.over(witness)


async def expunge(sessions: Sessions, who: int, pick: Pick | None) -> None:
    """EXPUNGE, or UID EXPUNGE of a pick."""
    witness = await sessions.selected(who)
    uids = None
    if pick is None:
        outcome = await witness.ask("EXPUNGE")
    else:
        chosen = named(witness, pick._replace(kind="saved" if pick.kind == "saved" else "uid"))
        uids = chosen.uids
        outcome = await witness.ask(f"UID EXPUNGE {chosen.messages}")
    assert outcome.ok == (not witness.read_only)
    if outcome.ok:
        witness.selected.expunge(uids)
    await sessions.over(witness)


async def fetch(sessions: Sessions, who: int, pick: Pick, items: str) -> None:
    """FETCH of one item, or of several of which the last is looked at."""
    witness = await sessions.selected(who)
    box, chosen, before = witness.selected, named(witness, pick), list(witness.uids)
    outcome = await witness.ask(f"{chosen.prefix}FETCH {chosen.messages} {items}")
    if "MODSEQ" in items:
        witness.enabled.add("CONDSTORE")
    ghosts = not set(chosen.uids) <= box.messages.keys()
    assert outcome.ok
    assert (outcome.tagged.code == b"EXPUNGEISSUED") == (ghosts and not chosen.prefix)
    _check_fetched(box, outcome, before, chosen.uids, items.strip("()").split()[-1])
    if items == "BODY[]" and not witness.read_only:
        box.store(chosen.uids, "+", frozenset({SEEN}), None)
    await sessions.over(witness, numbered=not chosen.prefix)


def _check_fetched(
    box: Box, outcome: Outcome, before: Sequence[int], uids: Sequence[int], item: str
) -> None:
    """Every message that was asked for is told, those expunged elsewhere with it."""
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
            assert value == b"%d" % message.octets


async def resync(sessions: Sessions, who: int, low: int, since: str) -> None:
    """UID FETCH of what changed, and of what left where QRESYNC is on. RFC 7162 section 3.2.6."""
    witness = await sessions.selected(who)
    box, modseq, before = witness.selected, modseq_of(witness, since), list(witness.uids)
    modifiers = f"CHANGEDSINCE {modseq}{' VANISHED' * witness.resyncs}"
    outcome = await witness.ask(f"UID FETCH {low}:{low + 6} (FLAGS) ({modifiers})")
    witness.enabled.add("CONDSTORE")
    asked = range(low, low + 7)
    changed = {uid for uid in before if uid in box.messages and box.messages[uid].modseq > modseq}
    assert changed.intersection(asked) <= {
        one.uid or before[one.number - 1] for one in outcome.fetched
    }
    if witness.resyncs:
        left = {uid for uid, one in box.left.items() if one.modseq > modseq and uid in asked}
        answers = [one for one in outcome.answers if isinstance(one, Vanished) and one.earlier]
        told = {uid for one in answers for uid in one.uids}
        # What it was told of leaves by VANISHED alone, and above that it knows of nothing.
        assert {uid for uid in left.difference(before) if uid < max(before, default=0)} <= told
        assert told <= left.difference(before)
    await sessions.over(witness)


async def search(
    sessions: Sessions, who: int, key: Key, among: Pick | None, returns: str, *, by_uid: bool
) -> None:
    """SEARCH. among: messages it is narrowed to. returns: "" or the options of RETURN."""
    witness = await sessions.selected(who)
    box, before = witness.selected, list(witness.uids)
    uid = "UID " if by_uid or witness.by_uid else ""
    text, uids, names_numbers = key.text, before, False
    if among is not None:
        chosen = named(witness, among)
        uids, names_numbers = list(chosen.uids), chosen.messages != "$" and not chosen.prefix
        text = f"{chosen.prefix if chosen.messages != '$' else ''}{chosen.messages} {text}"
    ghosts = not set(before) <= box.messages.keys()
    if ghosts and "SAVE" in returns:
        returns = ""  # whether ALL saves what just left is the server's choice
    command = f"{uid}SEARCH {returns and f'RETURN {returns} '}{text}"
    outcome = await witness.ask(command, names_numbers=names_numbers)
    if "MODSEQ" in text:
        witness.enabled.add("CONDSTORE")
    assert outcome.ok
    hits = [one for one in uids if one in box.messages and key.holds(box.messages[one])]
    _check_found(outcome, returns, hits if uid else [before.index(one) + 1 for one in hits], ghosts)
    if "SAVE" in returns:
        witness.saved = set(hits)
    await sessions.over(witness, numbered=not uid or names_numbers)


def _check_found(outcome: Outcome, returns: str, hits: Sequence[int], ghosts: bool) -> None:
    """ghosts: whether there may be more, which left and were not told of yet."""
    found = [one for one in outcome.answers if isinstance(one, Found)]
    if returns == "(SAVE)":
        assert found == []
    elif "COUNT" in returns:
        (one,) = found
        counted = {name: int(value) for name, value in one.items.items() if value.isdigit()}
        assert ghosts or counted.get(b"COUNT") == len(hits)
        assert ghosts or counted.get(b"MIN", min(hits, default=0)) == min(hits, default=0)
        assert ghosts or counted.get(b"MAX", max(hits, default=0)) == max(hits, default=0)
    else:
        told = [number for one in found for number in one.numbers]
        assert set(told) >= set(hits)
        assert ghosts or told == hits


async def sort(sessions: Sessions, who: int, *, by_uid: bool, reverse: bool) -> None:
    """SORT by size. RFC 5256."""
    witness = await sessions.selected(who)
    box, before = witness.selected, list(witness.uids)
    uid = "UID " if by_uid or witness.by_uid else ""
    outcome = await witness.ask(f"{uid}SORT ({'REVERSE ' * reverse}SIZE) UTF-8 ALL")
    there = [one for one in before if one in box.messages]
    there.sort(key=lambda one: box.messages[one].octets * (-1 if reverse else 1))
    (found,) = [one for one in outcome.answers if isinstance(one, Found)]
    told = [one if uid else before[one - 1] for one in found.numbers]
    assert [one for one in told if one in box.messages] == there
    await sessions.over(witness, numbered=not uid)


async def race(sessions: Sessions, moves: Sequence[tuple[Pick, str]]) -> None:
    """The sessions do something at the same moment: the first one the first, and so on.

    moves: verb and arguments, with {} where the messages of the pick are named.
    """
    commands = {}
    for who, (pick, command) in enumerate(moves):
        witness = await sessions.selected(who)
        # Numbers may shift before the command arrives where news come at any time.
        chosen = named(witness, pick._replace(kind="uid") if witness.notified else pick)
        prefix = chosen.prefix if "{}" in command else ""
        commands[who] = prefix + command.format(chosen.messages)
    await sessions.all_at_once(commands)
