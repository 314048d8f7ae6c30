"""What a handler of the admin API is given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from roost.config.server import ServerConfig
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.random import Random
from roost.service.credential_secret import SecretMaker
from roost.service.login import Login
from roost.store.engine import Store
from roost.store.revisions import Actor


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What `roost status` tells of the running server."""

    version: str
    pid: int
    started: str
    data: str
    ports: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class ServerParts:
    """The running server, as the admin API needs it.

    facts: called for each status. stop: begins a graceful stop and returns at once. metrics: the
    text for Prometheus. check: compares the store with itself, mending when asked to; one line for
    each difference. decode_connection: the number of a connection by its id in a reply, ValueError
    for a text that is none. openapi: the description of the API. serve_imap: speaks IMAP on a
    connection with who is signed in already.
    """

    store: Store
    clock: Clock
    random: Random
    log: Log
    config: ServerConfig
    maker: SecretMaker
    facts: Callable[[], ServerFacts]
    stop: Callable[[], None]
    metrics: Callable[[], bytes]
    connections: Callable[[], dict[str, int]]
    check: Callable[[bool], Awaitable[list[str]]]
    decode_connection: Callable[[str], int]
    openapi: Callable[[], dict[str, Any]]
    serve_imap: Callable[[asyncio.Transport, Login], None]


@dataclass(frozen=True, slots=True)
class AdminContext:
    """One request of an admin: the server and who asks."""

    server: ServerParts
    actor: Actor
