"""The control socket: the admin API for this machine's admins."""

import asyncio
import pwd
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from starlette.requests import Request

from roost.adapters.process import peer_uid
from roost.base.errors import ServiceError
from roost.store.revisions import Actor
from roost.web.api.admin import ROUTES
from roost.web.context import AdminContext, ServerParts
from roost.web.http_server import HttpServer
from roost.web.router import Application


@dataclass(eq=False)
class NotAllowed(ServiceError):
    """The user of this machine may not use the control socket. user: the name, or the uid."""

    code: ClassVar[str] = "not_allowed"
    user: str

    def __str__(self) -> str:
        return (
            f'{self.user} is no admin of this server: set admin_users = ["{self.user}"] at the top'
            " of roost.toml and restart, or run the command as root"
        )


def control_server(parts: ServerParts, own_uid: int, request_id: Callable[[], str]) -> HttpServer:
    """The HTTP server of the control socket.

    Root, the server's own user and the configured admin_users are admins; the kernel says who asks.
    """
    allowed = {0, own_uid} | _uids(parts.config.admin_users)

    def context_for(request: Request) -> AdminContext:
        uid = request.scope["state"].get("peer_uid")
        if uid not in allowed:
            raise NotAllowed(_name(uid))
        return AdminContext(parts, Actor("admin", _name(uid)))

    app = Application(ROUTES, context_for, parts.log, request_id)
    return HttpServer(app, parts.clock, parts.log, peer_uid)


async def serve_http(sock: socket.socket, server: HttpServer) -> asyncio.AbstractServer:
    """Take HTTP connections on a bound socket."""
    loop = asyncio.get_running_loop()
    if sock.family == socket.AF_UNIX:
        return await loop.create_unix_server(server.protocol, sock=sock)
    return await loop.create_server(server.protocol, sock=sock)


def _uids(names: tuple[str, ...]) -> set[int]:
    found = set()
    for name in names:
        if name.isascii() and name.isdigit():
            found.add(int(name))
            continue
        try:
            found.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue  # a user that comes later is let in after a restart
    return found


def _name(uid: int | None) -> str:
    if uid is None:
        return "unknown"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
