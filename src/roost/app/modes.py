"""The two ways to run: a mail server, and localserve, the same server on a laptop."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import msgspec

from roost.base.address import Address
from roost.config.limits import LimitsConfig
from roost.config.listeners import ListenerConfig
from roost.config.log import LogConfig
from roost.config.logins import LoginsConfig
from roost.config.server import ServerConfig
from roost.config.setting import Size

LOCAL_ADDRESS = Address.parse("roost@localhost")
LOCAL_ACCOUNT = "roost"
LOCAL_PASSWORD = "roostroost"  # noqa: S105 - it is meant to be known
LOCAL_PORTS = {
    "smtp": 1025,
    "submission": 1587,
    "submissions": 1465,
    "imap": 1143,
    "imaps": 1993,
    "http": 1080,
    "https": 1443,
}


@dataclass(frozen=True, slots=True)
class Local:
    """What localserve does otherwise.

    catch_all: the address whose account gets all mail. http, https: ports of its page.
    """

    ip: str
    http: int
    https: int
    catch_all: Address = LOCAL_ADDRESS
    account: str = LOCAL_ACCOUNT
    password: str = LOCAL_PASSWORD


@dataclass(frozen=True, slots=True)
class Mode:
    """How to run.

    local: None for a mail server. clear_text_logins: whether passwords are taken without TLS.
    """

    config: ServerConfig
    local: Local | None = None
    clear_text_logins: bool = False


class PortsUnusable(Exception):
    """The address or ports asked for do not exist; the text says what would do."""


def localserve(folder: Path, ip: str, port_offset: int, log_level: str) -> Mode:
    """The mode of localserve with its data in `folder`; PortsUnusable."""
    try:
        ip_address(ip)
    except ValueError as error:
        raise PortsUnusable(f"{ip!r} is no IP address, such as 127.0.0.1 or ::1") from error
    ports = {name: port + port_offset for name, port in LOCAL_PORTS.items()}
    if not all(1 <= port <= 65535 for port in ports.values()):
        lowest, highest = 1 - min(LOCAL_PORTS.values()), 65535 - max(LOCAL_PORTS.values())
        raise PortsUnusable(
            f"with a port offset of {port_offset} there are no such ports: choose one from"
            f" {lowest} to {highest}"
        )
    http, https = ports.pop("http"), ports.pop("https")
    assert log_level in ("debug", "info", "warning", "error"), "the command line lists them"
    config = ServerConfig(
        hostname="localhost",
        data=str(folder),
        listeners={"local": msgspec.structs.replace(ListenerConfig(ips=(ip,)), **ports)},
        limits=LimitsConfig(exempt_loopback=True, min_free_space=Size("64m")),
        logins=LoginsConfig(scram_sha_1=True, cram_md5=True),  # a program may know nothing newer
        log=LogConfig(level=log_level),  # type: ignore[arg-type]
    )
    return Mode(config, Local(ip, http, https), clear_text_logins=True)
