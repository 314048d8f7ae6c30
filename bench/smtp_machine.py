"""What a 4 KB message costs: the SMTP machine alone, and with its session.

Run `python bench/smtp_machine.py`. No sockets, no store: services that answer at once.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from roost.base.address import Address
from roost.ports.net import Endpoint, Session, TlsFacts, Wire
from roost.proto.smtp.event import MessageChunk
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import ServerConfig
from roost.session.sign_in import SignIn
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import Services, SmtpPort
from roost.session.smtp.transaction import Envelope
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.proofs import MemoryProofs
from roost.testing.random import SeededRandom

MESSAGES = 5000
BODY = b"Subject: hello\r\n\r\n" + (b"x" * 70 + b"\r\n") * 56 + b".\r\n"
COMMANDS = [
    b"MAIL FROM:<alice@example.org> SIZE=4096\r\n",
    b"RCPT TO:<bob@example.com>\r\n",
    b"DATA\r\n",
]
HELLO = b"EHLO client.example.org\r\n"
PIPELINED = [b"".join(COMMANDS), BODY]
LOCK_STEP = [*COMMANDS, BODY]


class NullSink:
    """Counts octets."""

    def __init__(self) -> None:
        self.size = 0

    async def write(self, octets: bytes) -> None:
        self.size += len(octets)

    async def finish(self) -> int:
        return self.size

    async def discard(self) -> None:
        pass


class NullWire:
    """Forgets what is sent."""

    id = "c1"
    peer = local = Endpoint(None)
    tls: TlsFacts | None = None
    can_start_tls = False

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def room(self) -> None:
        pass

    def send(self, octets: bytes) -> None:
        pass

    def slow_down(self) -> None: ...

    def speed_up(self) -> None: ...

    def wait_at_most(self, seconds: float) -> None:
        pass

    def start_tls(self) -> None: ...
    def compress(self) -> None: ...
    def hold(self) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


async def resolve(_address: Address) -> str:
    return "account"


async def deliver(_envelope: Envelope[str, str], size: int) -> None:
    assert size == len(BODY) - 3


async def check_login(said: SignIn, _wire: Wire) -> str:
    return said.username


async def may_send_as(_login: str, _address: Address | None) -> bool:
    return True


async def identify(_wire: Wire) -> str:
    return ""


async def login_as(identity: str, _client: str, _wire: Wire) -> str:
    return identity


async def discard(_size: int) -> None:
    pass


def new_session() -> Session:
    services = Services(
        resolve_recipient=resolve,
        begin_message=NullSink,
        deliver=deliver,
        discard=discard,
        check_login=check_login,
        begin_proof=MemoryProofs(lambda name: name, "x").begin,
        refuses_logins=lambda _wire: False,
        identify=identify,
        login_as=login_as,
        may_send_as=may_send_as,
        may_accept=lambda: True,
        in_background=lambda work: work.close(),
    )
    return InboundSession(
        SmtpPort(ServerConfig("mx.test"), services, StoppedClock(), ListLog(), SeededRandom())
    )


def machine_alone(pieces: list[bytes]) -> float:
    """Microseconds of CPU a message costs without a session."""
    server = Server(ServerConfig("mx.test"), connection_id="c1")

    def feed(octets: bytes) -> None:
        server.receive(octets)
        while (event := server.next_event()) is not None:
            if not isinstance(event, MessageChunk):
                server.accept()
        server.take_output()

    feed(HELLO)
    began = time.process_time()
    for _ in range(MESSAGES):
        for piece in pieces:
            feed(piece)
    return (time.process_time() - began) / MESSAGES * 1e6


async def with_session(pieces: list[bytes]) -> float:
    """Microseconds of CPU a message costs with its session and the loop's turns."""
    wire = NullWire()
    session = new_session()
    session.opened(wire)
    session.receive(HELLO)
    began = time.process_time()
    for _ in range(MESSAGES):
        for piece in pieces:
            session.receive(piece)
            while wire.tasks:
                await asyncio.sleep(0)
    return (time.process_time() - began) / MESSAGES * 1e6


def main() -> None:
    for name, pieces in (("pipelined", PIPELINED), ("lock-step", LOCK_STEP)):
        machine = min(machine_alone(pieces) for _ in range(3))
        session = min(asyncio.run(with_session(pieces)) for _ in range(3))
        print(f"{name}: machine {machine:.1f} us/message, with session {session:.1f} us/message")


if __name__ == "__main__":
    main()
