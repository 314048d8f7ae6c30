"""Which changes in the store concern a session: those of its account and of the selected mailbox.

The selected mailbox may be another account's, whose changes are hinted at there.
"""

from collections.abc import Callable
from functools import partial

from roost.ports.bus import Hint, Type
from roost.session.imap.conversation import Conversation

# After them others may have other rights: an account that is removed shares nothing.
_ON_RIGHTS = frozenset((Type.ACL, Type.SETTINGS))


def listen(talk: Conversation, hear: Callable[[Hint], None]) -> Callable[[], None]:
    """Hear of what happens in these accounts; returns what ends that. Somebody is signed in."""
    account, view = talk.user.account, talk.view
    accounts = {account, view.ref.account if view is not None else account}
    return partial(_each, [talk.port.store.bus.listen(one, hear) for one in accounts])


def is_own(talk: Conversation, hint: Hint) -> bool:
    """Whether it is about the account of who is signed in."""
    return talk.login is not None and hint.account == talk.login.account


def concerns(talk: Conversation, hint: Hint) -> bool:
    """Whether there may be something to tell; notes what has to be looked at again."""
    own = is_own(talk, hint)
    here = _is_here(talk, hint, own=own)
    notes = own and talk.metadata_told is not None and Type.METADATA in hint.types
    watched = own and talk.watch is not None and talk.watch.hears(hint.types)
    return notes or here or watched


def _is_here(talk: Conversation, hint: Hint, *, own: bool) -> bool:
    """Whether it is about the selected mailbox.

    Rights may be on all of an account, and keys are hinted at in the account of who has them.
    """
    if (view := talk.view) is None:
        return False
    named = not hint.mailboxes or view.ref.id in hint.mailboxes
    keys = own and named and Type.URL_KEY in hint.types
    owners = hint.account == view.ref.account
    rights = owners and bool(hint.types & _ON_RIGHTS)
    talk.key_in_doubt |= keys
    talk.rights_in_doubt |= rights
    return keys or rights or (owners and named)


def _each(acts: list[Callable[[], None]]) -> None:
    for act in acts:
        act()
