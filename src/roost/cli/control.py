"""The command line's way to a running server: the admin API over the control socket."""

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote

import click

from roost.config.file import ConfigInvalid, read_config
from roost.config.server import ServerConfig

DEFAULT_CONFIG = Path("/etc/roost/roost.toml")
SOCKET_NAME = "control/roost.sock"
ANSWER_SECONDS = 600.0  # a check of a large store takes its time


def local_data_folder() -> Path:
    """Where localserve keeps its data unless told otherwise."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "roost" / "localserve"


class Switched(NamedTuple):
    """A connection that speaks another protocol.

    answer: holds what the server said first, and closes the connection when it goes.
    """

    sock: socket.socket
    answer: http.client.HTTPResponse

    def send(self, octets: bytes) -> None:
        """Return when the server has taken them. Raises OSError."""
        self.sock.sendall(octets)

    def end(self) -> None:
        """Send no more; what the server says is still read. Raises OSError."""
        self.sock.shutdown(socket.SHUT_WR)

    def read(self, most: int) -> bytes:
        """What the server said, as soon as there is some; b"" at the end. Raises OSError."""
        return self.answer.fp.read1(most)


class Control:
    """Speaks to a running server over its control socket. as_json: how answers are printed."""

    def __init__(
        self, find: Callable[[], Path], *, as_json: bool, seconds: float = ANSWER_SECONDS
    ) -> None:
        """find: says where the socket is, once it is needed. seconds: to wait for an answer."""
        self.as_json = as_json
        self._find = find
        self._seconds = seconds

    def get(self, path: str) -> Any:
        """The JSON answer of a GET."""
        return _parsed(self.octets("GET", path))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer of a request with a JSON body."""
        return _parsed(self.octets(method, path, json.dumps({} if body is None else body)))

    def get_all(self, path: str, name: str, query: str = "") -> list[Any]:
        """All rows of a list that comes in pages. name: of the field that has them.

        query: more of what is asked for, such as "account=anna".
        """
        rows: list[Any] = []
        after, more = "", f"&{query}" if query else ""
        while True:
            answer = self.get(f"{path}?after={quote(after, safe='')}{more}")
            rows += answer[name]
            after = answer["after"]
            if not after:
                return rows

    def octets(self, method: str, path: str, body: str | None = None) -> bytes:
        """The answer as octets. Ends the command with one line when the server says no."""
        place = self._find()
        with self._told(place):
            status, answer = _request(place, self._seconds, method, path, body)
        if status != http.HTTPStatus.OK:
            fail(_message(answer))
        return answer

    def switch(self, path: str, protocol: str) -> Switched:
        """A connection on which another protocol is spoken; ends the command as `octets` does."""
        place = self._find()
        with self._told(place), ExitStack() as stack:
            connection = _UnixConnection(place, self._seconds)
            stack.callback(connection.close)
            connection.request("GET", path, headers={"Connection": "Upgrade", "Upgrade": protocol})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
                fail(_message(response.read()))
            connection.sock.settimeout(None)
            stack.pop_all()
        return Switched(connection.sock, response)

    @contextmanager
    def _told(self, place: Path) -> Iterator[None]:
        """Ends the command with one line when the server cannot be spoken to."""
        try:
            yield
        except (FileNotFoundError, ConnectionRefusedError):
            fail(
                f"no roost answers at {place}. Start it with `roost serve` or"
                " `roost localserve`, or name its socket: roost --socket PATH ..."
            )
        except PermissionError:
            fail(
                f"you may not use {place}. Run the command as root or as roost's own user,"
                " or add your user's name to admin_users in roost.toml and to the socket's group"
            )
        except TimeoutError:
            fail(f"the server at {place} did not answer within {self._seconds:.0f} s")
        except (OSError, http.client.HTTPException) as error:
            fail(f"the server at {place} broke off: {str(error).strip()}")

    def try_get(self, path: str) -> bytes:
        """The answer of a GET; OSError or HTTPException when there is none."""
        return _request(self._find(), self._seconds, "GET", path, None)[1]

    def say(self, answer: object, text: str) -> None:
        """Print the answer: as JSON for scripts (--json), else `text` for people."""
        click.echo(json.dumps(answer, ensure_ascii=False) if self.as_json else text)


def path_of(*parts: str) -> str:
    """An API path with each part escaped, so that no name can change its meaning."""
    return "/api/admin/" + "/".join(quote(part, safe="") for part in parts)


def find_socket(config: Path | None) -> Path:
    """The control socket: of the given or default roost.toml, else of localserve."""
    if config is None and not _is_there(DEFAULT_CONFIG):
        return local_data_folder() / SOCKET_NAME
    return Path(load_config(config or DEFAULT_CONFIG).data) / SOCKET_NAME


def load_config(file: Path) -> ServerConfig:
    """The configuration in `file`; ends the command with a line for each problem."""
    try:
        return read_config(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError:
        fail(f"{file} does not exist. Make one: roost config sample > {file}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fail(f"{file}:{line}: an octet that is no UTF-8: save the file as UTF-8")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except ConfigInvalid as error:
        fail(str(error))


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Lines whose cells stand one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def fail(text: str) -> NoReturn:
    """End the command with exit status 1 and `text` on standard error."""
    click.echo(text, err=True)
    raise SystemExit(1)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _message(answer: bytes) -> str:
    try:
        message: str = json.loads(answer)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return "the server said no and gave no reason"
    return message


def _request(
    place: Path, seconds: float, method: str, path: str, body: str | None
) -> tuple[int, bytes]:
    connection = _UnixConnection(place, seconds)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _parsed(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        fail("the server's answer is no JSON: is it a roost of another version?")


def _is_there(file: Path) -> bool:
    """Whether there is such a file, as far as we may see."""
    try:
        return file.exists()
    except PermissionError:
        return True  # reading it will say what is wrong
