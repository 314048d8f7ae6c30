"""Calls an ASGI application without a server: method, path and body in; status and body out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application said. headers: names in lower case."""

    status: int
    octets: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.octets)

    @property
    def code(self) -> str:
        """The code of the error that the body tells of."""
        code: str = self.json["error"]["code"]
        return code


async def call(
    app: ASGIApp,
    method: str,
    target: str,
    body: object = None,
    *,
    uid: int | None = 0,
    chunks: Sequence[bytes] | None = None,
) -> Answer:
    """One request.

    target: escaped path and query, as on the request line. body: sent as JSON. chunks: the body as
    it is, in these pieces, in place of `body`; none: the client is gone. uid: of the user at the
    other end.
    """
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": [],
        "state": {"peer_uid": uid},
        "server": ("localhost", 80),
        "scheme": "http",
    }
    pieces = [b"" if body is None else json.dumps(body).encode()] if chunks is None else [*chunks]
    sent: list[Message] = []

    async def receive() -> Message:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    octets = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], octets, headers)
