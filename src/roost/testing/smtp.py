"""The use cases behind an SMTP port, in memory: who is known, what was delivered, what fails."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.ports.net import Wire
from roost.session.sign_in import SignIn
from roost.session.smtp.ports import Services
from roost.session.smtp.transaction import Envelope
from roost.testing.proofs import MemoryProofs


class Refused(ServiceError):
    """An error with any code."""

    def __init__(self, code: str, *, temporary: bool = False) -> None:
        super().__init__(code)
        self.__dict__.update(code=code, temporary=temporary)


def _anybody(name: str) -> str | None:
    return None if name.startswith("nobody@") else name


class MemorySink:
    """A sink whose octets a test can look at."""

    def __init__(self, house: "MemoryMail") -> None:
        self._house = house
        self.octets = b""
        self.finished = False
        self.discarded = False

    async def write(self, octets: bytes) -> None:
        await self._house.pass_gate("write")
        self.octets += octets

    async def finish(self) -> bytes:
        await self._house.pass_gate("finish")
        self.finished = True
        return self.octets

    async def discard(self) -> None:
        self.discarded = True


@dataclass
class MemoryMail:
    """What `services` works on.

    known: addresses that get mail, by their text; "*" lets all in. right: the password of every
    login, which may send as its user name only. errors: what each step ("resolve", "write",
    "finish", "deliver", "login") raises. gates: steps that wait for their event. accepting:
    whether there is room. refusing: whether too many logins failed. logins: all that were asked
    with a password. proofs: those without. keys: logins by the fingerprint of their key; each may
    act as others of its own domain.
    """

    known: set[str] = field(default_factory=lambda: {"c@d.test", "postmaster@mx.test"})
    right: str = "x"
    errors: dict[str, Exception] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    accepting: bool = True
    refusing: bool = False
    proofs: MemoryProofs[str] = field(default_factory=lambda: MemoryProofs(_anybody, "x"))
    logins: list[SignIn] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    delivered: list[tuple[Envelope[str, str], bytes]] = field(default_factory=list)
    discarded: list[bytes] = field(default_factory=list)
    sinks: list[MemorySink] = field(default_factory=list)
    background: list[asyncio.Task[None]] = field(default_factory=list)

    def services(self) -> Services[str, bytes, str]:
        """The use cases; routes and logins are texts."""
        return Services(
            resolve_recipient=self._resolve,
            begin_message=self._begin,
            deliver=self._deliver,
            discard=self._discard,
            check_login=self._check_login,
            begin_proof=self.proofs.begin,
            refuses_logins=lambda _wire: self.refusing,
            identify=self._identify,
            login_as=self._login_as,
            may_send_as=self._may_send_as,
            may_accept=lambda: self.accepting,
            in_background=self._in_background,
        )

    async def _discard(self, stowed: bytes) -> None:
        self.discarded.append(stowed)

    async def pass_gate(self, step: str) -> None:
        """Wait for the step's gate, then raise the step's error, if there are such."""
        if step in self.gates:
            await self.gates[step].wait()
        if step in self.errors:
            raise self.errors[step]

    async def _resolve(self, address: Address) -> str:
        await self.pass_gate("resolve")
        if "*" in self.known or str(address) in self.known:
            return f"to {address}"
        local = any(address.domain.ascii == known.rpartition("@")[2] for known in self.known)
        raise Refused("recipient_unknown" if local else "relay_denied")

    def _begin(self) -> MemorySink:
        self.sinks.append(MemorySink(self))
        return self.sinks[-1]

    async def _deliver(self, envelope: Envelope[str, str], stowed: bytes) -> None:
        await self.pass_gate("deliver")
        self.delivered.append((envelope, stowed))

    async def _check_login(self, said: SignIn, _wire: Wire) -> str:
        await self.pass_gate("login")
        self.logins.append(said)
        if said.password != self.right:
            raise Refused("login_failed")
        return said.username

    async def _identify(self, wire: Wire) -> str:
        await self.pass_gate("identify")
        key = wire.tls.peer_key if wire.tls else None
        assert key is not None, "nobody asks without a certificate"
        if key not in self.keys:
            raise Refused("key_refused")
        return self.keys[key]

    async def _login_as(self, identity: str, _client: str, wire: Wire) -> str:
        own = await self._identify(wire)
        if identity and identity.partition("@")[2] != own.partition("@")[2]:
            raise Refused("identity_foreign")
        return identity or own

    async def _may_send_as(self, login: str, address: Address | None) -> bool:
        return address is None or str(address) == login

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.background.append(asyncio.get_running_loop().create_task(work))
