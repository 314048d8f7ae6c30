"""CATENATE: a message made of texts and of parts of other messages. RFC 4469.

A URL names a message of this server by a path, or of the selected mailbox without one. Whatever is
wrong with it is told as BADURL: nobody learns which mailboxes there are.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import NamedTuple

from roost.base.ids import BlobId, MailboxRef
from roost.proto.imap import response
from roost.proto.imap.core.append import AppendMessage
from roost.proto.imap.core.fetch import SectionSpec, SectionText
from roost.proto.imap.ext.catenate import Catenate, UrlPart, bad_url_code
from roost.proto.imap.ext.imap_url import ImapUrl, parse_url
from roost.proto.mime import section
from roost.proto.mime.section import Range
from roost.service import mailboxes, rights
from roost.service.mailbox_errors import MailboxNameInvalid, MailboxUnknown
from roost.service.rights import NotPermitted, Right
from roost.session.imap.conversation import Conversation, Refused
from roost.session.imap.sections import Octets, located
from roost.store import blobs, placements
from roost.store.engine import ReadTx
from roost.store.octets import Extent, read_many
from roost.store.stowed import Stowed

__all__ = ["Whole"]

PIECE_OCTETS = 256 << 10
_COLUMNS = ("uid", "prefix", "blob_id", "size", "header_size", "parts")
_FIELDS = frozenset({SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT})


class _Found(NamedTuple):
    """A message that a URL names."""

    prefix: bytes
    blob: BlobId
    octets: Octets


class Whole:
    """Makes the messages of a command whole, one by one, of the literals that came for it."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._literals = iter(tuple(talk.appended))

    async def next(self, message: AppendMessage) -> Stowed:
        """The next message. Raises Refused ([BADURL], [TOOBIG]), StoreFull, StoreFailed."""
        if not isinstance(message.data, Catenate):
            return next(self._literals)
        port = self._talk.port
        sink = blobs.begin_blob(port.store, port.blobs, port.clock)
        try:
            await self._join(message.data, sink)
        except BaseException:
            await sink.discard()
            raise
        stowed = await sink.finish()
        self._talk.appended.append(stowed)
        return stowed

    async def _join(self, catenate: Catenate, sink: blobs.BlobSink) -> None:
        for part in catenate.parts:
            pieces = _of_url(self._talk, part.url) if isinstance(part, UrlPart) else self._of_text()
            async for octets in pieces:
                if sink.size + len(octets) > self._talk.port.limits.max_append_octets:
                    raise Refused("the message is too big", response.TOOBIG)
                await sink.write(octets)

    async def _of_text(self) -> AsyncIterator[bytes]:
        stowed = next(self._literals)
        for at in range(0, stowed.size, PIECE_OCTETS):
            count = min(PIECE_OCTETS, stowed.size - at)
            yield await stowed.read(self._talk.port.store, at, count)


async def _of_url(talk: Conversation, text: str) -> AsyncIterator[bytes]:
    """What a URL names, piece by piece. Raises Refused with BADURL."""
    url = parse_url(text)
    found = None if url is None else await _find(talk, url)
    if url is None or found is None:
        raise _bad(text)
    try:
        place = located(url.section, found.octets)
    except ValueError as error:
        raise _bad(text) from error
    if place is None:
        raise _bad(text)
    if url.section.text in _FIELDS:
        yield _cut(_fields(url.section, await _read(talk, found, place, text)), url)
        return
    start = min(place.start + url.first_octet, place.end)
    end = place.end if url.count is None else min(start + url.count, place.end)
    for at in range(start, end, PIECE_OCTETS):
        yield await _read(talk, found, Range(at, min(at + PIECE_OCTETS, end)), text)


async def _find(talk: Conversation, url: ImapUrl) -> _Found | None:
    if url.auth is not None or not _is_ours(talk, url):
        return None
    ref = await _mailbox(talk, url)
    if ref is None or Right.READ not in rights.rights_of(talk.user.account, ref):
        return None
    rows = await talk.port.store.read(
        lambda tx: placements.columns_by_uids(tx, ref, _COLUMNS, [url.uid])
    )
    if not rows:
        return None
    _, prefix, blob, size, header_size, parts = rows[0]
    return _Found(prefix, BlobId(blob), Octets(size, header_size, parts))


def _is_ours(talk: Conversation, url: ImapUrl) -> bool:
    """Whether the URL is without a server, or names this one and who is signed in. RFC 5092."""
    if url.host is None:
        return True
    return url.host == talk.port.hostname.lower() and url.user in (None, str(talk.user.address))


async def _mailbox(talk: Conversation, url: ImapUrl) -> MailboxRef | None:
    """The mailbox that a URL names; None when it is not there or was made anew since."""
    if url.mailbox is None:
        view = talk.view
        if view is None or url.uid_validity not in (None, view.uid_validity):
            return None
        return view.ref
    account = talk.user.account
    try:
        found = await mailboxes.status(talk.port.store, account, account, url.mailbox)
    except (MailboxUnknown, MailboxNameInvalid, NotPermitted):
        return None
    return found.ref if url.uid_validity in (None, found.uid_validity) else None


async def _read(talk: Conversation, found: _Found, place: Range, text: str) -> bytes:
    async def read(tx: ReadTx, extent: Extent) -> bytes | None:
        return (await read_many(tx, [extent]))[0]

    extent = Extent(found.prefix, found.blob, place.start, place.end)
    octets = await talk.port.store.scan(partial(read, extent=extent))
    if octets is None:
        raise _bad(text)
    return octets


def _fields(spec: SectionSpec, header: bytes) -> bytes:
    exclude = spec.text is SectionText.HEADER_FIELDS_NOT
    return section.header_fields(header, Range(0, len(header)), spec.fields, exclude=exclude)


def _cut(octets: bytes, url: ImapUrl) -> bytes:
    end = None if url.count is None else url.first_octet + url.count
    return octets[url.first_octet : end]


def _bad(text: str) -> Refused:
    return Refused("this URL names no message that you may read", bad_url_code(text))
