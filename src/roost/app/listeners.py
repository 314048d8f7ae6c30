"""Sockets first, as root; services on them once there is something to serve."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from roost.config.server import ServerConfig
from roost.listen.sockets import bind_tcp


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound socket. service: of `ListenerConfig.services`, or "http", "https", "metrics"."""

    listener: str
    service: str
    hostname: str
    ip: str
    port: int
    sock: socket.socket


def bind_all(config: ServerConfig) -> list[Bound]:
    """Open every configured port; CannotListen for the first that is not to be had."""
    bound: list[Bound] = []
    try:
        for name, listener in config.listeners.items():
            hostname = listener.hostname or config.hostname
            for service, port in listener.services().items():
                bound += [bind(name, service, hostname, ip, port) for ip in listener.ips]
        if config.metrics.port is not None:
            bound.append(bind("metrics", "metrics", "", "127.0.0.1", config.metrics.port))
    except BaseException:
        close_all(bound)
        raise
    return bound


def bind(listener: str, service: str, hostname: str, ip: str, port: int) -> Bound:
    """Open one port; CannotListen."""
    sock = bind_tcp(ip_address(ip), port)
    return Bound(listener, service, hostname, ip, sock.getsockname()[1], sock)


def close_all(bound: Sequence[Bound]) -> None:
    """Close sockets that nobody will listen on."""
    for one in bound:
        one.sock.close()
