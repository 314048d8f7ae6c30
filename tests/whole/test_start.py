"""Starting and stopping as a person meets it: real processes, and one clear line when it fails."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe, free_offset
from roost.testing.users import python_for_nobody

pytestmark = pytest.mark.slow

ROOST = (sys.executable, "-m", "roost")
NOBODY = 65534
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def as_nobody() -> tuple[str, ...]:
    """What runs a command as a user without rights; else skip."""
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    tried = subprocess.run([*AS_NOBODY, *ROOST, "--version"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("the user nobody cannot read this Python")
    return AS_NOBODY


@dataclass
class Said:
    """What a command that did not start has said."""

    status: int
    lines: list[str]


def start_in_vain(*arguments: str, prefix: tuple[str, ...] = ()) -> Said:
    """Run roost, which must end by itself, without a word on standard output or a stack."""
    done = subprocess.run(
        [*prefix, *ROOST, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout == ""
    # The log may have said what the store was doing.
    lines = [line for line in done.stderr.splitlines() if not line.startswith("time=")]
    return Said(done.returncode, lines)


def local(folder: Path, offset: int | None = None) -> tuple[str, ...]:
    at = free_offset() if offset is None else offset
    return ("localserve", "--dir", str(folder), "--port-offset", str(at))


def roost(server: LocalServe, *arguments: str) -> str:
    command = [*ROOST, "--socket", str(server.socket_path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServe]:
    with LocalServe(tmp_path / "data") as running:
        yield running


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A folder that other users can walk into."""
    top = Path(tempfile.gettempdir()).resolve()
    for folder in (tmp_path, *tmp_path.parents):
        if folder == top or top not in folder.parents:
            break
        folder.chmod(0o755)
    return tmp_path


class Reader:
    """An IMAP client on a blocking socket."""

    def __init__(self, server: LocalServe) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.ports["imap"]), timeout=20)
        self.file = self.sock.makefile("rwb")
        self.file.readline()
        self.ask(f'LOGIN "{ACCOUNT}" "{PASSWORD}"')

    def ask(self, command: str) -> list[bytes]:
        self.file.write(f"a {command}\r\n".encode())
        self.file.flush()
        lines = [self.file.readline()]
        while lines[-1] and not lines[-1].startswith((b"a ", b"+ ")):
            lines.append(self.file.readline())
        assert lines[-1].startswith((b"a OK", b"+ ")), lines
        return lines

    def close(self) -> None:
        self.file.close()
        self.sock.close()


def send(port: int, recipient: str = "x@y.test", text: str = "Text.") -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock, sock.makefile("rwb") as file:  # fmt: skip
        file.readline()
        for command in ("HELO c.test", "MAIL FROM:<a@b.test>", f"RCPT TO:<{recipient}>", "DATA"):
            file.write(command.encode() + b"\r\n")
            file.flush()
            assert file.readline()[:1] in b"23", command
        file.write(f"Subject: hello\r\n\r\n{text}\r\n.\r\n".encode())
        file.flush()
        assert file.readline().startswith(b"250 ")


# What keeps localserve from starting.


def test_a_second_one_on_the_same_folder_names_the_first(server: LocalServe) -> None:
    for offset in (None, int(server.command()[4])):
        said = start_in_vain(*local(server.folder, offset))
        (line,) = said.lines
        assert said.status == 1
        assert str(server.folder) in line
        assert f"process {server.pid}," in line
        assert f"imap {server.ports['imap']}" in line
    assert roost(server, "status").startswith("roost ")


def test_a_folder_in_use_by_one_that_does_not_answer(server: LocalServe) -> None:
    roost(server, "status")
    server.socket_path.unlink()
    said = start_in_vain(*local(server.folder))
    (line,) = said.lines
    assert said.status == 1
    assert f"{server.folder} is in use by process {server.pid} " in line


@pytest.mark.parametrize("service", ["smtp", "https"])
def test_a_port_that_another_program_has(tmp_path: Path, service: str) -> None:
    offset = free_offset()
    port = {"smtp": 1025, "https": 1443}[service] + offset
    with socket.create_server(("127.0.0.1", port)):
        said = start_in_vain(*local(tmp_path / "data", offset))
    (line,) = said.lines
    assert said.status == 1
    assert f"port {port} is in use" in line
    with LocalServe(tmp_path / "data"):  # and nothing stands in the way of the next try
        pass


