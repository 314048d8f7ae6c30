"""Rights, files and word to the service manager."""

import os
import pwd
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from roost.adapters.process import (
    CannotStart,
    check_not_root,
    drop_privileges,
    find_user,
    notify_service_manager,
    raise_open_files,
)
from roost.testing.users import python_for_nobody


def test_users_by_name_and_number() -> None:
    me = pwd.getpwuid(os.getuid())
    assert find_user(me.pw_name) == find_user(str(me.pw_uid))
    with pytest.raises(CannotStart, match="useradd --system nobody-of-this-name"):
        find_user("nobody-of-this-name")


def test_becoming_oneself_is_nothing() -> None:
    drop_privileges(find_user(str(os.getuid())))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another")
def test_root_becomes_another_for_good() -> None:
    code = (
        "import os\n"
        "from roost.adapters.process import *\n"
        "drop_privileges(find_user('nobody'))\n"
        "try:\n    os.setuid(0)\nexcept PermissionError:\n    print(os.getuid(), os.getgroups())\n"
    )
    found = python_for_nobody()
    if found is None:
        pytest.skip("the user nobody cannot read this Python")
    python, environment = found
    command = [*python, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    nobody = pwd.getpwnam("nobody")
    assert done.stdout.strip() == f"{nobody.pw_uid} [{nobody.pw_gid}]"


@pytest.mark.skipif(os.getuid() != 0, reason="only root is refused")
def test_root_is_refused_without_a_user() -> None:
    with pytest.raises(CannotStart, match="set `user`"):
        check_not_root(None)
    with pytest.raises(CannotStart):
        check_not_root(find_user("0"))
    check_not_root(find_user("nobody"))


def test_open_files_are_raised_to_what_is_allowed() -> None:
    code = (
        "import resource\n"
        "from roost.adapters.process import raise_open_files\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))\n"
        "assert raise_open_files() == hard == resource.getrlimit(resource.RLIMIT_NOFILE)[0]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert raise_open_files() == resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        notify_service_manager({"NOTIFY_SOCKET": str(tmp_path / "n")}, "READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/n"}])
def test_nobody_to_tell_is_no_error(environment: dict[str, str]) -> None:
    notify_service_manager(environment, "READY=1")
