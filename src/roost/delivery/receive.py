"""A message that came over the MX port, for all its recipients: all of them or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from roost.base.address import Address
from roost.base.ids import BlobId
from roost.delivery.file_in import Also, Copy, file_in
from roost.delivery.route import Destination
from roost.delivery.trace import Hop, delivered_to_field, received_field, return_path_field
from roost.store import quota
from roost.store.engine import Store
from roost.store.filing import Filed
from roost.store.stowed import Stowed


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message that is kept already.

    prefix: the fields that submission put before the blob. blob_size: octets of the blob alone.
    """

    blob: BlobId
    blob_size: int
    prefix: bytes
    reverse_path: Address | None


async def receive(
    store: Store,
    hop: Hop,
    reverse_path: Address | None,
    destinations: Sequence[Destination],
    stowed: Stowed,
) -> list[Filed]:
    """File a message for its destinations; returns once it is on disk for all of them.

    Two addresses of one account that lead to the same mailbox are one copy, which names both.
    Raises QuotaExceeded, StoreFull, StoreFailed, and then nobody has it.
    """
    copies = copies_of(reverse_path, destinations, received_field(hop))
    if len(copies) > 1:
        # Each had room at RCPT. One that has not enough for this message may not keep
        # the others from theirs, so it goes over its limit by this one.
        copies = [msgspec.structs.replace(copy, quota_octets=quota.UNLIMITED) for copy in copies]
    return await file_in(store, stowed, stowed.size, copies, hop.received_at)


async def receive_queued(
    store: Store,
    message: QueuedMessage,
    destinations: Sequence[Destination],
    now: datetime,
    also: Also,
) -> list[Filed]:
    """File a message of the queue for destinations of our own, and write `also` with it.

    Raises as `receive`.
    """
    copies = copies_of(message.reverse_path, destinations, message.prefix)
    return await file_in(store, message.blob, message.blob_size, copies, now, also)


def copies_of(
    reverse_path: Address | None, destinations: Sequence[Destination], received: bytes
) -> list[Copy]:
    """The copies that go to these destinations, with their trace fields in front.

    Return-Path comes first (RFC 5321 section 4.4), then a Delivered-To for each address
    (RFC 9228 section 3), then Received.
    """
    return_path = return_path_field(reverse_path)
    copies = []
    for group in _by_mailbox(destinations):
        first = group[0]
        delivered = delivered_to_field(first.address)
        if len(group) > 1:
            addresses = dict.fromkeys(one.address for one in group)
            delivered = b"".join(map(delivered_to_field, addresses))
        prefix = return_path + delivered + received
        copies.append(Copy(first.account, first.mailbox, prefix, first.quota_octets))
    return copies


def _by_mailbox(destinations: Sequence[Destination]) -> Iterable[Sequence[Destination]]:
    """Those that lead to the same mailbox, together."""
    if len(destinations) == 1:
        return (destinations,)
    groups: dict[tuple[int, str], list[Destination]] = {}
    for one in destinations:
        groups.setdefault((one.account, one.mailbox), []).append(one)
    return groups.values()
