"""Commands where nothing answers, or something else than roost; and those that need no server."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from roost.cli.main import COMMANDS, main

GOOD = 'hostname = "mx.example.org"\ndata = "/var/lib/roost"\n'


def run(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, words, env=env)


def test_nobody_answers_is_one_line_with_the_mend(tmp_path: Path) -> None:
    result = run("--socket", str(tmp_path / "none"), "status")
    assert result.exit_code == 1
    assert result.stderr == (
        f"no roost answers at {tmp_path}/none. Start it with `roost serve` or `roost localserve`,"
        " or name its socket: roost --socket PATH ...\n"
    )


def test_imap_needs_a_server_too(tmp_path: Path) -> None:
    result = run("--socket", str(tmp_path / "none"), "imap", "a@b.test")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("no roost answers at ")
    assert len(result.stderr.splitlines()) == 1


def test_a_path_too_long_for_a_socket_is_one_line(tmp_path: Path) -> None:
    result = run("--socket", "/" + "x" * 200, "status")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_the_socket_is_found_through_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "roost.toml"
    file.write_text(GOOD.replace("/var/lib/roost", str(tmp_path)))
    for result in (
        run("--config", str(file), "status"),
        run("status", env={"ROOST_CONFIG": str(file)}),
    ):
        assert f"{tmp_path}/control/roost.sock" in result.stderr


def test_a_configuration_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    result = run("status", env={"ROOST_CONFIG": str(tmp_path / "none")})
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"none does not exist. Make one: roost config sample > {tmp_path}/none\n"
    )


def test_help_needs_no_configuration(tmp_path: Path) -> None:
    assert run("--config", str(tmp_path / "none"), "account", "add", "--help").exit_code == 0


@pytest.fixture
def odd_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Answers every connection with the same octets and closes."""
    path = tmp_path / "odd"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        taken, _ = listening.accept()
        taken.recv(10_000)
        taken.sendall(request.param)
        taken.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield path
    thread.join()
    listening.close()


@pytest.mark.parametrize(
    ("odd_server", "said"),
    [
        (b"", "broke off"),
        (b"220 mx.test ESMTP\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is no JSON"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "gave no reason"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n[]", "gave no reason"),
    ],
    indirect=["odd_server"],
    ids=["nothing", "SMTP", "half", "text", "500", "list"],
)
def test_an_odd_answer_is_one_line(odd_server: Path, said: str) -> None:
    result = run("--socket", str(odd_server), "domain", "list")
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_every_problem_of_a_file_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "roost.toml"
    file.write_text("hostname = 'a b'\nfoo = 1\n[smtp]\nmax_recipients = 3\n")
    result = run("config", "check", str(file))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{file}: data is missing: Folder that holds everything roost keeps. Made when missing.",
        f"{file}:1: hostname: not a domain name: a label has 1 to 63 letters, digits or hyphens,"
        " none of these at an end",
        f"{file}:2: foo is no setting of the file: known are hostname, data, user, admin_users,"
        " listeners, tls, smtp, imap, logins, dns, limits, log, metrics",
        f"{file}:4: smtp.max_recipients: it has to be a whole number of 100 or more",
    ]
    file.write_text(GOOD)
    assert run("config", "check", str(file)).output == "no problems\n"
    assert run("--config", str(file), "config", "check").output == "no problems\n"


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "roost.toml"
    file.write_bytes(b"# one\nhostname = '\xff'\n")
    assert run("config", "check", str(file)).stderr == (
        f"{file}:2: an octet that is no UTF-8: save the file as UTF-8\n"
    )
    assert run("config", "check", str(tmp_path)).stderr == (
        f"{tmp_path} cannot be read: Is a directory\n"
    )


def test_the_sample_passes_the_check(tmp_path: Path) -> None:
    file = tmp_path / "roost.toml"
    file.write_text(run("config", "sample", "--hostname", "mx.a.test").output)
    assert run("config", "check", str(file)).output == "no problems\n"
    assert "max_message_size" in run("config", "reference").output


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = run("localserve", "--dir", str(blocked / "below"))
    assert result.exit_code == 1
    assert result.stderr.startswith("roost did not start: ")
    assert len(result.stderr.splitlines()) == 1
    result = run("localserve", "--dir", str(tmp_path), "--port-offset", "64000")
    assert result.stderr.endswith("choose one from -1024 to 63542\n")
    assert run("localserve", "--ip", "nonsense", "--dir", str(tmp_path / "d")).exit_code == 1


def test_help_lists_every_command_with_its_first_sentence() -> None:
    lines = run("--help").output
    for _, commands in COMMANDS:
        for command in commands:
            if not command.hidden:
                assert f"\n  {command.name} " in lines
    assert "..." not in lines.partition("Run a server")[2]


def walk(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from walk(inner)


def test_every_command_says_what_it_does() -> None:
    for command in walk(main):
        first = (command.help or "").partition("\n")[0]
        assert first.endswith("."), command.name


def roost_process(
    *words: str, stdin: bytes = b"", **more: object
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "roost", *words]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


def test_a_closed_standard_output_is_no_stack_trace() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "roost", "config", "reference"],
            stdout=out, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.stderr == b""


def test_a_name_that_the_terminal_cannot_show_is_escaped() -> None:
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = roost_process("config", "sample", "--hostname", "bücher.example", env=env)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
