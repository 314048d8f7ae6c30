"""Starts a server, waits until it is told to stop, stops it."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from roost.adapters.certificate import CertificateError, CertifiedKey
from roost.adapters.clock import SystemClock
from roost.adapters.data_folder import FolderInUse, FolderLock
from roost.adapters.log import Level, LineLog, Sink, json_lines, logfmt
from roost.adapters.metrics import Metrics
from roost.adapters.process import (
    CannotStart,
    check_not_root,
    drop_privileges,
    find_user,
    notify_service_manager,
    raise_open_files,
)
from roost.adapters.random import SystemRandom
from roost.adapters.tls import TlsServer
from roost.app.control import control_server, serve_http
from roost.app.data_folder import DataFolder, FolderUnusable, unusable
from roost.app.listeners import Bound, bind_all, close_all
from roost.app.local import bind_pages, seed, serve_pages, welcome
from roost.app.modes import Mode
from roost.app.server import MailServer, World, open_server
from roost.app.tls import load_configured, made_certificate, tls_server
from roost.base.errors import ServiceError
from roost.listen.sockets import CannotListen, bind_unix
from roost.listen.stall import StallWatcher
from roost.ports.log_events import Event
from roost.store.check import check
from roost.store.migrate import StoreRefused
from roost.web.api.admin import ROUTES
from roost.web.context import ServerFacts, ServerParts
from roost.web.describe import openapi

# What keeps a server from starting and says how to mend it.
WONT_START = (
    CannotListen,
    CannotStart,
    CertificateError,
    FolderInUse,
    FolderUnusable,
    StoreRefused,
    ServiceError,
)
DISK_FAILED = 74  # EX_IOERR


class WontStart(Exception):
    """The server did not start; the text says why and how to mend it."""


def run(mode: Mode) -> int:
    """Serve until SIGTERM, SIGINT or a stop over the control socket; returns the exit status.

    Raises WontStart.
    """
    # The writer thread and the loop share the interpreter: short turns keep both quick.
    sys.setswitchinterval(0.0005)
    os.umask(0o077)
    server = _Run(mode)
    try:
        return _run_on_fastest_loop(server.main())
    except WONT_START as error:
        raise WontStart(str(error)) from error


def _run_on_fastest_loop(main: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop  # noqa: PLC0415 - there is no wheel of it everywhere
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


class _Run:
    """One run of the server, from open sockets to the last words."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._clock = SystemClock()
        self._random = SystemRandom()
        self._metrics = Metrics()
        self._status = 0
        config = mode.config.log
        render = json_lines() if config.format == "json" else logfmt()
        self._log = LineLog(Sink(self._clock, render, Level[config.level.upper()]))
        self._folder = DataFolder(Path(mode.config.data))
        self._started = self._clock.now()

    async def main(self) -> int:
        """Start, serve, stop."""
        bound, configured = self._begin()
        try:
            self._folder.make()
            lock = self._lock()
            try:
                await self._serve(bound, configured)
            finally:
                lock.release()
        finally:
            close_all(bound)
        return self._status

    def _begin(self) -> tuple[list[Bound], CertifiedKey | None]:
        """What may take root: the data folder's place, ports, the configured certificate.

        All that comes after it is done and made by the user who serves.
        """
        config = self._mode.config
        user = find_user(config.user) if config.user else None
        if self._mode.local is None:
            check_not_root(user)
        raise_open_files()
        self._folder.make_place(owner=(user.uid, user.gid) if user else None)
        bound = bind_all(config)
        try:
            bound += bind_pages(self._mode)
            configured = load_configured(config.tls)
            if user is not None:
                drop_privileges(user)
        except BaseException:
            close_all(bound)
            raise
        return bound, configured

    def _lock(self) -> FolderLock:
        try:
            return FolderLock(self._folder.root, self._started)
        except OSError as error:
            raise unusable(self._folder.lock, error) from error

    async def _open(
        self, configured: CertifiedKey | None, stopping: asyncio.Event
    ) -> tuple[MailServer, partial[TlsServer]]:
        """The server, and what makes its TLS."""
        try:
            certified = configured or made_certificate(self._folder, self._names(), self._clock)
            world = World(self._clock, self._random, self._log, self._folder, self._metrics)
            tls = partial(tls_server, certified, self._clock)
            server = await open_server(self._mode, world, tls, partial(self._disk_failed, stopping))
        except OSError as error:
            raise unusable(self._folder.root, error) from error
        return server, tls

    async def _serve(self, bound: list[Bound], configured: CertifiedKey | None) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        # A terminal that closes ends localserve in good order; a server has nothing to read anew.
        hang_up = stopping.set if self._mode.local is not None else _nothing
        loop.add_signal_handler(signal.SIGHUP, hang_up)
        server, tls = await self._open(configured, stopping)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(server.stop)
            if self._mode.local is not None:
                # Before anyone is served: mail to an account that is not there yet is refused.
                await seed(server.store, server.maker, self._clock, self._mode.local)
            for one in bound:
                if one.service not in ("http", "https", "metrics"):
                    await server.serve(one)
            parts = self._parts(server, bound, stopping)
            control = bind_unix(self._folder.control_socket)
            http = control_server(parts, os.getuid(), server.ids.next)
            listening = await serve_http(control, http)
            stack.push_async_callback(http.close, 2.0)
            stack.callback(listening.close)
            await serve_pages(stack, self._mode, bound, tls, server.world)
            server.start_jobs()
            self._watch(stack)
            self._settle_memory()
            self._tell_started()
            await stopping.wait()
            self._log.info(Event.SERVER_STOPPING)
            notify_service_manager(os.environ, "STOPPING=1")
        self._log.info(Event.SERVER_STOPPED)

    def _names(self) -> list[str]:
        """What a made certificate is for."""
        config = self._mode.config
        names = [config.hostname]
        names += [one.hostname for one in config.listeners.values() if one.hostname]
        if self._mode.local is not None:
            names += ["127.0.0.1", "::1"]
        return list(dict.fromkeys(names))

    def _parts(
        self, server: MailServer, bound: list[Bound], stopping: asyncio.Event
    ) -> ServerParts:
        ports = tuple((one.service, one.ip, one.port) for one in bound)
        started = self._started.isoformat(timespec="seconds")
        root = str(self._folder.root)
        facts = ServerFacts(version("roost"), os.getpid(), started, root, ports)

        async def check_store(repair: bool) -> list[str]:
            return [str(one) for one in await check(server.store, self._clock, repair=repair)]

        return ServerParts(
            store=server.store,
            clock=self._clock,
            random=self._random,
            log=self._log,
            config=self._mode.config,
            maker=server.maker,
            facts=lambda: facts,
            stop=stopping.set,
            metrics=self._metrics.render,
            connections=server.connections,
            check=check_store,
            decode_connection=server.ids.decode,
            openapi=lambda: openapi(ROUTES, version("roost")),
            serve_imap=server.serve_imap,
        )

    def _watch(self, stack: AsyncExitStack) -> None:
        watcher = StallWatcher(self._metrics.loop_delayed, self._log)
        watcher.start()
        stack.callback(watcher.stop)

    def _settle_memory(self) -> None:
        """What is there by now stays: the collector need not look at it again, nor so often."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    def _tell_started(self) -> None:
        if type(asyncio.get_running_loop()).__module__.partition(".")[0] != "uvloop":
            self._log.warning(Event.RUNNING_SLOWER, reason="uvloop is not installed")
        self._log.info(Event.SERVER_STARTED, version=version("roost"), pid=os.getpid())
        notify_service_manager(os.environ, "READY=1")
        if self._mode.local is not None:
            self._say(welcome(self._mode, self._folder.root))

    def _say(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            pass  # nobody reads standard output; mail is served all the same

    def _disk_failed(self, stopping: asyncio.Event) -> None:
        """Nothing more can be kept: end, so that a restart recovers by reopening."""
        self._status = DISK_FAILED
        stopping.set()


def _nothing() -> None:
    """What SIGHUP does to a server."""
