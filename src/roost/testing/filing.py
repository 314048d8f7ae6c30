"""Messages ready to be filed, for tests of whatever stands on the store."""

import hashlib
from datetime import datetime

from roost.base.ids import MailboxRef
from roost.proto.mime.render import render
from roost.store.emails import columns_of
from roost.store.filing import Filing
from roost.store.flags import NO_FLAGS, Flags
from roost.store.quota import UNLIMITED
from roost.store.stowed import MAX_ROW_OCTETS, Stowed


def stowed_octets(octets: bytes) -> Stowed:
    """Small octets as they are once they came in."""
    assert len(octets) <= MAX_ROW_OCTETS, "larger ones lie in a file: see store.blobs"
    return Stowed(len(octets), hashlib.sha256(octets).digest(), octets, octets)


def message_octets(
    number: int, *, subject: str = "Hello", references: tuple[int, ...] = (), body: str = "Text."
) -> bytes:
    """A message whose Message-ID says `number`, referring to others by theirs."""
    fields = [
        "From: Ann <ann@a.example>",
        "To: Bob <bob@b.example>",
        f"Subject: {subject}",
        f"Message-ID: <{number}@a.example>",
        "Date: Fri, 2 Jan 2026 03:04:05 +0000",
    ]
    if references:
        ids = " ".join(f"<{one}@a.example>" for one in references)
        fields.append(f"References: {ids}")
    return ("\r\n".join(fields) + f"\r\n\r\n{body}\r\n").encode()


def new_filing(
    mailbox: MailboxRef,
    octets: bytes,
    moment: datetime,
    *,
    prefix: bytes = b"",
    flags: Flags = NO_FLAGS,
    quota_octets: int = UNLIMITED,
    delivered: bool = False,
) -> Filing:
    """Octets, rendered and stowed, for one mailbox."""
    return Filing(
        mailbox=mailbox,
        blob=stowed_octets(octets),
        columns=columns_of(render(prefix + octets)),
        received=moment,
        saved=moment,
        prefix=prefix,
        flags=flags,
        quota_octets=quota_octets,
        delivered=delivered,
    )
