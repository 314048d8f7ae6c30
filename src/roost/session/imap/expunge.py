"""EXPUNGE and UID EXPUNGE. RFC 9051 sections 6.4.3 and 6.4.9; which left is told by `catch_up`."""

from collections.abc import Sequence

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.expunge import Expunge
from roost.service import messages
from roost.session.imap import messagelimit
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.targets import named, spans_of
from roost.store.sql_lists import Span

__all__ = ["expunge"]


async def expunge(talk: Conversation, command: Command) -> Done:
    r"""Remove the messages with `\Deleted`, or those of them that UID EXPUNGE names."""
    args = command.args
    assert isinstance(args, Expunge), "the grammar gave the arguments"
    view = talk.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only", response.READ_ONLY)
    spans: Sequence[Span] | None = None
    cut = None
    if args.uids is not None:
        spans = spans_of(view, named(view, args.uids, by_uid=True))
        spans, cut = await messagelimit.deleted(talk, spans)
        if not spans:
            return Done("EXPUNGE had nothing to remove")
    works = messages.expunge(talk.port.store, talk.port.clock, talk.user.account, view.ref, spans)
    removed = 0
    async for gone in works:
        removed += len(gone)
        talk.came_to(removed)
    return messagelimit.finish(talk, Done("EXPUNGE done", removed=removed > 0), cut)
