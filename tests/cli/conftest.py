"""A server in memory behind a control socket, in a thread of its own, and the commands for it."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roost.app.control import control_server
from roost.cli.main import main
from roost.listen.sockets import bind_unix
from roost.testing.admin_api import new_admin_api

Roost = Callable[..., Result]


def serve_until(stopped: threading.Event, ready: threading.Event, path: Path) -> None:
    async def serve() -> None:
        api = await new_admin_api()
        http = control_server(api.parts, os.getuid(), lambda: "the-request")
        loop = asyncio.get_running_loop()
        listening = await loop.create_unix_server(http.protocol, sock=bind_unix(path))
        ready.set()
        await asyncio.to_thread(stopped.wait)
        listening.close()
        await http.close(1)
        await api.parts.store.close()

    asyncio.run(serve())


@pytest.fixture
def socket_path(tmp_path: Path) -> Iterator[Path]:
    """The control socket of a fresh server, whose admin is whoever runs the tests."""
    path = tmp_path / "s"
    stopped, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=serve_until, args=(stopped, ready, path))
    thread.start()
    try:
        assert ready.wait(10)
        yield path
    finally:
        stopped.set()
        thread.join(10)


@pytest.fixture
def roost(socket_path: Path) -> Roost:
    """Runs a command against that server."""

    def run(*words: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, ["--socket", str(socket_path), *words], input=stdin)

    return run
