"""The running server: status, stop, check, metrics, connections, the API's description."""

from typing import Any, ClassVar

import msgspec

from roost.base.errors import ServiceError
from roost.web.context import AdminContext
from roost.web.router import Route


class PortShown(msgspec.Struct, frozen=True):
    """One open port."""

    service: str
    ip: str
    port: int


class StatusShown(msgspec.Struct, frozen=True):
    """The running server. started: UTC, RFC 3339. connections: how many are open, by service."""

    version: str
    pid: int
    started: str
    data: str
    ports: list[PortShown]
    connections: dict[str, int]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No more to say."""


class CheckStore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to check. repair: mend counters and derived rows."""

    repair: bool = False


class StoreChecked(msgspec.Struct, frozen=True):
    """What differs, one line each; empty when all is well."""

    differences: list[str]


class ConnectionShown(msgspec.Struct, frozen=True):
    """Which connection an id stands for: the number of a connection since the server was made."""

    number: int


class ConnectionUnknown(ServiceError):
    """The text is no connection id of this server."""

    code: ClassVar[str] = "connection_unknown"

    def __str__(self) -> str:
        return "this is no connection id of this server: it stands at the end of an error reply"


async def status(ctx: AdminContext) -> StatusShown:
    """Tell what runs, where it listens and how many are connected."""
    facts = ctx.server.facts()
    ports = [PortShown(*port) for port in facts.ports]
    return StatusShown(
        facts.version, facts.pid, facts.started, facts.data, ports, ctx.server.connections()
    )


async def stop(ctx: AdminContext, *, asked: Nothing) -> Nothing:
    """Stop the server. Mail being taken is stored first; clients are told."""
    ctx.server.stop()
    return asked


async def check(ctx: AdminContext, *, asked: CheckStore) -> StoreChecked:
    """Compare messages with their bytes and counters with their rows."""
    return StoreChecked(await ctx.server.check(asked.repair))


async def metrics(ctx: AdminContext) -> bytes:
    """The metrics in Prometheus's text form."""
    return ctx.server.metrics()


async def connection(ctx: AdminContext, *, id: str) -> ConnectionShown:  # noqa: A002 - of the path
    """Which connection the id in an error reply stands for.

    Errors: connection_unknown.
    """
    try:
        return ConnectionShown(ctx.server.decode_connection(id))
    except ValueError as error:
        raise ConnectionUnknown from error


async def describe(ctx: AdminContext) -> dict[str, Any]:
    """This API as OpenAPI 3.1."""
    return ctx.server.openapi()


ROUTES = (
    Route("GET", "/api/admin/status", status),
    Route("POST", "/api/admin/stop", stop),
    Route("POST", "/api/admin/check", check),
    Route("GET", "/api/admin/metrics", metrics, media_type="text/plain; version=0.0.4"),
    Route("GET", "/api/admin/connections/{id}", connection),
    Route("GET", "/api/admin/openapi.json", describe),
)
