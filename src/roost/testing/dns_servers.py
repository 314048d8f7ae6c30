"""nsd and unbound as processes on loopback: a zone that is served, signed and checked for real."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.dnssec
import dns.name
import dns.rdataset
import dns.zone
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from dns.dnssectypes import Algorithm
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.zone import Zone

from roost.config.dns import NameServer, read_server

_NSD = """\
server:
  ip-address: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  server-count: 1
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  logfile: "{folder}/nsd.log"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
remote-control:
  control-enable: no
"""

_UNBOUND = """\
server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  logfile: "{folder}/unbound.log"
  use-syslog: no
  do-not-query-localhost: no
  do-ip6: no
  num-threads: 1
  module-config: "validator iterator"
  ede: {ede}
  local-zone: "test." nodefault
remote-control:
  control-enable: no
"""


class Daemon:
    """A server program in `folder`, on a free port of loopback; a context manager."""

    def __init__(self, folder: Path, program: str, arguments: Sequence[str]) -> None:
        self._folder = folder
        self._command = [program, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.server = NameServer(read_server("127.0.0.1").ip, free_port())

    def __enter__(self) -> Self:
        with (self._folder / "output.log").open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                self._process.wait()
                raise AssertionError(f"{self._command[0]} does not start:\n{self._log()}")
            time.sleep(0.02)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None, "it has been started"
        self._process.terminate()
        self._process.wait(10)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(_place(self.server), timeout=1):
            return True
        return False

    def _log(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self._folder.glob("*.log"))


def nsd(folder: Path, zones: Mapping[str, Zone]) -> Daemon:
    """nsd with these zones, by name without the last dot."""
    daemon = Daemon(folder, "nsd", ["-d", "-c", str(folder / "nsd.conf")])
    config = _NSD.format(port=daemon.server.port, folder=folder)
    for name, zone in zones.items():
        zone.to_file(str(folder / f"{name}.zone"), relativize=False)
        config += f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
    (folder / "nsd.conf").write_text(config)
    return daemon


def unbound(
    folder: Path, behind: NameServer, anchors: Mapping[str, str | None], *, tells_why: bool = True
) -> Daemon:
    """unbound that asks `behind` for the zones in anchors.

    anchors: the key that signs each zone, as text of a DNSKEY record; None: not signed.
    tells_why: whether a refusal says that DNSSEC is the reason. RFC 8914.
    """
    daemon = Daemon(folder, "unbound", ["-d", "-c", str(folder / "unbound.conf")])
    ede = "yes" if tells_why else "no"
    config = _UNBOUND.format(port=daemon.server.port, folder=folder, ede=ede)
    lines = ["server:"]
    for name, key in anchors.items():
        known = f'  trust-anchor: "{name}. DNSKEY {key}"' if key else f'  domain-insecure: "{name}"'
        lines.append(known)
    for name in anchors:
        lines += ["stub-zone:", f'  name: "{name}"', f"  stub-addr: {behind.ip}@{behind.port}"]
    (folder / "unbound.conf").write_text(config + "\n".join(lines) + "\n")
    return daemon


def make_zone(name: str, records: Mapping[tuple[str, str], Sequence[str]]) -> Zone:
    """A zone of records as `ZoneResolver` has them, with the SOA and NS that a zone needs.

    TXT records are quoted here, in strings of 255 octets; names in others are made absolute.
    """
    lines = [f"{name}. 300 IN SOA ns.{name}. host.{name}. 1 3600 600 86400 60"]
    lines.append(f"{name}. 300 IN NS ns.{name}.")
    for (owner, kind), texts in records.items():
        lines += [f"{owner}. 300 IN {kind} {_zone_text(kind, text)}" for text in texts]
    return dns.zone.from_text("\n".join(lines), dns.name.from_text(name), relativize=False)


@dataclass(frozen=True, slots=True)
class SignedZone:
    """A signed zone and the text of the DNSKEY record that its signatures need."""

    zone: Zone
    key: str


def sign(zone: Zone, now: datetime | None = None) -> SignedZone:
    """Sign the zone with a key of its own. RFC 4035 section 2."""
    private = generate_private_key(SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), Algorithm.ECDSAP256SHA256, flags=257)
    assert isinstance(key, DNSKEY), "what make_dnskey makes"
    now = now or datetime.now(UTC)
    dns.dnssec.sign_zone(
        zone,
        keys=[(private, key)],
        inception=now - timedelta(hours=1),
        expiration=now + timedelta(days=1),
        dnskey_ttl=300,
    )
    return SignedZone(zone, key.to_text())


def spoil(zone: Zone, owner: str, kind: str, text: str) -> None:
    """Put another record in the place of signed ones, as a forger would."""
    name = dns.name.from_text(owner)
    assert zone.get_rdataset(name, kind) is not None, "it is there to be replaced"
    zone.replace_rdataset(name, dns.rdataset.from_text("IN", kind, 300, text))


def free_port() -> int:
    """A port that is free for UDP and TCP at the moment."""
    for _ in range(50):
        with (
            socket.create_server(("127.0.0.1", 0)) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        ):
            port: int = stream.getsockname()[1]
            with suppress(OSError):
                datagrams.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no free port for DNS")


def _place(server: NameServer) -> tuple[str, int]:
    return str(server.ip), server.port


def _zone_text(kind: str, text: str) -> str:
    if kind == "TXT":
        octets = text.encode("latin-1")
        pieces = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
        return " ".join('"' + "".join(f"\\{octet:03d}" for octet in one) + '"' for one in pieces)
    if kind in ("MX", "CNAME", "PTR", "NS", "SRV"):
        return text if text.endswith(".") else f"{text}."
    return text
