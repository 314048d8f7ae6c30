"""What a process asks of its system: fewer rights, more files, and word to who started it."""

import asyncio
import grp
import os
import pwd
import resource
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_LOCAL_PEERCRED = 1


class CannotStart(Exception):
    """The process may not run like this; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Whom the server runs as."""

    name: str
    uid: int
    gid: int


def find_user(name: str) -> SystemUser:
    """The user called `name`, or with that number. Raises CannotStart."""
    try:
        found = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        raise CannotStart(
            f"there is no user {name}: make one with `useradd --system {name}`, or name another"
        ) from None
    return SystemUser(found.pw_name, found.pw_uid, found.pw_gid)


def check_not_root(user: SystemUser | None) -> None:
    """Refuse to serve as root. Raises CannotStart when nobody else is named."""
    if os.geteuid() == 0 and (user is None or user.uid == 0):
        raise CannotStart(
            "started as root without a user to change to: set `user` in roost.toml, or start as "
            "that user"
        )


def drop_privileges(user: SystemUser) -> None:
    """Become `user` for good: call it when the sockets are bound. Raises CannotStart.

    Does nothing when the process is that user already.
    """
    if os.geteuid() == user.uid and os.getuid() == user.uid:
        return
    try:
        # The groups first: without root they could no longer be changed.
        os.setgroups(_groups_of(user))
        os.setgid(user.gid)
        os.setuid(user.uid)
    except PermissionError:
        raise CannotStart(f"cannot become {user.name}: start as root or as {user.name}") from None
    if os.getuid() != user.uid or os.geteuid() != user.uid:
        raise CannotStart(f"became {user.name} only in part")
    _check_can_read_program(user)


def _check_can_read_program(user: SystemUser) -> None:
    """Parts of Python and of roost are read when they are first needed, perhaps days later."""
    for file in (os.__file__, __file__):
        if not os.access(file, os.R_OK):
            raise CannotStart(
                f"{user.name} may not read {file}: install Python and roost where every user may "
                "read them, not below /root"
            )


def _groups_of(user: SystemUser) -> list[int]:
    member_of = [group.gr_gid for group in grp.getgrall() if user.name in group.gr_mem]
    return [user.gid, *member_of]


def raise_open_files() -> int:
    """Allow this process as many open files as it may have; returns how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # macOS calls its hard limit unlimited and then refuses it.
        return soft
    return hard


def peer_uid(transport: asyncio.BaseTransport) -> int | None:
    """The user at the other end of a unix socket, as the kernel knows it; None on others."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX:
        return None
    if hasattr(socket, "SO_PEERCRED"):
        octets = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid: int = struct.unpack("3i", octets)[1]
        return uid
    # macOS: struct xucred begins with a version and the effective uid (sys/ucred.h).
    octets = sock.getsockopt(0, _LOCAL_PEERCRED, 76)
    return int(struct.unpack("Ii", octets[:8])[1])


def notify_service_manager(environment: Mapping[str, str], state: str) -> None:
    """Tell systemd `state`: "READY=1", "STOPPING=1", "WATCHDOG=1". Never raises.

    environment: has NOTIFY_SOCKET where somebody listens (sd_notify(3)); "@" begins a name that is
    in no folder.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state.encode("ascii"), address)
    except OSError:
        # Whoever asked to be told is gone.
        pass
