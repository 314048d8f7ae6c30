"""LIST and LSUB. RFC 9051 section 6.3.9, RFC 3501 section 6.3.9, RFC 5258, RFC 5819, RFC 6154.

All mailboxes are read at once; what a client asked for is chosen among them here.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.list import List, ListSelect, Lsub
from roost.proto.imap.ext.acl import MYRIGHTS_RETURN, my_rights
from roost.proto.imap.ext.list_metadata import MetadataReturn
from roost.proto.imap.name import matches
from roost.service.metadata import ON_MESSAGES
from roost.service.rights import Right
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.mailbox import SPECIAL_USE
from roost.session.imap.metadata import values_line
from roost.session.imap.names import Names, names_of
from roost.session.imap.places import reach_others
from roost.session.imap.status import status_line
from roost.store.mailboxes import Mailbox

NAMES_AT_ONCE = 250  # then others get their turn

Matches = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of an answer. by_children: whether something below it is what was asked for.

    by_itself: whether it is; what is not has no STATUS and no METADATA (RFC 5819, RFC 9590).
    """

    name: str
    by_children: bool = False
    by_itself: bool = True


async def list_mailboxes(talk: Conversation, command: Command) -> Done:
    """LIST."""
    args = command.args
    assert isinstance(args, List), "the grammar gave the arguments"
    if not args.extended and args.patterns == ("",):
        talk.send(data.LIST_SEPARATOR)
        return Done("LIST done")
    wanted = [args.reference + one for one in args.patterns]
    names = await names_of(talk, with_others=reach_others(wanted))
    pattern = _matcher(wanted)
    for some in _pages(chain(_chosen(names, args.select), _levels(names, args.select, wanted))):
        for line in some:
            if pattern(line.name):
                await _tell(talk, names, args, line)
        await talk.room()
        await asyncio.sleep(0)
    return Done("LIST done")


async def list_subscribed(talk: Conversation, command: Command) -> Done:
    """LSUB. RFC 3501 section 6.3.9."""
    args = command.args
    assert isinstance(args, Lsub), "the grammar gave the arguments"
    wanted = args.reference + args.pattern
    names = await names_of(talk, with_others=reach_others([wanted]))
    pattern = _matcher([wanted])
    above = names.above_subscribed if wanted.endswith("%") else frozenset()
    for some in _pages(_Line(name) for name in sorted(names.subscribed | above)):
        for line in some:
            if pattern(line.name):
                talk.send(_subscribed_line(talk, names, line.name))
        await talk.room()
        await asyncio.sleep(0)
    return Done("LSUB done")


def attributes_of(mailbox: Mailbox) -> list[str]:
    """What is to be said of a mailbox by itself, without backslash. RFC 6154 section 2."""
    use = SPECIAL_USE.get(mailbox.role) if mailbox.role is not None else None
    return [] if use is None else [use]


def attributes_of_name(
    mailbox: Mailbox | None, *, exists: bool, has_children: bool, is_subscribed: bool
) -> list[str]:
    """All that is to be said of a name, without backslash.

    mailbox: that has it now, if any. exists: whether it is told as one that is there.
    """
    subscribed = ["Subscribed"] if is_subscribed else []
    if not exists:
        return ["NonExistent", *subscribed]
    children = "HasChildren" if has_children else "HasNoChildren"
    return [children, *subscribed, *(attributes_of(mailbox) if mailbox else ())]


def _chosen(names: Names, select: ListSelect) -> Iterator[_Line]:
    """What the selection options choose, whatever it is called, in order of name."""
    if not select.subscribed:
        for name, mailbox in names.mailboxes.items():
            if not select.special_use or attributes_of(mailbox):
                yield _Line(name)
        return
    above = names.above_subscribed if select.recursive_match else frozenset()
    for name in sorted(names.subscribed | above):
        by_itself = name in names.subscribed and (
            not select.special_use or _has_special_use(names, name)
        )
        if by_itself or name in above:
            yield _Line(name, by_children=name in above, by_itself=by_itself)


def _levels(names: Names, select: ListSelect, patterns: Sequence[str]) -> Iterator[_Line]:
    """Levels of hierarchy without a mailbox, for those who look level by level.

    RFC 9051 section 6.3.9: they are told where "%" closes the pattern.
    """
    if select.subscribed or select.special_use:
        return
    level_by_level = _matcher(one for one in patterns if one.endswith("%"))
    for name in names.missing:
        if level_by_level(name):
            yield _Line(name, by_itself=False)


def _has_special_use(names: Names, name: str) -> bool:
    mailbox = names.mailboxes.get(name)
    return mailbox is not None and bool(attributes_of(mailbox))


async def _tell(talk: Conversation, names: Names, args: List, line: _Line) -> None:
    mailbox = names.mailboxes.get(line.name)
    subscribed = args.select.subscribed or args.returns.subscribed
    child_info = ("SUBSCRIBED",) if line.by_children else ()
    talk.send(
        data.mailbox_list(
            _attributes(names, line.name, tell_subscribed=subscribed),
            line.name,
            utf8=talk.utf8,
            child_info=child_info,
        )
    )
    if mailbox is None or not line.by_itself:
        return
    if args.returns.status:
        talk.send(await _status(talk, names, line.name, args.returns.status))
    for one in args.returns.extra:
        if isinstance(one, MetadataReturn) and names.rights[mailbox.ref] & ON_MESSAGES:
            talk.send(await values_line(talk, mailbox.ref, line.name, one.entries))
        elif one is MYRIGHTS_RETURN:
            talk.send(my_rights(line.name, names.rights[mailbox.ref], utf8=talk.utf8))


async def _status(talk: Conversation, names: Names, name: str, items: Sequence[str]) -> bytes:
    """STATUS, nothing where the client may not have it. RFC 5819 section 2."""
    mailbox = names.mailboxes[name]
    if Right.READ not in names.rights[mailbox.ref]:
        return b""
    return await status_line(talk, name, mailbox, items)


def _attributes(names: Names, name: str, *, tell_subscribed: bool) -> list[str]:
    mailbox = names.mailboxes.get(name)
    is_subscribed = tell_subscribed and name in names.subscribed
    if mailbox is None and name in names.parents:
        return ["Noselect", "HasChildren", *(["Subscribed"] if is_subscribed else [])]
    return attributes_of_name(
        mailbox,
        exists=mailbox is not None,
        has_children=name in names.parents,
        is_subscribed=is_subscribed,
    )


def _subscribed_line(talk: Conversation, names: Names, name: str) -> bytes:
    r"""\Noselect stands for what is not there, and for what is not subscribed itself."""
    known = name in names.mailboxes and name in names.subscribed
    return data.subscribed_list([] if known else ["Noselect"], name, utf8=talk.utf8)


def _matcher(patterns: Iterable[str]) -> Matches:
    """Whether one of these patterns names a mailbox; the commonest ones cost nothing."""
    wanted = tuple(dict.fromkeys(patterns))
    if "*" in wanted:
        return lambda name: True  # noqa: ARG005 - all names match
    return lambda name: any(matches(pattern, name) for pattern in wanted)


def _pages(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    page: list[_Line] = []
    for line in lines:
        page.append(line)
        if len(page) == NAMES_AT_ONCE:
            yield page
            page = []
    yield page
