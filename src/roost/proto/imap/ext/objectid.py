"""OBJECTID: ids of mailboxes, messages and threads that never change. RFC 8474."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, without_value
from roost.proto.imap.response import Code
from roost.proto.imap.token import Cursor

STATUS_ITEM: Final = "MAILBOXID"

_OBJECT_ID = re.compile(rb"[A-Za-z0-9_-]{1,255}")


class ObjectIdItem(Enum):
    """EMAILID and THREADID of FETCH. RFC 8474 section 5.3."""

    EMAIL = "EMAILID"
    THREAD = "THREADID"


@dataclass(frozen=True, slots=True)
class HasEmailId:
    """EMAILID of SEARCH. The id counts letter by letter, case and all. RFC 8474 section 6."""

    id: str


@dataclass(frozen=True, slots=True)
class HasThreadId:
    """THREADID of SEARCH."""

    id: str


def parse_email_id(cursor: Cursor) -> HasEmailId:
    """Read what follows EMAILID of SEARCH."""
    return HasEmailId(_object_id(cursor))


def parse_thread_id(cursor: Cursor) -> HasThreadId:
    """Read what follows THREADID of SEARCH."""
    return HasThreadId(_object_id(cursor))


def mailbox_id_code(id: str) -> Code:  # noqa: A002 - the RFC's word
    """MAILBOXID, for CREATE and for SELECT. RFC 8474 sections 4.1 and 4.2."""
    return Code(b"MAILBOXID " + mailbox_id_value(id))


def mailbox_id_value(id: str) -> bytes:  # noqa: A002
    """The value of MAILBOXID in a STATUS response. RFC 8474 section 4.3."""
    return b"(%b)" % id.encode("ascii")


def email_id_item(id: str) -> bytes:  # noqa: A002
    """EMAILID of a FETCH response. RFC 8474 section 5.1."""
    return b"EMAILID (%b)" % id.encode("ascii")


def thread_id_item(id: str | None) -> bytes:  # noqa: A002
    """THREADID of a FETCH response, NIL for None. RFC 8474 section 5.2."""
    return b"THREADID NIL" if id is None else b"THREADID (%b)" % id.encode("ascii")


def _object_id(cursor: Cursor) -> str:
    cursor.sp()
    start = cursor.offset
    octets = cursor.astring("an object id is missing")
    if _OBJECT_ID.fullmatch(octets) is None:
        raise BadSyntax("this is no object id", start)
    return octets.decode("ascii")


OBJECTID = Extension(
    name="objectid",
    rfc=8474,
    capabilities=("OBJECTID",),
    fetch_items={item.value: without_value(item) for item in ObjectIdItem},
    search_keys={"EMAILID": parse_email_id, "THREADID": parse_thread_id},
    status_items=(STATUS_ITEM,),
)
