"""The real server and the real command, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from roost.testing.process import LocalServe

pytestmark = pytest.mark.slow


def roost(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "roost", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServe]:
    with LocalServe(tmp_path_factory.mktemp("localserve") / "data") as serving:
        yield serving


def test_a_running_server_is_looked_after_over_its_socket(served: LocalServe) -> None:
    at = ("--socket", str(served.socket_path))
    status = json.loads(roost(*at, "status", "--json").stdout)
    assert status["pid"] == served.pid
    assert {port["service"] for port in status["ports"]} == set(served.ports)
    assert roost(*at, "check").stdout == "no differences\n"
    assert "roost_connections_total" in roost(*at, "metrics").stdout
    assert roost(*at, "account", "list").stdout.startswith("roost  roost@localhost  ")
    assert roost(*at, "domain", "add", "example.org").returncode == 0
    assert roost(*at, "account", "add", "anna", "anna@example.org").returncode == 0
    done = roost(*at, "password", "anna", "--stdin", input="correct horse\n")
    assert done.stdout == "password of account anna set\n"
    assert "horse" not in served.log()


def test_a_second_server_says_who_has_the_folder(served: LocalServe) -> None:
    done = roost("localserve", "--dir", str(served.folder), "--port-offset", "0")
    assert done.returncode == 1
    assert f"process {served.pid}, ports smtp {served.ports['smtp']}" in done.stderr
    assert "Traceback" not in done.stderr


def test_taken_ports_are_said_in_a_line(served: LocalServe, tmp_path: Path) -> None:
    offset = str(served.ports["smtp"] - 1025)
    done = roost("localserve", "--dir", str(tmp_path / "other"), "--port-offset", offset)
    assert done.returncode == 1
    assert done.stderr.startswith("roost did not start: ")
    assert str(served.ports["smtp"]) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_page_says_what_runs_where(served: LocalServe) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{served.ports['http']}/") as answer:
        page = answer.read().decode()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for port in served.ports.values():
        assert f"127.0.0.1:{port}" in page


@pytest.mark.parametrize("how", ["interrupt", "terminate", "command"])
def test_it_stops_in_good_order(tmp_path: Path, how: str) -> None:
    with LocalServe(tmp_path / "data") as serving:
        if how == "command":
            done = roost("--socket", str(serving.socket_path), "stop")
            assert (done.returncode, done.stdout) == (0, "stopping\n")
        else:
            os.kill(serving.pid, signal.SIGINT if how == "interrupt" else signal.SIGTERM)
        assert serving.wait() == 0
        assert "server_stopped" in serving.log()
        assert "Traceback" not in serving.log()
