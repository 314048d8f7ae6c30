"""Routes of the JSON API as values, and the ASGI application they make.

A handler is `async def handler(ctx, *, <path parameters>, asked: Body, <query>) -> Answer`; body
and answer are msgspec structs, a parameter with a default is a query parameter. The OpenAPI
description is made from the same values.
"""

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from roost.base.errors import ServiceError
from roost.config.setting import dec_hook, enc_hook
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.web.context import AdminContext
from roost.web.errors import answer_for, internal_error
from roost.web.http_server import TakeOver

MAX_BODY_OCTETS = 1 << 20
MAX_SHOWN = 200

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BodyInvalid(ServiceError):
    """The request's body is not what the route takes; the text says what is wrong where."""

    code: ClassVar[str] = "body_invalid"


class BodyTooLarge(ServiceError):
    """The request's body is over its bound."""

    code: ClassVar[str] = "body_too_large"


class QueryInvalid(ServiceError):
    """What stands behind the ? of the URL is not what the route takes."""

    code: ClassVar[str] = "query_invalid"


class RouteUnknown(ServiceError):
    """There is nothing at this path."""

    code: ClassVar[str] = "route_unknown"


@dataclass(eq=False)
class MethodNotAllowed(ServiceError):
    """The path is there, for other methods. allowed: these."""

    code: ClassVar[str] = "method_not_allowed"
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return f"this path takes {' and '.join(self.allowed)} only"


@dataclass(eq=False)
class UpgradeRequired(ServiceError):
    """The path is there to speak another protocol. upgrade: its name."""

    code: ClassVar[str] = "upgrade_required"
    upgrade: str

    def __str__(self) -> str:
        return (
            f"on this path {self.upgrade} is spoken: send the fields `Connection: Upgrade` and"
            f" `Upgrade: {self.upgrade}`"
        )


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path. The handler's docstring is the route's documentation.

    upgrade: the protocol that the client has to ask for, which then takes the connection over; the
    handler returns a TakeOver.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    media_type: str = "application/json"
    upgrade: str = ""

    @property
    def body(self) -> type | None:
        """The struct of the request's body, None when it takes none."""
        return self._hints().get("asked")

    @property
    def answer(self) -> Any:
        """The type of a success's body."""
        return self._hints()["return"]

    @property
    def query(self) -> dict[str, Any]:
        """The query parameters with their types, each optional."""
        hints = self._hints()
        parameters = inspect.signature(self.handler).parameters.values()
        return {one.name: hints[one.name] for one in parameters if one.default is not one.empty}

    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.handler, include_extras=True)


ContextFor = Callable[[Request], AdminContext]
Endpoint = Callable[[AdminContext, Request, Mapping[str, str]], Awaitable[Response]]


