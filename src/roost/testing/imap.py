"""A mail house for IMAP sessions: a store, an account with one password, connections to it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from roost.base.address import Address
from roost.base.ids import AccountId, MailboxRef
from roost.ports.net import TlsFacts, Wire
from roost.service import accounts, addresses, domains, mailboxes
from roost.service.key_login import IdentityForeign, KeyLogin
from roost.service.login import Login
from roost.service.login_outcome import LoginFailed
from roost.session.imap.ports import ImapPort
from roost.session.imap.session import ImapSession
from roost.session.sign_in import SignIn
from roost.store import credentials
from roost.store.engine import Store, WriteTx
from roost.store.revisions import Actor
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.proofs import MemoryProofs
from roost.testing.random import SeededRandom
from roost.testing.store import new_store
from roost.testing.wire import TLS, MemoryWire

USER, PASSWORD = "me@mx.test", "open sesame"
OTHER = "other@mx.test"  # another address of the same account


class ImapHouse:
    """Everything sessions need, in memory.

    accepting: whether there is room for more mail. credential: the number of the password.
    """

    def __init__(
        self, store: Store, blobs: MemoryBlobs, clock: StoppedClock, credential: int
    ) -> None:
        self.credential = credential
        self.store = store
        self.blobs = blobs
        self.clock = clock
        self.log = ListLog()
        self.account = AccountId(1)
        self.users = {USER: Login(self.account, Address.parse(USER), credential)}
        self.accepting = True
        self.tasks: set[asyncio.Task[None]] = set()
        self.proofs = MemoryProofs(self._login_of, PASSWORD)
        self.port = ImapPort(
            "mx.test",
            store,
            blobs,
            clock,
            SeededRandom(),
            self.log,
            self._check_login,
            self.proofs.begin,
            lambda: self.accepting,
            self._in_background,
            version="1.2.3",
        )

    def change_port(self, **fields: Any) -> None:
        """Give later connections a port with other fields."""
        self.port = replace(self.port, **fields)

    def connect(
        self,
        *,
        tls: TlsFacts | None = TLS,
        tls_later: TlsFacts = TLS,
        has_certificate: bool = True,
    ) -> MemoryWire:
        """A new connection. tls_later: the facts once STARTTLS is done."""
        session = ImapSession(self.port)
        wire = MemoryWire(session, tls=tls, has_certificate=has_certificate, tls_later=tls_later)
        return wire.connect()

    def sign_in_by_key(self, *, waits: bool) -> None:
        """Give later connections a port where every key is me@mx.test's, and other@mx.test's too.

        waits: whether there has to be a login all the same.
        """

        async def login_as(identity: str, _client: str, _wire: Wire) -> Login:
            if identity not in ("", USER, OTHER):
                raise IdentityForeign
            return Login(self.account, Address.parse(identity or USER), self.credential)

        async def identify(wire: Wire, *, signs_in: bool) -> KeyLogin:  # noqa: ARG001
            return KeyLogin(await login_as("", "", wire), waits)

        self.change_port(identify=identify, login_as=login_as)

    async def client(self, user: str = USER, *, login: bool = True) -> "ImapClient":
        """A new connection with a client that heard the greeting, and that signed in."""
        client = ImapClient(self.connect())
        await client.wire.line()
        if login:
            await client.ok(f'LOGIN {user} "{PASSWORD}"')
        return client

    async def settle(self, *users: str) -> None:
        """Give the account its address, and each of these addresses of its domain an account.

        All have the one password.
        """
        admin, me = Actor("admin", "root"), Address.parse(USER)
        await domains.add(self.store, self.clock, admin, me.domain)
        await addresses.add(self.store, self.clock, admin, "me", me)
        for user in users:
            address = Address.parse(user)
            row = await accounts.add(
                self.store, self.clock, admin, f"user{len(self.users)}", address=address
            )
            proved = await self.store.write(lambda tx, row=row: _prove(tx, row.id, self.clock))  # type: ignore[misc]
            self.users[user] = Login(row.id, address, proved)

    async def ref(self, name: str = "INBOX") -> MailboxRef:
        """A mailbox of the account."""
        return (await mailboxes.status(self.store, self.account, self.account, name)).ref

    async def _check_login(self, said: SignIn, wire: Wire) -> Login:  # noqa: ARG002
        known = self.users.get(said.username)
        if known is None or said.password != PASSWORD:
            raise LoginFailed
        return known

    def _login_of(self, name: str) -> Login | None:
        if name != USER:
            return None
        return Login(self.account, Address.parse(name), self.credential)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class ImapClient:
    """Speaks to one session, a command at a time."""

    def __init__(self, wire: MemoryWire) -> None:
        self.wire = wire
        self._tag = 0

    async def ask(self, command: str | bytes) -> list[bytes]:
        """Say a command without its tag; returns all lines up to the tagged one, which is last."""
        self._tag += 1
        tag = b"t%d " % self._tag
        octets = command if isinstance(command, bytes) else command.encode()
        self.wire.feed(tag + octets + b"\r\n")
        lines = [await self.wire.line()]
        while not lines[-1].startswith(tag):
            lines.append(await self.wire.line())
        lines[-1] = lines[-1].removeprefix(tag)
        return lines

    async def ok(self, command: str | bytes) -> list[bytes]:
        """As `ask`, for a command that does well; returns the untagged lines."""
        lines = await self.ask(command)
        assert lines[-1].startswith(b"OK "), lines[-1]
        return lines[:-1]

    async def append(self, message: bytes, mailbox: str = "INBOX", flags: str = "") -> list[bytes]:
        """APPEND a message without waiting for leave."""
        head = f"APPEND {mailbox} {flags and flags + ' '}{{{len(message)}+}}\r\n"
        return await self.ok(head.encode() + message)


async def new_house(blobs: MemoryBlobs | None = None) -> ImapHouse:
    """A house with one account. blobs: where large messages lie, in memory by default."""
    clock, blobs = StoppedClock(), blobs or MemoryBlobs()
    store = await new_store(clock=clock, blobs=blobs)
    me = await accounts.add(store, clock, Actor("admin", "root"), "me")
    proved = await store.write(lambda tx: _prove(tx, me.id, clock))
    return ImapHouse(store, blobs, clock, proved)


async def _prove(tx: WriteTx, account: AccountId, clock: StoppedClock) -> int:
    """The number of a credential of the account."""
    new = credentials.NewCredential(credentials.PASSWORD, "{}")
    return (await credentials.add(tx, account, new, clock.now())).id
