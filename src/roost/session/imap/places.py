"""Where a mailbox name leads: one's own mailboxes, or below "Other Users" those of others.

There each account stands by its main address, which takes one level of hierarchy: what of its local
part would mean something in a name or in a pattern is escaped. RFC 2342, RFC 9051 section 6.3.10.
"""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.base.ids import AccountId
from roost.proto.imap.name import canonical
from roost.service import others
from roost.store.engine import Store
from roost.store.mailbox_names import OTHER_USERS, SEPARATOR

PREFIX = OTHER_USERS + SEPARATOR

_ESCAPES = MappingProxyType({"/": "=2F", "*": "=2A", "%": "=25", "=": "=3D"})
_MEANT = MappingProxyType({escape: character for character, escape in _ESCAPES.items()})
_TO_ESCAPE = re.compile("[/*%=]")
_ESCAPED = re.compile("=(?:2F|2A|25|3D)")
_WILDCARD = re.compile("[*%]")


class Place(NamedTuple):
    """A mailbox name taken apart. name: among the mailboxes of `owner`.

    prefix: what stands before it in the names this client uses, "" for its own mailboxes.
    """

    owner: AccountId
    name: str
    prefix: str = ""


async def place_of(store: Store, acting: AccountId, name: str) -> Place:
    """Where a name leads; what is nobody's leads to the mailboxes of nobody, who has none."""
    if name != OTHER_USERS and not name.startswith(PREFIX):
        return Place(acting, name)
    spelled, _, inner = name[len(PREFIX) :].partition(SEPARATOR)
    found = await others.named(store, acting, _address_of(spelled))
    if found is None:
        return Place(others.NOBODY, inner, PREFIX + spelled + SEPARATOR)
    return Place(found.account, canonical(inner), prefix_of(found.address))


def prefix_of(address: Address) -> str:
    """What stands before the names of the mailboxes of an account with this main address."""
    local = _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], address.local)
    return f"{PREFIX}{local}@{address.domain.unicode}{SEPARATOR}"


def reach_others(patterns: Iterable[str]) -> bool:
    """Whether one of these patterns of LIST can name something below "Other Users"."""
    heads = (_WILDCARD.split(pattern, maxsplit=1)[0] for pattern in patterns)
    return any(PREFIX.startswith(head) or head.startswith(PREFIX) for head in heads)


def _address_of(spelled: str) -> Address | None:
    local, _, domain = spelled.rpartition("@")
    if not local or _TO_ESCAPE.search(_ESCAPED.sub("", local)):
        return None
    try:
        return Address(_ESCAPED.sub(lambda found: _MEANT[found[0]], local), Domain.parse(domain))
    except ServiceError:
        return None
