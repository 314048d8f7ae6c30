"""All mailbox names of a client, its own and those that others let it see, with what they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from roost.base.ids import MailboxRef
from roost.service import mailboxes, others
from roost.service.mailboxes import Listing
from roost.service.rights import Rights
from roost.session.imap.conversation import Conversation
from roost.session.imap.places import prefix_of
from roost.store.mailbox_names import parent_of
from roost.store.mailboxes import Mailbox


@dataclass(frozen=True, slots=True)
class Names:
    """Mailboxes by name, in order, and what is known of the names.

    rights: what the client may do with each. parents: names that have a mailbox below them.
    missing: those of them that are no mailboxes for this client, in order. subscribed: there or
    not. above_subscribed: names that have a subscribed one below them.
    """

    mailboxes: Mapping[str, Mailbox]
    rights: Mapping[MailboxRef, Rights]
    parents: frozenset[str]
    missing: tuple[str, ...]
    subscribed: frozenset[str]
    above_subscribed: frozenset[str]


async def names_of(talk: Conversation, *, with_others: bool) -> Names:
    """The names of a client. with_others: whether also those below "Other Users"."""
    store, account = talk.port.store, talk.user.account
    parts = [("", await mailboxes.list_all(store, account, account))]
    if with_others:
        found = await others.listings(store, account)
        parts += [(prefix_of(other.address), listing) for other, listing in found]
    return _joined(parts)


def _joined(parts: Sequence[tuple[str, Listing]]) -> Names:
    """One of several listings, each with what stands before its names."""
    by_name: dict[str, Mailbox] = {}
    rights: dict[MailboxRef, Rights] = {}
    subscribed: set[str] = set()
    for prefix, listing in parts:
        for one in listing.mailboxes:
            # Special uses are the owner's: a client must not take the Sent of others for its own.
            by_name[prefix + one.name] = replace(one, role=None) if prefix else one
        rights.update((one.ref, listing.grants.on(one.id)) for one in listing.mailboxes)
        subscribed.update(prefix + name for name in listing.subscribed)
    parents = _above(by_name)
    missing = tuple(sorted(parents - by_name.keys()))
    return Names(by_name, rights, parents, missing, frozenset(subscribed), _above(subscribed))


def _above(names: Iterable[str]) -> frozenset[str]:
    """Every name with one of these below it."""
    found: set[str] = set()
    for name in names:
        above = parent_of(name)
        while above is not None and above not in found:
            found.add(above)
            above = parent_of(above)
    return frozenset(found)
