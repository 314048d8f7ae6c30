"""How news of a mailbox are spelled for one client, by what it enabled."""

from collections.abc import Sequence

from roost.proto.imap import data, response
from roost.proto.imap.ext import qresync
from roost.proto.imap.ext.condstore import modseq_item
from roost.proto.imap.ext.uidonly import uid_fetch
from roost.proto.imap.flags import spell_flags
from roost.service.rights import changeable_flags
from roost.session.imap.conversation import UIDONLY, Conversation
from roost.session.imap.view import View
from roost.store.placements import Placed


def changed_flags(talk: Conversation, view: View, number: int, placed: Placed) -> bytes:
    """FETCH with the flags of a message. RFC 9051 section 7.5.2, RFC 7162 section 3.2.4."""
    keywords = tuple(placed.keywords.split())
    recent = not talk.is_rev2 and placed.uid in view.recent
    items = [b"FLAGS " + spell_flags(placed.flags, keywords, recent)]
    if talk.tells_modseq:
        items.append(modseq_item(placed.modseq))
    return _fetch(talk, number, placed.uid, items)


def changed_modseq(talk: Conversation, number: int, placed: Placed) -> bytes:
    """FETCH with the modseq alone, where the client knows the flags. RFC 7162 section 3.1.3."""
    return _fetch(talk, number, placed.uid, [modseq_item(placed.modseq)])


def _fetch(talk: Conversation, number: int, uid: int, items: list[bytes]) -> bytes:
    if UIDONLY in talk.enabled:
        return uid_fetch(uid, items)
    if talk.tells_uid:
        items.insert(0, data.uid_item(uid))
    return data.fetch(number, items)


def known_flags(view: View) -> bytes:
    """FLAGS and PERMANENTFLAGS with the keywords of the mailbox, the latter as far as rights go.

    RFC 9051 section 7.3.5, RFC 4314 section 5.1.1.
    """
    keywords = sorted(view.keywords)
    allowed = changeable_flags(view.rights)
    if view.read_only:
        permanent = response.NO_PERMANENT_FLAGS
    else:
        kept = keywords if allowed.keywords else []
        permanent = response.permanent_flags_code(
            kept, bits=allowed.bits, new_keywords=allowed.keywords
        )
    return data.flags(keywords) + response.untagged_ok("flags that are kept", permanent)


def vanished(uids: Sequence[int]) -> bytes:
    """VANISHED. RFC 7162 section 3.2.10."""
    return qresync.vanished(uids, earlier=False)
