"""METADATA: notes on mailboxes and on the server. RFC 5464.

A client that enabled it is told of what others change, with the answer to each command and in IDLE.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from roost.base.ids import MailboxRef
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.metadata import (
    Depth,
    GetMetadata,
    SetMetadata,
    long_entries_code,
    metadata_changed,
    metadata_values,
)
from roost.proto.imap.ext.notify import EventKind
from roost.service import metadata
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.covering import Known
from roost.session.imap.places import Place
from roost.session.imap.watch import TooMuch, Watch
from roost.store import metadata as rows
from roost.store import subscriptions
from roost.store.engine import ReadTx
from roost.store.metadata import Noted
from roost.store.sql_lists import chunks

__all__ = [
    "begin_telling",
    "get_metadata",
    "set_metadata",
    "tell_changed",
    "tell_watched",
    "values_line",
]

SERVER_ADMIN = "/shared/admin"
NAMES_AT_ONCE = 100  # then others get their turn
_VENDORS = ("private", "vendor"), ("shared", "vendor")
_VENDOR_COMPONENTS = 4


async def get_metadata(talk: Conversation, command: Command) -> Done:
    """GETMETADATA. Section 4.2."""
    args = command.args
    assert isinstance(args, GetMetadata), "the grammar gave the arguments"
    place = await _place(talk, args.mailbox)
    account = talk.user.account
    ref = await metadata.target(talk.port.store, account, place.owner, place.name)
    found = await _find(talk, ref, args.entries, args.depth)
    most = args.max_size_octets
    if most is None:
        long = []
    else:
        long = [len(value) for value in found.values() if value is not None and len(value) > most]
        found = {
            entry: value for entry, value in found.items() if value is None or len(value) <= most
        }
    if found:
        talk.send(metadata_values(args.mailbox, found.items(), utf8=talk.utf8))
    return Done("GETMETADATA done", long_entries_code(max(long)) if long else None)


async def set_metadata(talk: Conversation, command: Command) -> Done:
    """SETMETADATA: all entries or none. Section 4.3."""
    args = command.args
    assert isinstance(args, SetMetadata), "the grammar gave the arguments"
    noted = dict(args.values)
    if not all(map(_is_whole, noted)):
        raise Refused("an entry of a vendor has four components at least", bad=True)
    if not args.mailbox and SERVER_ADMIN in noted:
        raise Refused("this entry is the server's", response.NOPERM)
    account, place = talk.user.account, await _place(talk, args.mailbox)
    modseq = await metadata.put(talk.port.store, account, place.owner, place.name, noted)
    if talk.metadata_told is not None and talk.watch is None and place.owner == account:
        talk.own_metadata.add(modseq)
    return Done("SETMETADATA done")


async def begin_telling(talk: Conversation) -> None:
    """The client enabled METADATA: it is told of all that changes from now on. Section 4.4."""
    account = talk.user.account
    talk.metadata_told = await talk.port.store.read(lambda tx: rows.highest(tx, account))
    talk.selection_changed()


async def tell_changed(talk: Conversation) -> None:
    """Tell which entries others changed since this was told last. Section 4.4.2."""
    told, account = talk.metadata_told, talk.user.account
    if told is None:
        return
    store = talk.port.store
    highest = await store.read(lambda tx: rows.highest(tx, account))
    if highest <= told:
        return
    noted = await store.scan(lambda tx: rows.changed_since(tx, account, told))
    _tell_entries(talk, (one for one in noted if one.modseq not in talk.own_metadata))
    talk.metadata_told = max([told, *(one.modseq for one in noted)])
    talk.own_metadata.clear()


async def tell_watched(
    talk: Conversation, watch: Watch, latest: int, inboxes: Collection[str]
) -> None:
    """As `tell_changed`, as NOTIFY has it: RFC 5465 sections 5.6 and 5.7. Raises TooMuch.

    latest: the modseq up to which it is told of.
    """
    events = (EventKind.MAILBOX_METADATA_CHANGE, EventKind.SERVER_METADATA_CHANGE)
    account, store = talk.user.account, talk.port.store
    if not watch.wants(events):
        return
    if await store.read(lambda tx: rows.highest(tx, account)) <= watch.told:
        return
    noted = await store.scan(lambda tx: rows.changed_since(tx, account, watch.told))
    if sum(one.removed for one in noted) >= rows.MAX_REMOVED:
        raise TooMuch
    names = sorted({one.mailbox for one in noted if one.mailbox})
    wanted = {""} if watch.wants((EventKind.SERVER_METADATA_CHANGE,)) else set()
    for some in chunks(names, NAMES_AT_ONCE):
        subscribed = await store.read(
            lambda tx, some=some: subscriptions.those_subscribed(tx, account, account, some)  # type: ignore[misc]
        )
        known = Known(subscribed, inboxes)
        wanted.update(name for name in some if events[0] in watch.events_of(name, known))
        await asyncio.sleep(0)
    own = talk.own
    _tell_entries(
        talk,
        (
            one
            for one in noted
            if one.mailbox in wanted
            and one.modseq <= latest
            and (own is None or not own.has(account, one.modseq))
        ),
    )
    await talk.room()


def _tell_entries(talk: Conversation, noted: Iterable[Noted]) -> None:
    by_mailbox: dict[str, list[str]] = {}
    for one in noted:
        by_mailbox.setdefault(one.mailbox, []).append(one.entry)
    for name, entries in by_mailbox.items():
        talk.send(metadata_changed(name, entries, utf8=talk.utf8))


async def values_line(
    talk: Conversation, ref: MailboxRef, name: str, entries: Sequence[str]
) -> bytes:
    """METADATA of one mailbox as LIST tells it. RFC 9590."""
    found = await _find(talk, ref, entries, Depth.ITSELF)
    return metadata_values(name, found.items(), utf8=talk.utf8)


async def _find(
    talk: Conversation, ref: MailboxRef, entries: Sequence[str], depth: Depth
) -> Mapping[str, bytes | None]:
    """The values asked for; None for an entry that was named and has none for this client."""
    account = talk.user.account
    if depth is Depth.ITSELF:
        values = await talk.port.store.read(lambda tx: rows.values(tx, ref, entries))
        return {
            entry: value if metadata.is_visible(account, ref, entry) else None
            for entry, value in values.items()
        }

    async def work(tx: ReadTx) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for entry in entries:
            below = await rows.values_below(tx, ref, entry)
            found |= {
                name: value
                for name, value in below.items()
                if metadata.is_visible(account, ref, name)
                if depth is Depth.ALL or "/" not in name[len(entry) + 1 :]
            }
        return found

    return await talk.port.store.scan(work)


async def _place(talk: Conversation, name: str) -> Place:
    """Where the name of a mailbox leads, "" to the server as the account sees it."""
    return await talk.place(name) if name else Place(talk.user.account, "")


def _is_whole(entry: str) -> bool:
    """Whether the name has as many components as its kind must have. Section 3.2."""
    parts = entry.split("/")[1:]
    return tuple(parts[:2]) not in _VENDORS or len(parts) >= _VENDOR_COMPONENTS
