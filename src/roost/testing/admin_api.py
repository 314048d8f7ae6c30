"""The admin API on a store in memory: no process, no socket, no clock that runs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

from roost.app.control import NotAllowed
from roost.config.server import ServerConfig
from roost.listen.cid import ConnectionIds
from roost.service.credential_secret import SecretMaker
from roost.service.login import Login
from roost.store.check import check
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.testing.asgi import Answer, call
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.passwords import plain_maker
from roost.testing.random import SeededRandom
from roost.testing.store import new_store
from roost.web.api.admin import ROUTES
from roost.web.context import AdminContext, ServerFacts, ServerParts
from roost.web.describe import openapi
from roost.web.router import Application

IDS = ConnectionIds(bytes(16))
ADMINS = {0: "root", 1000: "anna"}


@dataclass
class AdminApi:
    """The admin API as a function. The users of ADMINS may call it. Made by `new_admin_api`.

    stopped: holds True for each time that it was told to stop.
    """

    parts: ServerParts
    log: ListLog
    clock: StoppedClock
    stopped: list[bool] = field(default_factory=list)

    async def __call__(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        uid: int | None = 0,
        chunks: Sequence[bytes] | None = None,
    ) -> Answer:
        """One request of a user; target: below /api/admin. See `roost.testing.asgi.call`."""
        app = Application(ROUTES, self._context_for, self.log, lambda: "the-request")
        return await call(app, method, f"/api/admin{target}", body, uid=uid, chunks=chunks)

    def _context_for(self, request: Request) -> AdminContext:
        uid = request.scope["state"]["peer_uid"]
        if uid not in ADMINS:
            raise NotAllowed(str(uid))
        return AdminContext(self.parts, Actor("admin", ADMINS[uid]))


async def new_admin_api() -> AdminApi:
    """The admin API of an empty server."""
    clock, log, stopped = StoppedClock(), ListLog(), list[bool]()
    store = await new_store(clock=clock, log=log)
    return AdminApi(parts_of(store, clock, log, stopped, plain_maker()), log, clock, stopped)


def parts_of(
    store: Store, clock: StoppedClock, log: ListLog, stopped: list[bool], maker: SecretMaker
) -> ServerParts:
    """The parts of a server that listens nowhere. stopped: gets a True for each stop."""
    facts = ServerFacts("1.2.3", 42, "2026-01-02T03:04:05+00:00", "/data", (("smtp", "::1", 25),))

    async def check_store(repair: bool) -> list[str]:
        return [str(one) for one in await check(store, clock, repair=repair)]

    return ServerParts(
        store=store,
        clock=clock,
        random=SeededRandom(),
        log=log,
        config=ServerConfig(hostname="mx.test", data="/data"),
        maker=maker,
        facts=lambda: facts,
        stop=lambda: stopped.append(True),
        metrics=lambda: b"# HELP roost_x\n",
        connections=lambda: {"public.imap": 2},
        check=check_store,
        decode_connection=IDS.decode,
        openapi=lambda: openapi(ROUTES, "1.2.3"),
        serve_imap=_hang_up,
    )


def _hang_up(transport: asyncio.Transport, login: Login) -> None:  # noqa: ARG001 - as ServerParts has it
    """A server that listens nowhere has no sessions either."""
    transport.close()
