"""Opens the sockets that others connect to, and says in one line what is in the way."""

import errno
import socket
import stat
from pathlib import Path

from roost.ports.net import IpAddress

BACKLOG = 1024
KEEPALIVE_SECONDS = 300  # a client in IDLE that fell asleep is found out and lets go


class CannotListen(Exception):
    """A socket could not be opened; the text says what is wrong and how to mend it."""


def bind_tcp(ip: IpAddress, port: int) -> socket.socket:
    """A socket bound to `ip` and `port`; port 0 takes any free one.

    An IPv6 socket takes IPv6 only (RFC 3493 section 5.3), so that `::` and `0.0.0.0` go together.
    Raises CannotListen.
    """
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"{_spell(ip, port)}: no IPv{ip.version} on this machine") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ip.version == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _keep_alive(sock)
        sock.bind((str(ip), port))
        sock.listen(BACKLOG)
        sock.settimeout(0.0)
    except OSError as error:
        sock.close()
        raise CannotListen(f"{_spell(ip, port)}: {_explain(error, port)}") from error
    return sock


def bind_unix(path: Path, mode: int = 0o660) -> socket.socket:
    """A unix socket at `path` with these rights; one left behind by a dead process is replaced.

    Raises CannotListen.
    """
    _remove_dead(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        # Nobody can connect before `listen`, so the rights are right from the first moment.
        path.chmod(mode)
        sock.listen(BACKLOG)
        sock.settimeout(0.0)
    except OSError as error:
        sock.close()
        raise CannotListen(f"{path}: {_explain_path(error, path)}") from error
    return sock


def _keep_alive(sock: socket.socket) -> None:
    """Look after silent peers; connections inherit it from the socket they come to."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    idle = getattr(socket, "TCP_KEEPIDLE", None) or getattr(socket, "TCP_KEEPALIVE", None)
    if idle is not None:
        sock.setsockopt(socket.IPPROTO_TCP, idle, KEEPALIVE_SECONDS)


def _remove_dead(path: Path) -> None:
    """Remove a socket file that nobody listens on."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise CannotListen(f"{path}: there is a file that is no socket: move it away")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            probe.connect(str(path))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError:
        # Not there, or not ours to look at: binding will say what is wrong.
        pass


def _spell(ip: IpAddress, port: int) -> str:
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def _explain(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use: stop the other program (`ss -ltnp 'sport = :{port}'` names "
            "it) or choose another port"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"port {port} needs root or CAP_NET_BIND_SERVICE: start as root with a user to change "
            "to, or add AmbientCapabilities=CAP_NET_BIND_SERVICE to the unit"
        )
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return "this machine has no such address: `ip address` lists those it has"
    return error.strerror or "cannot be opened"


def _explain_path(error: OSError, path: Path) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another process listens here: is the server running already?"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no right to make it: let the server's user write to {path.parent}"
    if error.errno == errno.ENOENT:
        return f"the folder {path.parent} does not exist: make it"
    return error.strerror or str(error)