class Application:
    """The ASGI application of some routes.

    A path is parted at its slashes before it is unescaped, so that `%2F` stays in a name: local
    parts of addresses may have one (RFC 5321 section 4.1.2).
    """

    def __init__(
        self,
        routes: Sequence[Route],
        context_for: ContextFor,
        log: Log,
        request_id: Callable[[], str],
    ) -> None:
        """context_for: says who asks; raises a ServiceError "not_allowed" for who may not.

        request_id: a fresh id for each request that fails inside, to find its log line by.
        """
        self._context_for = context_for
        self._log = log
        self._request_id = request_id
        self._table: dict[tuple[str, ...], dict[str, Endpoint]] = {}
        for route in routes:
            methods = self._table.setdefault(tuple(route.path.split("/")[1:]), {})
            methods[route.method] = _switching(route) if route.upgrade else _endpoint(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            ctx = self._context_for(request)
            methods, parameters = self._find(request.scope)
            endpoint = methods.get(request.method)
            if endpoint is None:
                raise MethodNotAllowed(tuple(methods))
            return await endpoint(ctx, request, parameters)
        except ServiceError as error:
            return _refusal(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except Exception as error:
            failed = self._request_id()
            path = request.url.path[:MAX_SHOWN]
            self._log.error(Event.COMMAND_FAILED, error=error, path=path, request_id=failed)
            return reply(*internal_error(failed))

    def _find(self, scope: Scope) -> tuple[Mapping[str, Endpoint], dict[str, str]]:
        """What can be done at the path, and its parameters. Raises RouteUnknown."""
        segments = _segments(scope)
        for pattern, methods in self._table.items():
            parameters = _match(pattern, segments)
            if parameters is not None:
                return methods, parameters
        raise RouteUnknown(f"there is nothing at {scope['path'][:MAX_SHOWN]}")


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    octets = msgspec.json.encode(body, enc_hook=enc_hook)
    return _response(octets, "application/json", status, headers)


async def read_body(request: Request, max_octets: int) -> bytes:
    """The request's body; BodyTooLarge as soon as it is over the bound."""
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > max_octets:
            raise BodyTooLarge(f"a request has at most {max_octets} octets")
    return bytes(octets)


def decode(body: type, octets: bytes) -> Any:
    """The struct that JSON `octets` describe; BodyInvalid names the field and what is wrong."""
    try:
        return msgspec.json.decode(octets or b"{}", type=body, dec_hook=dec_hook)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BodyInvalid(f"the body is not what this path takes: {error}") from error


def _endpoint(route: Route) -> Endpoint:
    body, query = route.body, route.query

    async def endpoint(
        ctx: AdminContext, request: Request, parameters: Mapping[str, str]
    ) -> Response:
        arguments: dict[str, Any] = {**parameters, **_query_of(request, query)}
        if body is not None:
            arguments["asked"] = decode(body, await read_body(request, MAX_BODY_OCTETS))
        answer = await route.handler(ctx, **arguments)
        if isinstance(answer, bytes):
            return _response(answer, route.media_type, 200)
        return reply(200, answer)

    return endpoint


class _Switching(Response):
    """The answer after which the connection speaks another protocol."""

    def __init__(self, protocol: str, take: TakeOver) -> None:
        super().__init__(status_code=101)
        self._protocol = protocol
        self._take = take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        scope["state"]["switch"](self._protocol, self._take)


def _switching(route: Route) -> Endpoint:
    async def endpoint(
        ctx: AdminContext, request: Request, parameters: Mapping[str, str]
    ) -> Response:
        take = await route.handler(ctx, **parameters, **_query_of(request, {}))
        asked = request.headers.get("upgrade", "").lower()
        if asked != route.upgrade or "switch" not in request.scope["state"]:
            raise UpgradeRequired(route.upgrade)
        return _Switching(route.upgrade, take)

    return endpoint


def _response(
    octets: bytes, media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(octets, status, {**_HEADERS, **(headers or {})}, media_type)


def _refusal(error: ServiceError) -> Response:
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)  # RFC 9110 section 15.5.6
    if isinstance(error, UpgradeRequired):
        headers |= {"Upgrade": error.upgrade, "Connection": "Upgrade"}  # RFC 9110 section 15.5.22
    if isinstance(error, BodyTooLarge):
        headers["Connection"] = "close"  # the rest of the body is not worth reading
    return reply(*answer_for(error), headers)


def _segments(scope: Scope) -> tuple[str, ...]:
    """The unescaped parts of the path; RouteUnknown when one is no UTF-8."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        return tuple(unquote_to_bytes(part).decode() for part in raw.split(b"/")[1:])
    except UnicodeDecodeError as error:
        raise RouteUnknown("a path is UTF-8, escaped octet by octet with %") from error


def _match(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    """The parameters of a path that fits the pattern, None when it does not."""
    if len(pattern) != len(segments):
        return None
    parameters = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{") and given:
            parameters[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return parameters


def _query_of(request: Request, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters that are there, converted; QueryInvalid names one that is wrong."""
    given = request.query_params
    if unknown := sorted(given.keys() - wanted.keys()):
        known = ", ".join(wanted) or "none"
        raise QueryInvalid(f"there is no parameter {unknown[0][:50]}: known are {known}")
    return {name: _converted(name, given[name], wanted[name]) for name in given}


def _converted(name: str, value: str, wanted: Any) -> Any:
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise QueryInvalid(f"parameter {name}: {error}") from error
