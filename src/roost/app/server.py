"""A running server: every part, built from configuration in one place."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from roost.adapters.blobs import DiskBlobs
from roost.adapters.bus import LocalBus
from roost.adapters.metrics import Metrics
from roost.app.data_folder import DataFolder
from roost.app.dns import make_resolver
from roost.app.jobs import Background
from roost.app.key_logins import KeyLogins, count_key_logins
from roost.app.listeners import Bound
from roost.app.logins import Logins, count_logins, teller
from roost.app.modes import Mode
from roost.app.smtp_ports import Route, SmtpParts
from roost.base.domain import Domain
from roost.delivery.route import route, route_anywhere
from roost.listen.cid import ConnectionIds
from roost.listen.limits import AddressLimits, ConnectionCap, LimitSettings
from roost.listen.server import Server
from roost.listen.service import MAX_SLOW, Service
from roost.ports.blobs import Blobs
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Session, SessionFactory, TlsServer
from roost.ports.random import Random
from roost.queue.notice import Notices
from roost.queue.worker import Worker
from roost.service.credential_secret import SecretMaker
from roost.service.known_keys import KnownKeys
from roost.service.login import Login, Passwords
from roost.service.login_attempts import LoginAttempts
from roost.service.login_cache import LoginCache
from roost.service.login_limits import FailedLogins, FailedLoginSettings
from roost.service.login_queue import THREADS, RankedQueue
from roost.service.passwords import Argon2Hasher, PasswordHasher
from roost.service.protocols import IMAP, SMTP
from roost.service.scram_login import Proofs
from roost.service.search_text import extract
from roost.service.sign_ins import SignIns
from roost.session.imap.ports import ImapLimits, ImapPort
from roost.session.imap.session import ImapSession
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.submission import SubmissionSession
from roost.store.cleanup import clean_up
from roost.store.engine import StoreFailed, StoreFull
from roost.store.search_fill import fill_search, prune_search
from roost.store.search_index import SearchIndex
from roost.store.server_keys import server_key
from roost.store.sqlite import Options, SqliteStore, open_store

STOP_SECONDS = 10.0
VOUCHED = "control.imap"
IMPLICIT_TLS = frozenset({"submissions", "imaps", "https"})
REFUSAL = {
    "smtp": b"421 4.7.0 too many connections, try again later\r\n",
    "submission": b"421 4.7.0 too many connections, try again later\r\n",
    "imap": b"* BYE too many connections, try again later\r\n",
}


@dataclass(frozen=True, slots=True)
class World:
    """What comes from outside: time, chance, log, data folder, metrics."""

    clock: Clock
    random: Random
    log: Log
    folder: DataFolder
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Foundation:
    """What stands on files and threads, and what it is all built on.

    proof_key: for salts of names that nobody has. close: called when the store is closed and nobody
    uses the rest any more; it may block.
    """

    store: SqliteStore
    blobs: Blobs
    search: SearchIndex
    hasher: PasswordHasher
    ids: ConnectionIds
    proof_key: bytes
    close: Callable[[], None]


class MailServer:
    """The parts of a running server. Made by `open_server`; `stop` ends it in good order.

    tls: makes a TLS layer; tickets: whether sessions may be resumed, accept_key: who may present a
    certificate.
    """

    def __init__(
        self, mode: Mode, world: World, foundation: Foundation, tls: Callable[..., TlsServer]
    ) -> None:
        self.mode = mode
        self.world = world
        self.store = foundation.store
        self.search = foundation.search
        self.maker = _maker(mode, foundation.hasher, world.random)
        self.ids = foundation.ids
        self.background = Background(world.clock, world.log)
        notices = Notices(self.store, Domain.parse(mode.config.hostname), world.random)
        self.worker = Worker(
            self.store, world.clock, world.log, self.route, notices, self.ids.next()
        )
        dns = mode.config.dns
        self.resolver = make_resolver(dns, world.clock, world.random, world.log, world.metrics)
        self.servers: dict[str, Server] = {}
        self._foundation = foundation
        self._tls = tls
        self._cap = ConnectionCap(mode.config.limits.max_connections)
        self._slow_cap = ConnectionCap(MAX_SLOW)
        self.attempts = LoginAttempts(self.store, world.clock)
        self.sign_ins = self._sign_ins()
        self.known_keys = KnownKeys(self.store, self.background.once)
        self._certificates = count_key_logins(world.metrics)

    def _sign_ins(self) -> SignIns:
        world, logins = self.world, self.mode.config.logins
        limits = FailedLoginSettings(
            per_minute=logins.max_failed_per_minute,
            per_day=logins.max_failed_per_day,
            exempt_loopback=self.mode.config.limits.exempt_loopback,
        )
        cache = LoginCache(world.random.octets(32))
        return SignIns(
            Passwords(self.store, self._foundation.hasher, cache, world.clock),
            Proofs(self.store, world.clock, self._foundation.proof_key),
            FailedLogins(world.clock, limits),
            self.attempts,
            teller(world.log, count_logins(world.metrics)),
        )

    def _keys(self, service: str) -> KeyLogins:
        """Who signs in at "imap" or "submission", by a certificate and otherwise."""
        logins = Logins(self.sign_ins, IMAP if service == "imap" else SMTP)
        return KeyLogins(service, logins, self.known_keys, self.world.log, self._certificates)

    async def serve(self, bound: Bound) -> None:
        """Take connections of a mail service on a bound socket."""
        key = f"{bound.listener}.{bound.service}"
        if key not in self.servers:
            asks = self.mode.config.listeners[bound.listener].client_auth
            self.servers[key] = self._server(bound.service, bound.hostname, asks_for_keys=asks)
        await self.servers[key].listen(bound.sock)
        self.world.log.info(Event.LISTENING, service=bound.service, ip=bound.ip, port=bound.port)

    def start_jobs(self) -> None:
        """Begin the work that nobody asks for."""
        clock, store = self.world.clock, self.store
        self.background.for_ever("queue", self.worker.run)
        self.background.for_ever("login attempts", self.attempts.run)
        self.background.every("cleanup", timedelta(minutes=10), self._clean_up)
        self.background.every("known keys", timedelta(minutes=10), self.known_keys.load)
        self.background.every("space", timedelta(seconds=10), self._look_at_space)
        self.background.every(
            "prune", timedelta(hours=6), partial(prune_search, store, self.search, clock)
        )
        self.background.for_ever("search", partial(fill_search, store, self.search, extract, clock))

    @property
    def route(self) -> Route:
        """Where mail for an address goes."""
        if self.mode.local is not None:
            return partial(route_anywhere, self.store, self.mode.local.catch_all)
        return partial(route, self.store, self.mode.config.limits.default_quota)

    def serve_imap(self, transport: asyncio.Transport, login: Login) -> None:
        """Speak IMAP on a connection that others accepted, with who is signed in already."""
        port = self._imap_port(self.mode.config.hostname)
        if VOUCHED not in self.servers:
            self.servers[VOUCHED] = self._server("imap", port.hostname)
        self.servers[VOUCHED].adopt(transport, lambda: ImapSession(port, login))

    def connections(self) -> dict[str, int]:
        """How many connections are open, by listener and service."""
        return {name: one.connections for name, one in self.servers.items() if one.connections}

    async def stop(self) -> None:
        """Let clients go, finish what is being stored, close the store."""
        await asyncio.gather(*(one.stop(STOP_SECONDS) for one in self.servers.values()))
        await self.background.close()
        await self.resolver.close()
        try:
            await self.attempts.flush()
        except (StoreFull, StoreFailed):
            pass  # a list of logins is not worth more than a stop in good order
        await self.store.close()
        self._foundation.close()

    def _server(self, service: str, hostname: str, *, asks_for_keys: bool = False) -> Server:
        config = self.mode.config
        asks = asks_for_keys and service != "smtp"
        keys = self._keys(service.removesuffix("s")) if asks else None
        settings = LimitSettings(
            per_minute=config.limits.max_new_connections_per_minute,
            open=config.limits.max_connections_per_address,
            exempt_loopback=config.limits.exempt_loopback,
        )
        return Server(
            Service(
                service,
                self.sessions(service, hostname),
                self.ids,
                self.world.log,
                self.world.metrics.connections,
                tls=self._tls(tickets=service != "smtp", accept_key=keys and keys.accepts),
                implicit_tls=service in IMPLICIT_TLS,
                slow_cap=self._slow_cap,
                certificate_refused=keys.refused if keys else None,
            ),
            AddressLimits(self.world.clock, settings),
            self._cap,
            REFUSAL.get(service.removesuffix("s"), REFUSAL.get(service, b"")),
        )

    def sessions(self, service: str, hostname: str) -> SessionFactory:
        """Makes the sessions of a mail service that calls itself `hostname`."""
        if service in ("imap", "imaps"):
            imap = self._imap_port(hostname)
            return lambda: ImapSession(imap)
        parts = self._smtp_parts(hostname)
        if service == "smtp":
            mx = parts.mx_port()

            def inbound() -> Session:
                return InboundSession(mx)

            return inbound
        submission = parts.submission_port()
        return lambda: SubmissionSession(submission)

    def _smtp_parts(self, hostname: str) -> SmtpParts:
        keys = self._keys("submission")
        return SmtpParts(
            hostname=hostname,
            config=self.mode.config.smtp,
            store=self.store,
            blobs=self._foundation.blobs,
            clock=self.world.clock,
            random=self.world.random,
            log=self.world.log,
            route=self.route,
            check_login=keys.logins.check,
            begin_proof=keys.logins.begin_proof,
            mechanisms=keys.logins.mechanisms(self.mode.config.logins),
            refuses_logins=keys.logins.refuses,
            keys=keys,
            may_accept=self.store.space.accepts_mail,
            in_background=self.background.once,
            local=self.mode.local is not None,
            clear_text_logins=self.mode.clear_text_logins,
        )

    def _imap_port(self, hostname: str) -> ImapPort:
        config, keys = self.mode.config, self._keys("imap")
        return ImapPort(
            hostname=hostname,
            store=self.store,
            blobs=self._foundation.blobs,
            clock=self.world.clock,
            random=self.world.random,
            log=self.world.log,
            check_login=keys.logins.check,
            begin_proof=keys.logins.begin_proof,
            mechanisms=keys.logins.mechanisms(config.logins),
            refuses_logins=keys.logins.refuses,
            identify=keys.identify,
            login_as=keys.login_as,
            may_accept=self.store.space.accepts_mail,
            in_background=self.background.once,
            search=self.search,
            default_quota=config.limits.default_quota,
            clear_text_logins=self.mode.clear_text_logins,
            limits=ImapLimits(
                max_append_octets=config.imap.max_append_size,
                login_timeout=timedelta(seconds=config.imap.login_timeout.total_seconds()),
                idle_timeout=timedelta(seconds=config.imap.idle_timeout.total_seconds()),
                literal_timeout=timedelta(seconds=config.imap.literal_timeout.total_seconds()),
                message_limit=config.imap.message_limit,
                save_limit=config.imap.save_limit,
            ),
        )

    async def _clean_up(self) -> None:
        await clean_up(self.store, self.world.clock)
        while await self.store.give_back_pages(200) > 2_000:
            await self.world.clock.sleep(0.1)

    async def _look_at_space(self) -> None:
        await asyncio.to_thread(self.store.space.restore)


async def open_server(
    mode: Mode, world: World, tls: Callable[..., TlsServer], failed: Callable[[], None]
) -> MailServer:
    """Open the store in the data folder and build the server on it.

    tls: see MailServer. failed: called when the disk failed, and the process should end.
    Raises StoreRefused.
    """
    blobs = DiskBlobs(world.folder.blobs, world.clock)
    store = await open_store(
        world.folder.database,
        blobs=blobs,
        bus=LocalBus(world.log),
        clock=world.clock,
        log=world.log,
        failed=failed,
        options=Options(least_free_octets=_least_free(mode)),
    )
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
    search = SearchIndex(world.folder.search)
    ids = ConnectionIds(
        world.folder.key("connection-ids", 32, world.random),
        first=int(world.clock.now().timestamp() * 1000),
    )

    def close() -> None:
        search.close()
        pool.shutdown()
        blobs.close()

    hasher = Argon2Hasher(RankedQueue(pool), world.random)
    key = await server_key(store, world.random, "made-up salts")
    foundation = Foundation(store, blobs, search, hasher, ids, key, close)
    server = MailServer(mode, world, foundation, tls)
    await server.known_keys.load()
    return server


def _maker(mode: Mode, hasher: PasswordHasher, random: Random) -> SecretMaker:
    """Makes what is stored of passwords, for the mechanisms that are on."""
    logins = mode.config.logins
    hashes = ("SHA-256", "SHA-1") if logins.scram_sha_1 else ("SHA-256",)
    return SecretMaker(hasher, random, hashes, logins.cram_md5)


def _least_free(mode: Mode) -> int:
    least: int = mode.config.limits.min_free_space
    if mode.local is not None:
        return least
    return max(least, 2 * mode.config.smtp.max_message_size)
