"""What localserve has beside a mail server: its account, its page, its welcome."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from roost.app.control import serve_http
from roost.app.data_folder import DataFolder
from roost.app.listeners import Bound, bind
from roost.app.modes import Local, Mode
from roost.app.server import World
from roost.ports.clock import Clock
from roost.ports.net import TlsServer
from roost.service import accounts, domains
from roost.service.config_errors import AccountExists, DomainExists
from roost.service.credential_secret import SecretMaker
from roost.service.set_password import PasswordChange, set_password
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.web.http_server import HttpServer
from roost.web.local_page import Service, local_page

WHAT_FOR = {
    "smtp": "mail of any sender to any address, with or without TLS",
    "submission": "mail of who signed in, STARTTLS",
    "submissions": "mail of who signed in, TLS from the start",
    "imap": "reading, STARTTLS",
    "imaps": "reading, TLS from the start",
    "http": "this page",
    "https": "this page with TLS",
}
_SEED = Actor("server", "localserve")


async def seed(store: Store, maker: SecretMaker, clock: Clock, local: Local) -> None:
    """Make the account that takes all mail, at the first start."""
    try:
        await domains.add(store, clock, _SEED, local.catch_all.domain, reason="first start")
    except DomainExists:
        pass
    try:
        await accounts.add(
            store, clock, _SEED, local.account, address=local.catch_all, reason="first start"
        )
    except AccountExists:
        return
    known = PasswordChange(reason="first start", weak_allowed=True)
    await set_password(store, maker, clock, _SEED, local.account, local.password, known)


def bind_pages(mode: Mode) -> list[Bound]:
    """Open the ports of localserve's page; CannotListen."""
    local = mode.local
    if local is None:
        return []
    ports = {"http": local.http, "https": local.https}
    return [bind("local", name, "", local.ip, port) for name, port in ports.items()]


async def serve_pages(
    stack: AsyncExitStack,
    mode: Mode,
    bound: list[Bound],
    tls: Callable[..., TlsServer],
    world: World,
) -> None:
    """Serve localserve's page and the metrics, where they have ports."""
    for one in bound:
        if one.service == "metrics":
            server = HttpServer(_metrics_page(world.metrics.render), world.clock, world.log)
        elif one.service in ("http", "https"):
            server = HttpServer(_page(mode, world.folder.root), world.clock, world.log)
        else:
            continue
        if one.service == "https":
            listening = await _serve_https(one, server, tls(alpn=("http/1.1",)))
        else:
            listening = await serve_http(one.sock, server)
        stack.push_async_callback(server.close, 2.0)
        stack.callback(listening.close)


def welcome(mode: Mode, folder: Path) -> str:
    """What a newcomer reads: ports, account, password, two lines to paste."""
    local = mode.local
    assert local is not None, "only localserve has a welcome"
    lines = ["", "roost is running. Nothing that is sent to it leaves this machine.", ""]
    lines += [f"  {one.name:12} {one.address:22} {one.what}" for one in _services(mode)]
    lines += ["", f"  account {local.catch_all}, password {local.password}", f"  data in {folder}"]
    lines += [f"  commands: roost --socket {DataFolder(folder).control_socket} status"]
    lines += ["", "Send a message and read it:", ""]
    lines += [f"  {command}" for command in commands(mode)]
    return "\n".join([*lines, "", ""])


def commands(mode: Mode) -> list[str]:
    """A line that sends a message, and one that reads it."""
    local = mode.local
    assert local is not None, "only localserve has examples"
    ports, host = mode.config.listeners["local"].services(), _host(local.ip)
    return [
        f"swaks --server {host}:{ports['smtp']} --from me@example.org --to anyone@example.org",
        f"curl --user {local.catch_all}:{local.password}"
        f" 'imap://{host}:{ports['imap']}/INBOX;MAILINDEX=*'",
    ]


def _services(mode: Mode) -> list[Service]:
    local = mode.local
    assert local is not None, "only localserve has a page"
    ports = mode.config.listeners["local"].services()
    ports |= {"http": local.http, "https": local.https}
    host = _host(local.ip)
    return [Service(name, f"{host}:{port}", WHAT_FOR[name]) for name, port in ports.items()]


def _host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _page(mode: Mode, folder: Path) -> Starlette:
    local = mode.local
    assert local is not None, "only localserve has a page"
    address = str(local.catch_all)
    return local_page(_services(mode), address, local.password, commands(mode), str(folder))


def _metrics_page(metrics: Callable[[], bytes]) -> Starlette:
    async def show(request: Request) -> Response:
        del request
        return Response(metrics(), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[Route("/metrics", show)])


async def _serve_https(one: Bound, server: HttpServer, tls: TlsServer) -> asyncio.AbstractServer:
    loop = asyncio.get_running_loop()

    def failed(reason: str, detail: str) -> None:
        """A browser that does not trust the certificate goes away; nobody needs to know."""

    return await loop.create_server(lambda: tls.wrap(server.protocol(), failed), sock=one.sock)
