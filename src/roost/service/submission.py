"""What a user sends: into the queue, whoever it is for."""

from collections.abc import Sequence
from datetime import datetime

from roost.base.address import Address
from roost.base.ids import AccountId, SubmissionId
from roost.delivery.trace import Hop, received_field
from roost.proto.mime.prefix import join_prefix
from roost.store import acl, queue_rows
from roost.store.addresses import find
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.queue_rows import NewSubmission
from roost.store.stowed import Stowed


async def submit(
    store: Store,
    account: AccountId,
    hop: Hop,
    reverse_path: Address | None,
    recipients: Sequence[Address],
    stowed: Stowed,
    now: datetime,
) -> SubmissionId:
    """Queue a message for its recipients, each once; returns once that is on disk.

    Raises StoreFull, StoreFailed, and then nobody gets it.
    """
    prefix = join_prefix(received_field(hop), stowed.head(1024))
    submission = NewSubmission(
        account,
        stowed,
        size=len(prefix) + stowed.size,
        sender=reverse_path.spell(smtputf8=True) if reverse_path else "",
        prefix=prefix,
    )
    spelled = list(dict.fromkeys(one.spell(smtputf8=True) for one in recipients))

    async def work(tx: WriteTx) -> SubmissionId:
        return await queue_rows.enqueue(tx, submission, spelled, now)

    return await store.write(work, octets=len(stowed.octets or b""))


async def may_send_as(store: Store, account: AccountId, address: Address) -> bool:
    """Whether the account may use the address as sender, with any tag.

    It is one of its own, or of an account that lets it (`service.shares`).
    """

    async def work(tx: ReadTx) -> bool:
        found = await find(tx, address.domain.ascii, address.local)
        if found is None or found.account == account:
            return found is not None
        return await acl.may_send_as(tx, account, found.account)

    return await store.read(work)
