"""QUOTA: how much of what an account may hold is in use. RFC 9208; RFC 2087 before it.

QUOTASET is not among the capabilities: SETQUOTA is read so that it can be refused by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.spelling import astring, mailbox, parenthesised
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

STATUS_ITEM: Final = "DELETED-STORAGE"
STORAGE_UNIT_OCTETS: Final = 1024
MAX_ROOT_OCTETS = 1024
MAX_RESOURCES = 20


class Resource(Enum):
    """What is counted. RFC 9208 section 5."""

    STORAGE = "STORAGE"  # in units of 1024 octets
    MESSAGE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class GetQuota(Arguments):
    """GETQUOTA. root: the name of a quota root, often "". RFC 9208 section 4.1.1."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Arguments):
    """GETQUOTAROOT. RFC 9208 section 4.1.2."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class SetQuota(Arguments):
    """SETQUOTA. limits: resource name in upper case and number. RFC 9208 section 4.1.3."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """One resource of a root. For STORAGE both numbers are in units of 1024 octets."""

    resource: Resource
    used: int
    limit: int


def storage_usage(used_octets: int, limit_octets: int) -> Usage:
    """STORAGE of so many octets, both rounded up."""
    used, limit = (-(-octets // STORAGE_UNIT_OCTETS) for octets in (used_octets, limit_octets))
    return Usage(Resource.STORAGE, used, limit)


def parse_get_quota(cursor: Cursor, grammar: Grammar) -> GetQuota:  # noqa: ARG001
    """Read the argument of GETQUOTA."""
    return GetQuota(_root(cursor))


def parse_get_quota_root(cursor: Cursor, grammar: Grammar) -> GetQuotaRoot:  # noqa: ARG001
    """Read the argument of GETQUOTAROOT."""
    cursor.sp()
    return GetQuotaRoot(cursor.mailbox())


def parse_set_quota(cursor: Cursor, grammar: Grammar) -> SetQuota:  # noqa: ARG001
    """Read the arguments of SETQUOTA."""
    root = _root(cursor)
    cursor.sp()

    def limit() -> tuple[str, int]:
        name = cursor.word("a resource is missing")
        cursor.sp()
        return name, cursor.number64()

    return SetQuota(root, tuple(cursor.listed(limit, MAX_RESOURCES, empty=True)))


def quota(root: str, usages: Iterable[Usage]) -> bytes:
    """QUOTA: a root and its resources; none, if nothing is limited. RFC 9208 section 4.2.1."""
    resources = parenthesised(
        b"%b %d %d" % (one.resource.value.encode("ascii"), one.used, one.limit) for one in usages
    )
    return b"* QUOTA " + astring(root.encode()) + b" " + resources + b"\r\n"


def quota_root(name: str, roots: Iterable[str], *, utf8: bool) -> bytes:
    """QUOTAROOT: a mailbox and the roots that bound it. RFC 9208 section 4.2.2."""
    names = [mailbox(name, utf8=utf8), *(astring(root.encode()) for root in roots)]
    return b"* QUOTAROOT " + b" ".join(names) + b"\r\n"


def _root(cursor: Cursor) -> str:
    cursor.sp()
    start = cursor.offset
    root = cursor.text("a quota root is missing")
    if len(root.encode()) > MAX_ROOT_OCTETS:
        raise OverLimit("the quota root is too long", start)
    return root


QUOTA = Extension(
    name="quota",
    rfc=9208,
    capabilities=("QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE"),
    parsers={
        "GETQUOTA": parse_get_quota,
        "GETQUOTAROOT": parse_get_quota_root,
        "SETQUOTA": parse_set_quota,
    },
    states=dict.fromkeys(("GETQUOTA", "GETQUOTAROOT", "SETQUOTA"), AFTER_LOGIN),
    status_items=(STATUS_ITEM,),
)
