"""A selected mailbox as one client knows it. RFC 9051 section 2.3.1.2, RFC 7162 section 3.2.3."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from roost.base.ids import EmailId, MailboxRef
from roost.service.rights import CHANGING, Rights
from roost.session.imap.context_members import Context


@dataclass(slots=True)
class View:
    """What was told to the client, and what it must be told yet.

    name: what the client calls it. examined: whether it was opened for reading only. rights: what
    the client may do with it.
    uids: by sequence number, ascending; those of messages gone stay until the client was told.
    told: the modseq up to which everything was said but for what waits in `gone`.
    last_uid: the highest uid ever told, so that new messages are those above it.
    gone: uids that left the mailbox and wait for a command in which EXPUNGE may be sent, and their
    emails, which can be read until then. gone_after: before the modseq of the first of them.
    withheld: the modseq above which flags changed that the client did not want to hear of yet, None
    where there are none (RFC 5465 section 3.1).
    held_back: whether the client was told that something waits in `gone`, as HIGHESTMODSEQ.
    recent: uids that are \\Recent for this client (RFC 3501 section 2.3.2).
    keywords: those the client was told of with FLAGS.
    own: uid -> modseq of the client's own changes that it asked not to hear of (STORE .SILENT).
    saved: the uids that SEARCH saved (RFC 5182).
    contexts: by tag, the searches that are kept up to date (RFC 5267).
    key_told: the modseq of the last RESETKEY that the client was told of (RFC 4467).
    """

    ref: MailboxRef
    name: str
    uid_validity: int
    examined: bool
    rights: Rights
    uids: "array[int]"
    told: int
    last_uid: int
    recent: set[int] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)
    gone: dict[int, EmailId] = field(default_factory=dict)
    gone_after: int = 0
    withheld: int | None = None
    held_back: bool = False
    own: dict[int, int] = field(default_factory=dict)
    saved: "array[int]" = field(default_factory=lambda: array("I"))
    contexts: dict[bytes, Context] = field(default_factory=dict)
    key_told: int = 0

    @property
    def read_only(self) -> bool:
        """Whether the client can change nothing here that others see. RFC 4314 section 5.2."""
        return self.examined or not self.rights & CHANGING

    @property
    def said(self) -> int:
        """The modseq up to which nothing is left to tell, expunges included; HIGHESTMODSEQ."""
        told = self.gone_after if self.gone else self.told
        return told if self.withheld is None else min(told, self.withheld)

    def put_off(self) -> None:
        """What waits in `gone` is not to be told for now: it will be read again."""
        self.told = self.gone_after if self.gone else self.told
        self.gone = {}
        self.held_back = False

    def withhold(self) -> None:
        """Flags changed behind `told` of which the client is not told with what comes next."""
        self.withheld = self.told if self.withheld is None else min(self.withheld, self.told)

    def place_of(self, uid: int) -> int:
        """The index of the first message with this uid or a higher one."""
        return bisect_left(self.uids, uid)

    def number_of(self, uid: int) -> int | None:
        """The sequence number of a message, None when the client does not know it."""
        at = bisect_left(self.uids, uid)
        return at + 1 if at < len(self.uids) and self.uids[at] == uid else None

    def take_away(self) -> Iterator[int]:
        """Forget the messages in `gone`; yields the number to say in EXPUNGE for each, in order.

        From the highest down, so that no number changes before it is said.
        """
        for uid in sorted(self.gone, reverse=True):
            number = self.number_of(uid)
            if number is not None:
                del self.uids[number - 1]
                yield number
        self._forget(self.gone)
        self.gone = {}

    def drop_gone(self) -> list[int]:
        """Forget the messages in `gone`; returns their uids, ascending, for VANISHED."""
        left = self.gone
        uids = [uid for uid in self.uids if uid in left]
        if uids:
            self.uids = array("I", [uid for uid in self.uids if uid not in left])
        self._forget(self.gone)
        self.gone = {}
        return uids

    def _forget(self, uids: Iterable[int]) -> None:
        self.recent.difference_update(uids)
        if self.saved:
            left = set(uids)
            self.saved = array("I", [uid for uid in self.saved if uid not in left])
