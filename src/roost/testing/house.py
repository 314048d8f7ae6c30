"""A whole server in memory: the real parts on fakes, and clients that speak to it."""

import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from roost.adapters.metrics import Metrics
from roost.app.data_folder import DataFolder
from roost.app.modes import Mode
from roost.app.server import Foundation, MailServer, World
from roost.base.address import Address
from roost.base.domain import Domain
from roost.config.server import ServerConfig
from roost.listen.cid import ConnectionIds
from roost.ports.blobs import Blobs
from roost.ports.net import TlsFacts, TlsServer
from roost.service import accounts as account_service
from roost.service import addresses
from roost.service import domains as domain_service
from roost.service.passwords import PasswordHasher
from roost.service.set_password import set_password
from roost.store.check import check
from roost.store.revisions import Actor
from roost.store.search_index import SearchIndex
from roost.store.sqlite import Options
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock
from roost.testing.imap import ImapClient
from roost.testing.log import ListLog
from roost.testing.passwords import PlainHasher
from roost.testing.random import SeededRandom
from roost.testing.smtp_client import SmtpClient
from roost.testing.store import TEST_OPTIONS, make_folder, new_store
from roost.testing.wire import TLS, MemoryWire

PASSWORD = "open sesame"  # noqa: S105 - of every account of every house
ADMIN = Actor("admin", "root")

_LITERAL = re.compile(rb"\{(\d+)\}$")


class House:
    """A server whose clock, disk and network a test holds in its hand. Made by `new_house`.

    server: the same MailServer that `roost serve` runs. Its jobs do not run by themselves: see
    `run_queue`.
    """

    def __init__(
        self, server: MailServer, clock: StoppedClock, log: ListLog, hostname: str
    ) -> None:
        self.server = server
        self.store = server.store
        self.clock = clock
        self.log = log
        self.hostname = hostname
        self.wires: list[MemoryWire] = []

    def smtp(self, peer: str = "192.0.2.7") -> MemoryWire:
        """A connection to the MX port, in clear."""
        return self._connect("smtp", peer, None)

    def submission(self, peer: str = "192.0.2.8", *, tls: TlsFacts = TLS) -> MemoryWire:
        """A connection to the submission port, under TLS."""
        return self._connect("submissions", peer, tls)

    def imap(self, peer: str = "192.0.2.9", *, tls: TlsFacts = TLS) -> MemoryWire:
        """A connection to the IMAP port, under TLS."""
        return self._connect("imaps", peer, tls)

    async def send(self, sender: str, recipients: str | Sequence[str], octets: bytes) -> None:
        """Bring a message to the MX port; SmtpRefused with the reply when it is not taken."""
        client = await SmtpClient(self.smtp()).greet()
        await client.send(sender, _several(recipients), octets)
        await client.ok("QUIT")

    async def submit(self, sender: str, recipients: str | Sequence[str], octets: bytes) -> None:
        """Hand a message in, signed in as its sender; SmtpRefused."""
        client = await SmtpClient(self.submission()).greet()
        await client.login(sender, PASSWORD)
        await client.send(sender, _several(recipients), octets)
        await client.ok("QUIT")

    async def login_imap(self, address: str) -> ImapClient:
        """A new IMAP connection, signed in."""
        client = ImapClient(self.imap())
        await client.wire.line()
        await client.ok(f"LOGIN {_quoted(address)} {_quoted(PASSWORD)}")
        return client

    async def mail_of(self, address: str, mailbox: str = "INBOX") -> list[bytes]:
        """The messages in a mailbox of the address's account, in order, as IMAP gives them."""
        client = await self.login_imap(address)
        await client.ok(f"EXAMINE {_quoted(mailbox)}")
        messages = []
        client.wire.feed(b"all UID FETCH 1:* BODY.PEEK[]\r\n")
        while not (line := await client.wire.line()).startswith(b"all "):
            if literal := _LITERAL.search(line):
                messages.append(await client.wire.octets(int(literal[1])))
        assert line.startswith(b"all OK "), line
        await client.ok("LOGOUT")
        return messages

    async def run_queue(self) -> None:
        """Try all that is due at this moment."""
        while await self.server.worker.work_off():
            pass

    async def check(self) -> list[str]:
        """What is wrong with the store: nothing."""
        return [str(one) for one in await check(self.store, self.clock, repair=False)]

    async def stop(self) -> None:
        """Stop the server: sessions take leave, then all is closed."""
        for wire in self.wires:
            if not wire.closed:
                wire.session.stop()
        for wire in self.wires:
            await wire.ended()
        await self.server.stop()

    def errors(self) -> list[BaseException]:
        """Mistakes of ours that sessions met; a test that expects none need not ask."""
        logged = [event.error for event in self.log.events if event.error is not None]
        return [error for wire in self.wires for error in wire.errors] + logged

    def _connect(self, service: str, peer: str, tls: TlsFacts | None) -> MemoryWire:
        session = self.server.sessions(service, self.hostname)()
        connection_id = self.server.ids.next()
        self.wires.append(MemoryWire(session, peer=peer, tls=tls, connection_id=connection_id))
        return self.wires[-1].connect()


def no_tls(**_options: object) -> TlsServer:
    """What a house has for TLS: it has no ports, and its connections are played."""
    raise RuntimeError("a house in memory has no ports")


@asynccontextmanager
async def new_house(
    hostname: str = "mx.a.test",
    domains: Sequence[str] = ("a.test",),
    accounts: Mapping[str, Sequence[str]] | None = None,
    *,
    config: ServerConfig | None = None,
    blobs: Blobs | None = None,
    options: Options = TEST_OPTIONS,
    hasher: PasswordHasher | None = None,
    tls: Callable[..., TlsServer] = no_tls,
) -> AsyncIterator[House]:
    """A server with these domains and accounts (name -> addresses), stopped at the end.

    blobs, options: see `new_store`. hasher: one that costs nothing when none is given.
    tls: see `MailServer`.
    """
    clock, log, random = StoppedClock(), ListLog(), SeededRandom()
    folder = make_folder()
    kept = blobs or MemoryBlobs()
    try:
        store = await new_store(folder, blobs=kept, clock=clock, log=log, options=options)
        search = SearchIndex(folder / "search.db")
        ids = ConnectionIds(random.octets(32))
        foundation = Foundation(
            store, kept, search, hasher or PlainHasher(), ids, bytes(32), search.close
        )
        mode = Mode(config or ServerConfig(hostname=hostname, data=str(folder)))
        world = World(clock, random, log, DataFolder(folder), Metrics())
        house = House(MailServer(mode, world, foundation, tls), clock, log, hostname)
        await _furnish(house, domains, accounts or {})
        try:
            yield house
        finally:
            await house.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _furnish(
    house: House, names: Sequence[str], accounts: Mapping[str, Sequence[str]]
) -> None:
    store, clock = house.store, house.clock
    for name in names:
        await domain_service.add(store, clock, ADMIN, Domain.parse(name))
    for name, (first, *others) in accounts.items():
        await account_service.add(store, clock, ADMIN, name, address=Address.parse(first))
        for other in others:
            await addresses.add(store, clock, ADMIN, name, Address.parse(other))
        await set_password(store, house.server.maker, clock, ADMIN, name, PASSWORD)


def _several(recipients: str | Sequence[str]) -> tuple[str, ...]:
    return (recipients,) if isinstance(recipients, str) else tuple(recipients)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