def test_ports_that_do_not_exist(tmp_path: Path) -> None:
    said = start_in_vain(*local(tmp_path / "data", 65_000))
    assert (said.status, len(said.lines)) == (1, 1)
    assert "choose one from -1024 to " in said.lines[0]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    said = start_in_vain(*local(tmp_path / "file"))
    (line,) = said.lines
    assert said.status == 1
    assert f"{tmp_path / 'file'} is not a folder" in line
    said = start_in_vain(*local(tmp_path / "file" / "below"))
    assert (said.status, len(said.lines)) == (1, 1)
    assert (tmp_path / "file").read_text() == "mine"


@needs_root
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["readable", "closed"])
@pytest.mark.parametrize("place", ["", "new"], ids=["there", "to be made"])
def test_a_folder_that_is_not_ours(open_path: Path, place: str, mode: int) -> None:
    folder = open_path / "others"
    folder.mkdir()
    folder.chmod(mode)
    said = start_in_vain(*local(folder / place), prefix=as_nobody())
    assert len(said.lines) == 1, said.lines
    line = said.lines[0]
    assert said.status == 1
    assert str(folder) in line
    assert "permission denied" in line
    assert f"let roost's user write to {folder}" in line


@needs_root
def test_a_folder_with_files_that_are_not_ours(open_path: Path) -> None:
    folder = open_path / "data"
    with LocalServe(folder) as server:
        server.stop()
    for path in (folder, folder / "control", folder / "blobs", folder / "tls"):
        os.chown(path, 65534, 65534)
    said = start_in_vain(*local(folder), prefix=as_nobody())
    (line,) = said.lines
    assert said.status == 1
    assert f"{folder}/lock: permission denied" in line
    os.chown(folder / "lock", 65534, 65534)
    said = start_in_vain(*local(folder), prefix=as_nobody())
    assert (said.status, len(said.lines)) == (1, 1)
    assert str(folder) in said.lines[0]


# Data of another version, of another program, or broken.


def stopped_store(folder: Path) -> Path:
    with LocalServe(folder) as server:
        send(server.ports["smtp"])
        assert server.stop() == 0
    return folder / "store.db"


def test_a_store_of_a_newer_version(tmp_path: Path) -> None:
    path = stopped_store(tmp_path / "data")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=9999")
    connection.close()
    said = start_in_vain(*local(tmp_path / "data"))
    (line,) = said.lines
    assert said.status == 1
    assert f"{path} has schema 9999" in line


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda path: path.write_bytes(b"hello"), "is not a store of roost"),
        (lambda path: path.write_bytes(path.read_bytes()[:8192]), "is damaged"),
        (
            lambda path: path.write_bytes(path.read_bytes()[:4096] + os.urandom(1 << 18)),
            "is damaged",
        ),
    ],
    ids=["another file", "cut short", "overwritten"],
)
def test_a_store_that_cannot_be_read(tmp_path: Path, spoil: object, word: str) -> None:
    path = stopped_store(tmp_path / "data")
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    said = start_in_vain(*local(tmp_path / "data"))
    (line,) = said.lines
    assert said.status == 1
    assert f"{path} {word}" in line
    assert path.read_bytes() == before


# roost serve.


def config_file(tmp_path: Path, *, head: str = "", tail: str = "") -> Path:
    path = tmp_path / "roost.toml"
    offset = free_offset()
    path.write_text(
        f'hostname = "mx.test"\ndata = "{tmp_path}/data"\n{head}[listeners.all]\n'
        f'ips = ["127.0.0.1"]\nsmtp = {1025 + offset}\nimaps = {1993 + offset}\n{tail}'
    )
    return path


