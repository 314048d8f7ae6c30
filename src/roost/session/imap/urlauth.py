"""GENURLAUTH, URLFETCH, RESETKEY: URLs that let others read a message. RFC 4467, RFC 5524.

URLFETCH tells NIL for whatever is wrong with a URL, and tells each URL in a response of its own, so
that what is large is sent as the client takes it.
"""

from typing import NamedTuple

import msgspec

from roost.ports.net import ConnectionLost
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.imap_url import ImapUrl, parse_url
from roost.proto.imap.ext.urlauth import (
    INTERNAL,
    URLMECH_INTERNAL,
    GenUrlAuth,
    ResetKey,
    UrlFetch,
    UrlItem,
    UrlToFetch,
    authorised,
    gen_url_auth,
    url_fetch_head,
    url_structure_item,
)
from roost.proto.imap.spelling import literal, literal_head, nstring
from roost.proto.mime.bodystructure import bodystructure
from roost.proto.mime.structure import Part
from roost.service import urlauth as service
from roost.service.mailbox_errors import MailboxUnknown
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.general import may_send_passwords
from roost.session.imap.url_content import (
    IDENTITY,
    PIECE_OCTETS,
    Content,
    Measure,
    content,
    decoded,
    part_of,
)
from roost.session.imap.urls import Found, find, is_here, is_own, rump_of
from roost.store import url_keys
from roost.store.mailboxes import Mailbox
from roost.store.stowed import BlobGone


class _Asked(NamedTuple):
    """What is asked of a URL that is good. plain: its octets as they stand in the message."""

    url: ImapUrl
    found: Found
    plain: Content
    items: tuple[UrlItem, ...]


async def generate(talk: Conversation, command: Command) -> Done:
    """GENURLAUTH: all URLs, or BAD and none."""
    args = command.args
    assert isinstance(args, GenUrlAuth), "the grammar gave the arguments"
    rumps = [await _rump(talk, text, mechanism) for text, mechanism in args.urls]
    port = talk.port
    try:
        tokens = await service.generate(port.store, port.random, talk.user.account, rumps)
    except MailboxUnknown as error:
        raise Refused("a URL names no mailbox of yours", bad=True) from error
    urls = [authorised(rump.text, token) for rump, token in zip(rumps, tokens, strict=True)]
    talk.send(gen_url_auth(urls))
    return Done("GENURLAUTH done")


async def url_fetch(talk: Conversation, command: Command) -> Done:
    """URLFETCH."""
    args = command.args
    assert isinstance(args, UrlFetch), "the grammar gave the arguments"
    for wanted in args.urls:
        await _tell(talk, wanted)
        await talk.room()
    return Done("URLFETCH done")


async def reset_key(talk: Conversation, command: Command) -> Done:
    """RESETKEY, of one mailbox or of all."""
    args = command.args
    assert isinstance(args, ResetKey), "the grammar gave the arguments"
    port, account = talk.port, talk.user.account
    if args.mailbox is None:
        await service.remove_keys(port.store, account)
        return Done("all keys are removed")
    if not set(args.mechanisms) <= {INTERNAL}:
        raise Refused("INTERNAL is the only mechanism", response.CANNOT)
    place = await talk.place(args.mailbox)
    modseq = await service.reset_key(port.store, port.random, account, place.owner, place.name)
    selected = talk.view is not None and talk.view.name == place.prefix + place.name
    if talk.view is not None and selected and _is_private(talk):
        talk.view.key_told = modseq  # by the tagged answer
    return Done("the key is another", URLMECH_INTERNAL if _is_private(talk) else None)


def mechanisms(talk: Conversation) -> bytes:
    """What SELECT tells of the keys of a mailbox. Not where others may listen: section 10."""
    if not _is_private(talk):
        return b""
    return response.untagged_ok("ways to authorise URLs", URLMECH_INTERNAL)


async def reset_before(talk: Conversation, mailbox: Mailbox) -> int:
    """A modseq that resets of the client's key for a mailbox are above from now on.

    They are numbered in the account that has the key.
    """
    account = talk.user.account
    if mailbox.account_id == account:
        return mailbox.highest_modseq
    return await talk.port.store.read(lambda tx: url_keys.last_reset(tx, account, mailbox.ref))


async def tell_reset(talk: Conversation) -> None:
    """Tell that the key of the selected mailbox is another, if it is. Section 7, RESETKEY."""
    view = talk.view
    if view is None or not talk.key_in_doubt:
        return
    talk.key_in_doubt = False
    account = talk.user.account
    modseq = await talk.port.store.read(lambda tx: url_keys.last_reset(tx, account, view.ref))
    if modseq > view.key_told:
        view.key_told = modseq
        talk.send(mechanisms(talk))


def _is_private(talk: Conversation) -> bool:
    """Whether nobody listens: TLS is on, the admin does not mind, or it stays on the machine."""
    return may_send_passwords(talk) or talk.wire.peer.ip is None


# GENURLAUTH.


