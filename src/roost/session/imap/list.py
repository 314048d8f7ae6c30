"""LIST and LSUB. RFC 9051 section 6.3.9, RFC 3501 section 6.3.9, RFC 5258, RFC 5819, RFC 6154.

All mailboxes of an account are read at once; what a client asked for is chosen among them here.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.list import List, ListSelect, Lsub
from roost.proto.imap.ext.list_metadata import MetadataReturn
from roost.proto.imap.name import matches
from roost.service import mailboxes
from roost.service.mailboxes import Listing
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.mailbox import SPECIAL_USE
from roost.session.imap.metadata import values_line
from roost.session.imap.status import status_line
from roost.store.mailbox_names import lineage, parent_of
from roost.store.mailboxes import Mailbox

NAMES_AT_ONCE = 250  # then others get their turn

Matches = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Names:
    """The mailboxes of an account by name, and what is known of the names.

    parents: names that have a mailbox below them. subscribed: there or not. above_subscribed:
    names that have a subscribed one below them.
    """

    mailboxes: dict[str, Mailbox]
    parents: frozenset[str]
    subscribed: frozenset[str]
    above_subscribed: frozenset[str]


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
    names = _names_of(await _listing(talk))
    pattern = _matcher([args.reference + one for one in args.patterns])
    for some in _pages(_chosen(names, args.select)):
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
    names = _names_of(await _listing(talk))
    wanted = args.reference + args.pattern
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


async def _listing(talk: Conversation) -> Listing:
    account = talk.user.account
    return await mailboxes.list_all(talk.port.store, account, account)


def _names_of(listing: Listing) -> _Names:
    by_name = {one.name: one for one in listing.mailboxes}
    parents = {above for name in by_name if (above := parent_of(name)) is not None}
    above_subscribed = {above for name in listing.subscribed for above in lineage(name)[:-1]}
    return _Names(by_name, frozenset(parents), listing.subscribed, frozenset(above_subscribed))


def _chosen(names: _Names, select: ListSelect) -> Iterator[_Line]:
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


def _has_special_use(names: _Names, name: str) -> bool:
    mailbox = names.mailboxes.get(name)
    return mailbox is not None and bool(attributes_of(mailbox))


async def _tell(talk: Conversation, names: _Names, args: List, line: _Line) -> None:
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
        talk.send(await status_line(talk, mailbox, args.returns.status))
    for one in args.returns.extra:
        if isinstance(one, MetadataReturn):
            talk.send(await values_line(talk, mailbox.ref, mailbox.name, one.entries))


def _attributes(names: _Names, name: str, *, tell_subscribed: bool) -> list[str]:
    mailbox = names.mailboxes.get(name)
    return attributes_of_name(
        mailbox,
        exists=mailbox is not None,
        has_children=name in names.parents,
        is_subscribed=tell_subscribed and name in names.subscribed,
    )


def _subscribed_line(talk: Conversation, names: _Names, name: str) -> bytes:
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
