"""Status responses, continuation requests and response codes. RFC 9051 sections 7.1 and 7.5.

Texts are fixed texts of ours; nothing a client sent is repeated but its tag.
"""

from collections.abc import Iterable
from typing import Final, NewType

from roost.proto.imap.flags import ALL_BITS, spell_permanent
from roost.proto.imap.sequence import spell_in_order

# What stands between the brackets.
Code = NewType("Code", bytes)

ALERT: Final = Code(b"ALERT")
ALREADYEXISTS: Final = Code(b"ALREADYEXISTS")
AUTHENTICATIONFAILED: Final = Code(b"AUTHENTICATIONFAILED")
AUTHORIZATIONFAILED: Final = Code(b"AUTHORIZATIONFAILED")
CANNOT: Final = Code(b"CANNOT")
CLIENTBUG: Final = Code(b"CLIENTBUG")
CLOSED: Final = Code(b"CLOSED")
CONTACTADMIN: Final = Code(b"CONTACTADMIN")
CORRUPTION: Final = Code(b"CORRUPTION")
EXPIRED: Final = Code(b"EXPIRED")
EXPUNGEISSUED: Final = Code(b"EXPUNGEISSUED")
HASCHILDREN: Final = Code(b"HASCHILDREN")
INUSE: Final = Code(b"INUSE")
LIMIT: Final = Code(b"LIMIT")
NONEXISTENT: Final = Code(b"NONEXISTENT")
NOPERM: Final = Code(b"NOPERM")
NOTSAVED: Final = Code(b"NOTSAVED")
OVERQUOTA: Final = Code(b"OVERQUOTA")
PARSE: Final = Code(b"PARSE")
PRIVACYREQUIRED: Final = Code(b"PRIVACYREQUIRED")
READ_ONLY: Final = Code(b"READ-ONLY")
READ_WRITE: Final = Code(b"READ-WRITE")
SERVERBUG: Final = Code(b"SERVERBUG")
TOOBIG: Final = Code(b"TOOBIG")  # RFC 7888 section 4
TRYCREATE: Final = Code(b"TRYCREATE")
UNAVAILABLE: Final = Code(b"UNAVAILABLE")
UNKNOWN_CTE: Final = Code(b"UNKNOWN-CTE")
USEATTR: Final = Code(b"USEATTR")  # RFC 6154 section 6
BADCHARSET: Final = Code(b"BADCHARSET (US-ASCII UTF-8)")

CONTINUE: Final = b"+ \r\n"
CONTINUE_LITERAL: Final = b"+ go ahead\r\n"
CONTINUE_IDLE: Final = b"+ idling\r\n"


def ok(tag: bytes, text: str, code: Code | None = None) -> bytes:
    """The command did well."""
    return _condition(tag, b"OK", text, code)


def no(tag: bytes, text: str, code: Code | None = None) -> bytes:
    """The command failed."""
    return _condition(tag, b"NO", text, code)


def bad(tag: bytes | None, text: str, code: Code | None = None) -> bytes:
    """The command makes no sense; untagged if it has no tag."""
    return _condition(b"*" if tag is None else tag, b"BAD", text, code)


def untagged_ok(text: str, code: Code | None = None) -> bytes:
    """News that is no answer; also the greeting."""
    return _condition(b"*", b"OK", text, code)


def untagged_no(text: str, code: Code | None = None) -> bytes:
    """A warning. RFC 9051 section 7.1.2."""
    return _condition(b"*", b"NO", text, code)


def preauth(text: str, code: Code | None = None) -> bytes:
    """The greeting of a connection that is logged in already."""
    return _condition(b"*", b"PREAUTH", text, code)


def bye(text: str, code: Code | None = None) -> bytes:
    """The connection closes."""
    return _condition(b"*", b"BYE", text, code)


def challenge(base64: bytes) -> bytes:
    """A challenge of AUTHENTICATE, in base64 already."""
    return b"+ " + base64 + b"\r\n"


def capability_code(capabilities: Iterable[str]) -> Code:
    """CAPABILITY, for the greeting and for LOGIN. RFC 9051 section 7.1."""
    return Code(b"CAPABILITY " + " ".join(capabilities).encode("ascii"))


def permanent_flags_code(
    keywords: Iterable[str] = (), *, bits: int = ALL_BITS, new_keywords: bool = True
) -> Code:
    r"""PERMANENTFLAGS with the known flags of these bits, keywords and, for new_keywords, `\*`."""
    spelled = spell_permanent(keywords, bits=bits, new_keywords=new_keywords)
    return Code(b"PERMANENTFLAGS " + spelled)


NO_PERMANENT_FLAGS: Final = Code(b"PERMANENTFLAGS ()")


def uid_next_code(uid: int) -> Code:
    """UIDNEXT."""
    return Code(b"UIDNEXT %d" % uid)


def uid_validity_code(uid_validity: int) -> Code:
    """UIDVALIDITY."""
    return Code(b"UIDVALIDITY %d" % uid_validity)


def unseen_code(number: int) -> Code:
    """UNSEEN: the first message not seen, for IMAP4rev1. RFC 3501 section 7.1."""
    return Code(b"UNSEEN %d" % number)


def highest_modseq_code(modseq: int) -> Code:
    """HIGHESTMODSEQ. RFC 7162 section 3.1.2.1."""
    return Code(b"HIGHESTMODSEQ %d" % modseq)


def append_uid_code(uid_validity: int, uids: Iterable[int]) -> Code:
    """APPENDUID; several UIDs in the order of the messages. RFC 4315 section 3."""
    return Code(b"APPENDUID %d %b" % (uid_validity, spell_in_order(uids)))


def copy_uid_code(uid_validity: int, sources: Iterable[int], copies: Iterable[int]) -> Code:
    """COPYUID; the n-th of the copies is made of the n-th source. RFC 4315 section 3."""
    return Code(
        b"COPYUID %d %b %b" % (uid_validity, spell_in_order(sources), spell_in_order(copies))
    )


def _condition(tag: bytes, condition: bytes, text: str, code: Code | None) -> bytes:
    if code is None:
        return b"%b %b %b\r\n" % (tag, condition, text.encode("ascii"))
    return b"%b %b [%b] %b\r\n" % (tag, condition, code, text.encode("ascii"))
