"""A store with an account, its mailboxes and a clock, and the commonest things done to messages."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from roost.base.ids import MailboxRef
from roost.config.accounts import AccountSettings
from roost.store import accounts, mailboxes
from roost.store.check import check
from roost.store.check_rows import Difference
from roost.store.engine import Store, WriteTx
from roost.store.filing import Filed, file_messages
from roost.store.flags import NO_FLAGS, Flags
from roost.store.mailboxes import Mailbox
from roost.store.placements import ALL_UIDS, Placed, page
from roost.store.quota import UNLIMITED
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets, new_filing

T = TypeVar("T")


class MessageStore:
    """A store to try messages on; every write is a second later than the one before."""

    def __init__(self, store: Store, clock: StoppedClock) -> None:
        self.store = store
        self.clock = clock
        self._filed = 0

    async def mailboxes(self, account: str, *names: str) -> list[MailboxRef]:
        """A new account with these mailboxes."""

        async def work(tx: WriteTx) -> list[MailboxRef]:
            now = self.clock.now()
            made = await accounts.add(tx, account, AccountSettings(), now, 0)
            return [(await mailboxes.create(tx, made.id, name, now))[-1].ref for name in names]

        return await self.store.write(work)

    async def write(self, act: Callable[..., Awaitable[T]], *args: Any, **named: Any) -> T:
        """Run a function of the store with its transaction and these arguments."""
        self.clock.advance(timedelta(seconds=1))

        async def work(tx: WriteTx) -> T:
            return await act(tx, *args, **named)

        return await self.store.write(work)

    async def file(
        self,
        *into: MailboxRef,
        octets: bytes | None = None,
        flags: Flags = NO_FLAGS,
        quota_octets: int = UNLIMITED,
        prefix: bytes = b"",
    ) -> list[Filed]:
        """File one message, a new one by default, into these mailboxes."""
        self._filed += 1
        if octets is None:
            octets = message_octets(self._filed, subject=f"Number {self._filed}")
        filings = [
            new_filing(
                mailbox,
                octets,
                self.clock.now(),
                flags=flags,
                quota_octets=quota_octets,
                prefix=prefix,
            )
            for mailbox in into
        ]
        return await self.write(file_messages, filings)

    async def placed(self, mailbox: MailboxRef) -> list[Placed]:
        """The messages of a mailbox, at most 500."""
        return await self.store.read(lambda tx: page(tx, mailbox, 1, ALL_UIDS))

    async def mailbox(self, ref: MailboxRef) -> Mailbox:
        """The row of a mailbox."""
        found = await self.store.read(lambda tx: mailboxes.by_id(tx, ref))
        assert found is not None
        return found

    async def check(self) -> list[Difference]:
        """What is not as it should be."""
        return await check(self.store, self.clock)
