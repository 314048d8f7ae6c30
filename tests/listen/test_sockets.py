"""Opening sockets, and the one line that says what is in the way."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from roost.listen.sockets import CannotListen, bind_tcp, bind_unix

LOOPBACK = ip_address("127.0.0.1")


def test_both_families_can_have_one_port() -> None:
    with bind_tcp(LOOPBACK, 0) as four:
        port = four.getsockname()[1]
        with bind_tcp(ip_address("::1"), port) as six:
            assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1


def test_silent_peers_are_looked_after() -> None:
    listening = bind_tcp(ip_address("127.0.0.1"), 0)
    with listening, socket.create_connection(listening.getsockname()):
        listening.settimeout(5)
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            if hasattr(socket, "TCP_KEEPIDLE"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 300


def test_a_port_in_use_is_named_with_the_mend() -> None:
    with bind_tcp(LOOPBACK, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}: port {port} is in use: stop"):
            bind_tcp(LOOPBACK, port)


def test_a_foreign_address_is_named() -> None:
    with pytest.raises(CannotListen, match="no such address"):
        bind_tcp(ip_address("192.0.2.1"), 0)


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    bind_unix(path).close()
    bind_unix(path).close()


def test_a_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind_unix(path), pytest.raises(CannotListen, match="already"):
        bind_unix(path)


def test_a_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(CannotListen, match="no socket"):
        bind_unix(path)
    assert path.read_text() == "precious"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotListen, match="does not exist"):
        bind_unix(tmp_path / "none" / "s")
