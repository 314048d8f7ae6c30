"""How news of a mailbox are spelled for one client, by what it enabled."""

from collections.abc import Sequence

from roost.proto.imap import data, response, sequence
from roost.proto.imap.flags import spell_flags
from roost.session.imap.conversation import Conversation
from roost.session.imap.view import View
from roost.store.placements import Placed


def changed_flags(talk: Conversation, view: View, number: int, placed: Placed) -> bytes:
    """FETCH with the flags of a message. RFC 9051 section 7.5.2, RFC 7162 section 3.2.4."""
    keywords = tuple(placed.keywords.split())
    recent = not talk.is_rev2 and placed.uid in view.recent
    items = [b"FLAGS " + spell_flags(placed.flags, keywords, recent)]
    if talk.tells_uid:
        items.insert(0, b"UID %d" % placed.uid)
    if talk.tells_modseq:
        items.append(b"MODSEQ (%d)" % placed.modseq)
    return data.fetch(number, items)


def known_flags(view: View) -> bytes:
    """FLAGS and PERMANENTFLAGS with the keywords of the mailbox. RFC 9051 section 7.3.5."""
    keywords = sorted(view.keywords)
    if view.read_only:
        permanent = response.Code(b"PERMANENTFLAGS ()")
    else:
        permanent = response.permanent_flags_code(keywords)
    return data.flags(keywords) + response.untagged_ok("flags that are kept", permanent)


def vanished(uids: Sequence[int]) -> bytes:
    """VANISHED. RFC 7162 section 3.2.10."""
    return b"* VANISHED " + sequence.spell(uids) + b"\r\n" if uids else b""
