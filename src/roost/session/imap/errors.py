"""How an error is told to an IMAP client: the one table. RFC 9051 section 7.1, RFC 5530."""

from types import MappingProxyType

from roost.base.errors import ServiceError
from roost.proto.imap import response
from roost.proto.imap.error import (
    BadCharset,
    BadMailboxName,
    BadSyntax,
    OverLimit,
)
from roost.proto.imap.ext.metadata import (
    MAX_VALUE_OCTETS,
    NO_PRIVATE,
    TOO_MANY,
    ValueTooLarge,
    max_size_code,
)
from roost.proto.imap.response import Code
from roost.service.metadata import NotesTooLarge
from roost.session.imap.conversation import Refused

_NO: MappingProxyType[str, tuple[Code | None, str]] = MappingProxyType(
    {
        "mailbox_unknown": (response.NONEXISTENT, "there is no such mailbox"),
        "mailbox_gone": (response.NONEXISTENT, "the mailbox was deleted"),
        "mailbox_exists": (response.ALREADYEXISTS, "there is a mailbox with this name"),
        "mailbox_has_children": (response.HASCHILDREN, "delete the mailboxes below it first"),
        "mailbox_is_inbox": (response.CANNOT, "INBOX cannot be deleted"),
        "mailbox_name_invalid": (response.CANNOT, "this cannot be the name of a mailbox"),
        "mailbox_role_taken": (response.USEATTR, "another mailbox has this special use"),
        "too_many_notes": (TOO_MANY, "there are as many entries as there may be"),
        "no_private_notes": (NO_PRIVATE, "private entries are for your own mailboxes only"),
        "identifier_unknown": (None, "no account has this address"),
        "too_many_rights": (response.LIMIT, "there are as many identifiers as there may be"),
        "over_limit": (response.LIMIT, "there are as many as there may be"),
        "not_permitted": (response.NOPERM, "you may not do this"),
        "quota_exceeded": (response.OVERQUOTA, "the account is full"),
        "store_full": (response.UNAVAILABLE, "there is no room at the moment"),
        "store_failed": (response.UNAVAILABLE, "nothing can be kept at the moment"),
        "blob_gone": (response.UNAVAILABLE, "the message was lost on the way, try again"),
        "login_failed": (response.AUTHENTICATIONFAILED, "wrong user name or password"),
        "login_foreign": (response.AUTHORIZATIONFAILED, "nobody may act for another"),
        "login_disabled": (response.CONTACTADMIN, "this account may not log in"),
        "login_busy": (response.UNAVAILABLE, "too many logins at the moment, try again"),
        "login_limited": (response.UNAVAILABLE, "too many logins failed, try again later"),
        "key_refused": (
            response.AUTHENTICATIONFAILED,
            "the key of this certificate signs nobody in",
        ),
        "identity_foreign": (
            response.AUTHENTICATIONFAILED,
            "this certificate may not act as that identity",
        ),
        "other_account": (
            response.AUTHENTICATIONFAILED,
            "the certificate of this connection is another account's",
        ),
    }
)


def spell_error(tag: bytes, error: Exception, connection_id: str) -> bytes | None:
    """The tagged answer for an error; None for one that is a bug. Repeats nothing of the client."""
    if isinstance(error, Refused):
        spell = response.bad if error.bad else response.no
        return spell(tag, error.text, error.code)
    if isinstance(error, BadSyntax):
        return _spell_syntax(tag, error)
    if isinstance(error, NotesTooLarge):
        return response.no(tag, "the entries would be too large", max_size_code(error.left_octets))
    if not isinstance(error, ServiceError):
        return None
    code, text = _NO.get(error.code, (None, "this cannot be done"))
    return response.no(tag, f"{text} ({connection_id})", code)


def spell_refused_certificate(error: ServiceError) -> bytes:
    """What a client whose certificate signs nobody in hears last. RFC 9051 section 7.1.5."""
    _, text = _NO.get(error.code, (None, "this certificate cannot be used"))
    return response.bye(text, response.UNAVAILABLE if error.temporary else response.ALERT)


def spell_bug(tag: bytes, connection_id: str) -> bytes:
    """The answer where something of ours went wrong; the log has more."""
    return response.no(tag, f"internal error ({connection_id})", response.SERVERBUG)


def _spell_syntax(tag: bytes, error: BadSyntax) -> bytes:
    if isinstance(error, ValueTooLarge):
        return response.no(tag, error.text, max_size_code(MAX_VALUE_OCTETS))
    if isinstance(error, OverLimit):
        return response.no(tag, error.text, response.LIMIT)
    if isinstance(error, BadMailboxName):
        return response.no(tag, error.text, response.CANNOT)
    if isinstance(error, BadCharset):
        return response.no(tag, error.text, response.BADCHARSET)
    where = "" if error.offset is None else f" at octet {error.offset}"
    return response.bad(tag, f"{error.text}{where}")
