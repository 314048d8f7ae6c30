"""CATENATE: a message made of texts and of parts of other messages. RFC 4469.

A URL names a message of this server by a path, or of the selected mailbox without one, or one that
somebody lent with a token (RFC 4467). Whatever is wrong with it is told as BADURL: nobody learns
which mailboxes there are.
"""

from collections.abc import AsyncIterator

from roost.proto.imap import response
from roost.proto.imap.core.append import AppendMessage
from roost.proto.imap.ext.catenate import Catenate, UrlPart, bad_url_code
from roost.proto.imap.ext.imap_url import parse_url
from roost.session.imap import url_content, urls
from roost.session.imap.conversation import Conversation, Refused
from roost.session.imap.url_content import PIECE_OCTETS
from roost.store import blobs
from roost.store.stowed import BlobGone, Stowed

__all__ = ["Whole"]


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
    found = None if url is None else await urls.find(talk, url)
    content = None if url is None or found is None else url_content.content(talk, found, url)
    if content is None:
        raise _bad(text)
    try:
        async for octets in content.pieces():
            yield octets
    except BlobGone as error:
        raise _bad(text) from error


def _bad(text: str) -> Refused:
    return Refused("this URL names no message that you may read", bad_url_code(text))
