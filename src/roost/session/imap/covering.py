"""Which mailboxes a specifier of NOTIFY and ESEARCH means.

RFC 5465 section 6, RFC 7377 section 2.2.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import MappingProxyType

from roost.proto.imap.ext.mailbox_filter import FilterKind, MailboxFilter
from roost.proto.imap.name import canonical
from roost.store.mailbox_names import OTHER_USERS, lineage


@dataclass(frozen=True, slots=True)
class Known:
    """What specifiers depend on. subscribed: names, at least those of the mailboxes in question.

    inboxes: names of mailboxes that mail is delivered to.
    """

    subscribed: Collection[str] = ()
    inboxes: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Specifier:
    """One of a command. names: in their one form, of those that name mailboxes."""

    kind: FilterKind
    names: frozenset[str] = frozenset()

    def covers(self, name: str, known: Known) -> bool:
        """Whether this mailbox is one of those meant; the selected one is meant by itself only.

        Costs no more for many names than for one.
        """
        return _TESTS[self.kind](name, self.names, known)


def specifier_of(one: MailboxFilter) -> Specifier:
    """What a client specified; names that no mailbox can have mean none."""
    return Specifier(one.kind, frozenset(map(canonical, one.mailboxes)))


_Test = Callable[[str, frozenset[str], Known], bool]
_TESTS: MappingProxyType[FilterKind, _Test] = MappingProxyType(
    {
        FilterKind.SELECTED: lambda _name, _tops, _known: False,
        FilterKind.SELECTED_DELAYED: lambda _name, _tops, _known: False,
        FilterKind.INBOXES: lambda name, _tops, known: name in known.inboxes,
        FilterKind.PERSONAL: lambda name, _tops, _known: lineage(name)[0] != OTHER_USERS,
        FilterKind.SUBSCRIBED: lambda name, _tops, known: name in known.subscribed,
        FilterKind.SUBTREE: lambda name, tops, _known: not tops.isdisjoint(lineage(name)),
        FilterKind.SUBTREE_ONE: lambda name, tops, _known: (
            name in tops or name.rpartition("/")[0] in tops
        ),
        FilterKind.MAILBOXES: lambda name, tops, _known: name in tops,
    }
)
