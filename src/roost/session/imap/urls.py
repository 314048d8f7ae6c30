"""What an IMAP URL names, for CATENATE and URLAUTH. RFC 5092, RFC 4467.

A URL without a server is of who is signed in, or of the selected mailbox. One with a token is of
whom it names, and may be used by whom its access names.
"""

from typing import NamedTuple

from roost.base.ids import AccountId, BlobId, MailboxRef
from roost.proto.imap.ext.imap_url import ImapUrl, UrlAuth
from roost.proto.imap.ext.urlauth import INTERNAL
from roost.proto.mime.structure import Part
from roost.service import login, mailboxes, others, urlauth
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.others import NOBODY
from roost.service.rights import NotPermitted, Right
from roost.session.imap.conversation import Conversation
from roost.session.imap.places import place_of
from roost.session.imap.sections import Octets
from roost.store import placements
from roost.store.stowed import BlobGone

_COLUMNS = ("uid", "prefix", "blob_id", "size", "header_size", "parts", "envelope")


class Found(NamedTuple):
    """A message that a URL names. envelope: as IMAP spells it."""

    prefix: bytes
    blob: BlobId
    octets: Octets
    envelope: bytes

    @property
    def root(self) -> Part:
        """The part tree. Raises BlobGone when it is damaged, and the message cannot be told."""
        try:
            return self.octets.root
        except ValueError as error:
            raise BlobGone(self.blob) from error


async def find(talk: Conversation, url: ImapUrl) -> Found | None:
    """The message of a URL, None where there is none that who asks may read by it."""
    ref = await (_own_mailbox(talk, url) if url.auth is None else _lent_mailbox(talk, url))
    if ref is None:
        return None
    rows = await talk.port.store.read(
        lambda tx: placements.columns_by_uids(tx, ref, _COLUMNS, [url.uid])
    )
    if not rows:
        return None
    _, prefix, blob, size, header_size, parts, envelope = rows[0]
    return Found(prefix, BlobId(blob), Octets(size, header_size, parts), envelope)


def is_here(talk: Conversation, url: ImapUrl) -> bool:
    """Whether the URL names this server."""
    return url.host == talk.port.hostname.lower()


async def is_own(talk: Conversation, user: str) -> bool:
    """Whether a user of a URL is who is signed in, by any address of the account."""
    if user == str(talk.user.address):
        return True
    return await login.account_named(talk.port.store, user) == talk.user.account


async def rump_of(
    talk: Conversation, url: ImapUrl, auth: UrlAuth, maker: AccountId | None
) -> urlauth.Rump:
    """What of a URL is signed, and the mailbox whose key signs it, as who made the URL names it."""
    place = await place_of(talk.port.store, maker or NOBODY, url.mailbox or "")
    return urlauth.Rump(auth.rump, place.owner, place.name, url.uid_validity)


async def _own_mailbox(talk: Conversation, url: ImapUrl) -> MailboxRef | None:
    """The mailbox of a URL without a token; None when it is not there or was made anew since."""
    if url.host is not None and not is_here(talk, url):
        return None
    if url.user is not None and not await is_own(talk, url.user):
        return None
    account = talk.user.account
    if url.mailbox is None:
        view = talk.view
        if view is None or url.uid_validity not in (None, view.uid_validity):
            return None
        may = await others.rights_on(talk.port.store, account, view.ref)
        return view.ref if Right.READ in may else None
    place = await talk.place(url.mailbox)
    try:
        found = await mailboxes.status(talk.port.store, account, place.owner, place.name)
    except (MailboxUnknown, NotPermitted):
        return None
    return found.ref if url.uid_validity in (None, found.uid_validity) else None


async def _lent_mailbox(talk: Conversation, url: ImapUrl) -> MailboxRef | None:
    """The mailbox of a URL whose token is right, if who asks is among those it is for."""
    auth = url.auth
    if auth is None or auth.token is None or auth.mechanism != INTERNAL:
        return None
    if not is_here(talk, url) or url.user is None:
        return None
    own = url.user == str(talk.user.address)
    store = talk.port.store
    maker = talk.user.account if own else await login.account_named(store, url.user)
    rump = await rump_of(talk, url, auth, maker)
    ref = await urlauth.verified(store, maker, rump, auth.token)
    if auth.expires is not None and talk.port.clock.now() > auth.expires:
        return None
    return ref if await _is_for(talk, auth.access) else None


async def _is_for(talk: Conversation, access: str) -> bool:
    """Whether who is signed in is among those of an access. RFC 4467 section 3.

    Nobody signs in without being somebody here, so that `anonymous` is as `authuser`; and nobody
    is a message submission entity, so that `submit+` is for nobody yet.
    """
    kind, _, user = access.partition("+")
    match kind.lower():
        case "authuser" | "anonymous":
            return True
        case "user":
            return await is_own(talk, user)
    return False