def test_every_problem_of_a_configuration_is_listed_with_its_line(tmp_path: Path) -> None:
    path = config_file(tmp_path, head="usr = 3\n", tail='imp = 1\n[smtp]\nmax_message_size = "x"\n')
    said = start_in_vain("--config", str(path), "serve")
    assert said.status == 1
    assert [line.split(": ")[0] for line in said.lines] == [f"{path}:{n}" for n in (3, 8, 10)]
    assert "did you mean user?" in said.lines[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [("hostname = [\n", "not TOML"), (None, "does not exist. Make one: roost config sample")],
    ids=["no TOML", "no file"],
)
def test_a_configuration_that_cannot_be_read(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "roost.toml"
    if text is not None:
        path.write_text(text)
    said = start_in_vain("--config", str(path), "serve")
    assert (said.status, len(said.lines)) == (1, 1)
    assert says in said.lines[0]


@needs_root
def test_root_must_name_a_user_to_change_to(tmp_path: Path) -> None:
    for head in ("", 'user = "root"\n'):
        said = start_in_vain("--config", str(config_file(tmp_path, head=head)), "serve")
        assert (said.status, len(said.lines)) == (1, 1)
        assert "set `user` in roost.toml" in said.lines[0]
    head = 'user = "nobody-has-this-name"\n'
    said = start_in_vain("--config", str(config_file(tmp_path, head=head)), "serve")
    assert (said.status, len(said.lines)) == (1, 1)
    assert "useradd --system nobody-has-this-name" in said.lines[0]
    assert not (tmp_path / "data").exists()


USER = 'user = "nobody"\n' if os.geteuid() == 0 else ""


def test_a_certificate_that_is_missing_or_not_of_its_key(tmp_path: Path) -> None:
    with LocalServe(tmp_path / "one") as one:
        one.stop()
    with LocalServe(tmp_path / "two") as two:
        two.stop()
    certificate, key = tmp_path / "one" / "tls" / "made.pem", tmp_path / "two" / "tls" / "made.key"
    for first, second, named in (
        (tmp_path / "none.pem", key, tmp_path / "none.pem"),
        (certificate, tmp_path / "none.key", tmp_path / "none.key"),
        (certificate, key, key),
        (key, key, key),
    ):
        tail = f'[tls]\ncertificate = "{first}"\nkey = "{second}"\n'
        path = config_file(tmp_path, head=USER, tail=tail)
        said = start_in_vain("--config", str(path), "serve")
        assert (said.status, len(said.lines)) == (1, 1)
        assert str(named) in said.lines[0]


@needs_root
def test_privileges_are_dropped_and_it_serves(open_path: Path) -> None:
    path = config_file(open_path, head=USER)
    ports = dict(re.findall(r"(\w+) = (\d+)", path.read_text()))
    found_python = python_for_nobody()
    if found_python is None:
        pytest.skip("the user nobody cannot read this Python")
    python, environment = found_python
    command = [*python, "-m", "roost", "--config", str(path), "serve"]
    with (open_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
    try:
        socket_path = open_path / "data" / "control" / "roost.sock"
        wait_for_start(open_path / "log", process)
        status = Path(f"/proc/{process.pid}/status").read_text()
        for field in ("Uid", "Gid"):
            found = re.search(rf"^{field}:\s+(.+)$", status, re.MULTILINE)
            assert found is not None
            assert found[1].split() == ["65534"] * 4
        groups = re.search(r"^Groups:\s*(.*)$", status, re.MULTILINE)
        assert groups is not None
        assert "0" not in groups[1].split()
        control = [*ROOST, "--socket", str(socket_path)]
        for arguments in (("domain", "add", "d.test"), ("account", "add", "ann", "ann@d.test")):
            subprocess.run([*control, *arguments], check=True, capture_output=True, timeout=30)
        send(int(ports["smtp"]), "ann@d.test")
        send(int(ports["smtp"]), "ann@d.test", text="x" * 70_000)
        owners = {entry.lstat().st_uid for entry in (open_path / "data").rglob("*")}
        assert owners == {65534}
        rights = {
            entry for entry in (open_path / "data").rglob("*") if entry.lstat().st_mode & 0o007
        }
        assert rights == set()
        done = subprocess.run([*control, "check"], capture_output=True, text=True, check=False)
        assert done.stdout == "no differences\n"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def wait_for_start(log: Path, process: subprocess.Popen[bytes]) -> None:
    while "event=server_started" not in log.read_text():
        assert process.poll() is None, log.read_text()
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue


# The end of a run, and the next one.


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "roost stop"])
def test_stopping_takes_leave_of_everyone(server: LocalServe, how: str) -> None:
    reader = Reader(server)
    reader.ask("SELECT INBOX")
    reader.ask("IDLE")
    with socket.create_connection(("127.0.0.1", server.ports["smtp"]), timeout=20) as sender:
        greeted = sender.makefile("rb")
        greeted.readline()
        if how == "roost stop":
            assert roost(server, "stop") == "stopping\n"
        else:
            os.kill(server.pid, signal.Signals[how])
        assert b"* BYE " in reader.file.read()
        assert greeted.readline().startswith(b"421 4.3.2 ")
        greeted.close()
    reader.close()
    assert server.wait() == 0
    assert "Traceback" not in server.log()


def test_data_is_kept_from_run_to_run(tmp_path: Path) -> None:
    server = LocalServe(tmp_path / "data")
    for run in range(1, 4):
        with server:
            send(server.ports["smtp"], text=f"run {run}" + "x" * 40_000 * run)
            reader = Reader(server)
            assert b"* %d EXISTS\r\n" % run in reader.ask("SELECT INBOX")
            reader.close()
            certificate = (tmp_path / "data" / "tls" / "made.pem").read_bytes()
            assert server.stop() == 0
    with server:
        assert roost(server, "check") == "no differences\n"
        assert (tmp_path / "data" / "tls" / "made.pem").read_bytes() == certificate
