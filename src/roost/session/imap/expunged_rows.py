r"""Messages that others expunged stay readable until the client was told. RFC 2180 section 4.1.

What they were in the mailbox is gone with their placement: they are told as `\Deleted`, without
save date and with no modseq above what the client was told of.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from roost.base.ids import EmailId, Uid
from roost.proto.imap.sequence import Range
from roost.session.imap.conversation import Conversation
from roost.session.imap.targets import uids_of
from roost.session.imap.view import View
from roost.store import emails, vanished
from roost.store.emails import READABLE
from roost.store.engine import ReadTx, Row
from roost.store.flags import DELETED

# Columns of a placement: what stands for them.
_STAND_INS: Mapping[str, Callable[[View, int, EmailId], object]] = MappingProxyType(
    {
        "uid": lambda _view, uid, _email: uid,
        "email": lambda _view, _uid, email: email,
        "flags": lambda _view, _uid, _email: DELETED,
        "keywords": lambda _view, _uid, _email: "",
        "modseq": lambda view, _uid, _email: view.told,
        "saved": lambda _view, _uid, _email: None,
    }
)


async def add(
    talk: Conversation, columns: Sequence[str], page: Sequence[Range], rows: Sequence[Row]
) -> tuple[list[Row], int]:
    """The rows of a page and those of its messages that were expunged; how many of these.

    columns: of the rows, uid first. What cannot be read any more stays out.
    """
    view = talk.selected
    known = {row[0] for row in rows}
    missing = [uid for uid in uids_of(view, page) if uid not in known]
    found = await talk.port.store.read(lambda tx: _rows(tx, view, columns, missing))
    return sorted([*rows, *found], key=lambda row: row[0]), len(found)


async def _rows(
    tx: ReadTx, view: View, columns: Sequence[str], missing: Sequence[int]
) -> list[Row]:
    known = {Uid(uid): view.gone[uid] for uid in missing if uid in view.gone}
    others = [uid for uid in missing if uid not in view.gone]
    known |= await vanished.emails_of(tx, view.ref, view.said, others)
    kept = tuple(name for name in columns if name not in _STAND_INS and name in READABLE)
    readable = await emails.rendered(
        tx, view.ref.account, list(dict.fromkeys(known.values())), kept or ("size",)
    )
    rows: list[Row] = []
    for uid, email in known.items():
        if email in readable:
            of_email = dict(zip(kept, readable[email], strict=False))
            rows.append(tuple(_value(view, uid, email, name, of_email) for name in columns))
    return rows


def _value(
    view: View, uid: int, email: EmailId, name: str, of_email: Mapping[str, object]
) -> object:
    return of_email[name] if name in of_email else _STAND_INS[name](view, uid, email)
