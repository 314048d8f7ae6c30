"""UTF8=ACCEPT: what depends on whether the client enabled UTF-8. RFC 6855."""

from roost.session.imap.conversation import UTF8_ACCEPT, Conversation, Refused

__all__ = ["check_charset", "check_header"]


def check_header(talk: Conversation, header: bytes) -> None:
    """Refuse a message with 8-bit header fields by a client that did not enable UTF-8 (section 4).

    Nobody may learn from it what such fields mean: they would be in no known charset.
    """
    if not (talk.utf8 or header.isascii()):
        raise Refused("say ENABLE UTF8=ACCEPT first: the header is not ASCII")


def check_charset(talk: Conversation, *, named: bool) -> None:
    """Refuse SEARCH with CHARSET where UTF-8 was enabled (section 3)."""
    if named and UTF8_ACCEPT in talk.enabled:
        raise Refused("CHARSET may not be said after ENABLE UTF8=ACCEPT", bad=True)
