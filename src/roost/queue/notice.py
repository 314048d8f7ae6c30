"""Tells a sender that a message could not be delivered. RFC 5321 section 6.1."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.ports.random import Random
from roost.proto.mime.build import (
    Entity,
    boundary_from,
    compose,
    headers_entity,
    message_id_from,
    multipart,
    text_entity,
)
from roost.proto.mime.build_field import (
    address_field,
    date_field,
    ids_field,
    plain_field,
    text_field,
)
from roost.proto.mime.header import header_end
from roost.proto.mime.render import render
from roost.store import blob_rows, mailboxes
from roost.store.emails import columns_of
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.filing import Filing, file_messages
from roost.store.queue_rows import QueueItem, Submission
from roost.store.stowed import BlobGone, Stowed

MAX_HEADER_OCTETS = 16 << 10

TEXT = """\
This is the mail server {hostname}.

A message of yours could not be delivered to

    {recipient}

because of this: {reason}.

It was tried {attempts} time(s) and is given up. The header of the message follows.
"""


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes notices for who sent and files them with their account. hostname: ours."""

    store: Store
    hostname: Domain
    random: Random

    async def write(
        self, message: Submission, item: QueueItem, attempt: int, error: ServiceError, now: datetime
    ) -> Stowed:
        """A notice of one recipient that is given up."""
        text = TEXT.format(
            hostname=self.hostname, recipient=item.recipient, reason=error, attempts=attempt
        )
        parts = [text_entity(text), headers_entity(await self._header(message))]
        entity: Entity = multipart("mixed", boundary_from(self.random.octets(16)), parts)
        postmaster = Address("postmaster", self.hostname)
        fields = (
            plain_field("Return-Path", "<>"),
            address_field("From", [("Mail server", postmaster)]),
            address_field("To", [("", Address.parse(message.sender))]),
            text_field("Subject", "Undelivered: your message could not be delivered"),
            date_field("Date", now),
            ids_field("Message-ID", [message_id_from(self.random.octets(16), self.hostname)]),
            plain_field("Auto-Submitted", "auto-replied"),
        )
        octets = compose(fields, entity)
        return Stowed(len(octets), hashlib.sha256(octets).digest(), octets, octets)

    async def _header(self, message: Submission) -> bytes:
        async def work(tx: ReadTx) -> bytes:
            try:
                return await blob_rows.octets(tx, message.blob, 0, MAX_HEADER_OCTETS)
            except BlobGone:
                return b""

        octets = await self.store.scan(work)
        return octets[: header_end(octets)]


async def file_notice(tx: WriteTx, item: QueueItem, notice: Stowed, now: datetime) -> None:
    """File a notice into the sender's INBOX, over any quota; nowhere when the account is gone."""
    inbox = await mailboxes.by_name(tx, item.ref.account, "INBOX")
    if inbox is None:
        return
    columns = columns_of(render(notice.start))
    filing = Filing(inbox.ref, notice, columns, received=now, saved=now, delivered=True)
    await file_messages(tx, [filing])