async def _rump(talk: Conversation, text: str, mechanism: str) -> service.Rump:
    """What is to be signed. Raises Refused for a URL that cannot be authorised: section 7."""
    url = parse_url(text)
    if url is None or url.auth is None or url.auth.token is not None:
        raise Refused("a URL has to name a message and end with its access identifier", bad=True)
    if url.user is None:
        raise Refused("a URL has to name its user", bad=True)
    if not is_here(talk, url) or not await is_own(talk, url.user):
        raise Refused("a URL has to name you as its user, and this server", bad=True)
    if mechanism != INTERNAL:
        raise Refused("INTERNAL is the only mechanism", response.CANNOT)
    return await rump_of(talk, url, url.auth, talk.user.account)


# URLFETCH.


async def _tell(talk: Conversation, wanted: UrlToFetch) -> None:
    head = url_fetch_head(wanted.url)
    asked = await _asked(talk, wanted)
    try:
        if asked is None:
            talk.send(head + b" NIL\r\n")
        elif asked.items:
            await _tell_items(talk, asked, head)
        else:
            await _tell_content(talk, head + b" ", asked.plain, b"\r\n")
    except BlobGone:
        talk.send(head + b" NIL\r\n")


async def _asked(talk: Conversation, wanted: UrlToFetch) -> _Asked | None:
    """What a URL with a token stands for, None where it is worth nothing."""
    url = parse_url(wanted.url)
    found = await find(talk, url) if url is not None and url.auth is not None else None
    if url is None or found is None:
        return None
    plain = content(talk, found, url)
    return None if plain is None else _Asked(url, found, plain, wanted.items)


async def _tell_items(talk: Conversation, asked: _Asked, head: bytes) -> None:
    """The structure first, then the content. Raises BlobGone as long as nothing was told."""
    items, part = asked.items, part_of(asked.found, asked.url.section)
    told: Content | None = asked.plain
    if UrlItem.BINARY in items:
        told = decoded(talk, asked.found, asked.url)
    measured = UrlItem.BINARY in items or part is None
    measure = await told.measure() if measured and told is not None else None
    if UrlItem.BODYPARTSTRUCTURE in items:
        body = _structure(asked, measure) if part is None else _part_structure(part, measure)
        head += b" (" + url_structure_item(body) + b")"
    if UrlItem.BODY in items:
        await _tell_content(talk, head + b" (BODY ", asked.plain, b")\r\n")
    elif UrlItem.BINARY not in items:
        talk.send(head + b"\r\n")
    elif told is None or measure is None:
        talk.send(head + b" (BINARY NIL)\r\n")
    else:
        await _tell_binary(talk, head + b" (BINARY ", told, measure)


def _part_structure(part: Part, measure: Measure | None) -> bytes:
    """The structure of a part. measure: of what is told decoded, None for what is told as it is."""
    if measure is not None and not part.children and part.encoding not in IDENTITY:
        part = msgspec.structs.replace(
            part, encoding=b"binary", body_start=0, end=measure.size, lines=measure.lines
        )
    return bodystructure(part)


def _structure(asked: _Asked, measure: Measure | None) -> bytes:
    """The structure of what is no part: a whole message, or a header (RFC 6522 section 4)."""
    assert measure is not None, "what is no part is measured"
    encoding = b"binary" if measure.has_nul else b"7bit" if measure.is_ascii else b"8bit"
    found, section = asked.found, asked.url.section
    part = Part(b"text", b"rfc822-headers", (), 0, 0, measure.size, measure.lines, encoding)
    if section.text is None and not section.part:
        part.type, part.subtype = b"message", b"rfc822"
        part.envelope, part.children = found.envelope, [found.root]
    elif not measure.is_ascii:
        part.params = ((b"charset", b"utf-8"),)
    return bodystructure(part)


async def _tell_content(talk: Conversation, head: bytes, told: Content, tail: bytes) -> None:
    """Octets as they stand in the message, as FETCH tells them."""
    size = told.size
    if size is not None and size > PIECE_OCTETS:
        await _stream(talk, head + literal_head(size), told, tail)
        return
    talk.send(head + nstring(b"".join([octets async for octets in told.pieces()])) + tail)


async def _tell_binary(talk: Conversation, head: bytes, told: Content, measure: Measure) -> None:
    """Octets that may be of any value; NUL needs a literal8. RFC 5524 section 5."""
    whole = measure.whole
    if whole is None:
        head += literal_head(measure.size, binary=measure.has_nul)
        await _stream(talk, head, told, b")\r\n")
    else:
        spelled = literal(whole, binary=True) if measure.has_nul else nstring(whole)
        talk.send(head + spelled + b")\r\n")


async def _stream(talk: Conversation, head: bytes, told: Content, tail: bytes) -> None:
    """Send as the client takes it. Raises BlobGone as long as nothing was sent."""
    try:
        async for octets in told.pieces():
            talk.send(head + octets)
            head = b""
            await talk.room()
    except BlobGone:
        if head:
            raise
        # The client waits for as many octets as were announced: only an end is honest.
        talk.wire.abort()
        raise ConnectionLost from None
    talk.send(tail)
