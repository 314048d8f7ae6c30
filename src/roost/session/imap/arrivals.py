"""What the client asked to hear of messages that come in, behind the EXISTS that counts them.

Either side of it may ask for FETCH items: NOTIFY for all messages, a search with UPDATE for those
that it finds. Both together are told in one FETCH, and none of messages that the client put there
itself. RFC 5465 sections 5.2 and 7.
"""

from array import array
from collections.abc import Collection, Iterable

from roost.proto.imap.core.fetch import FetchItem
from roost.session.imap import context
from roost.session.imap.context import Followed
from roost.session.imap.conversation import Conversation
from roost.session.imap.fetch import tell_items
from roost.session.imap.view import View
from roost.store import placements
from roost.store.sql_lists import chunks

_Items = tuple[FetchItem, ...]


async def tell(
    talk: Conversation, view: View, arrived: "array[int]", touched: Collection[int]
) -> None:
    """Tell how the results of searches change, and FETCH of what is new.

    arrived: uids that EXISTS told, ascending. touched: those and the ones whose flags changed.

    FETCH for NOTIFY follows the results of searches (section 5.2), FETCH for these alone goes
    before them (section 7).
    """
    followed = await context.follow(talk, view, touched)
    items = talk.watch.items if talk.watch is not None else ()
    results = b"".join(one.line for one in followed)
    if items:
        talk.send(results)
    if arrived and (items or any(one.items for one in followed)):
        new = await _by_others(talk, view, arrived)
        for wanted, uids in _gathered(items, followed, new).items():
            await tell_items(talk, uids, wanted)
    if not items:
        talk.send(results)
    if followed:
        await talk.room()


async def _by_others(talk: Conversation, view: View, arrived: "array[int]") -> "array[int]":
    own = talk.own
    if own is None or not own.spans(view.ref.account):
        return arrived
    found = array("I")
    for some in chunks(arrived, 500):
        placed = await talk.port.store.read(
            lambda tx, some=some: placements.by_uids(tx, view.ref, some)  # type: ignore[misc]
        )
        found.extend(one.uid for one in placed if not own.has(view.ref.account, one.modseq))
    return found


def _gathered(
    items: _Items, followed: Iterable[Followed], new: "array[int]"
) -> dict[_Items, "array[int]"]:
    """The uids for which the same is wanted, ascending."""
    asking = [one for one in followed if one.items]
    gathered: dict[_Items, array[int]] = {}
    for uid in new:
        also = [item for one in asking if uid in one.added for item in one.items]
        wanted = tuple(dict.fromkeys((*items, *also)))
        if wanted:
            gathered.setdefault(wanted, array("I")).append(uid)
    return gathered
