"""What is fed with octets that nobody would send: parsers, machines and whole sessions.

Each target takes octets and returns, or raises what is a mistake of ours: an exception that is not
the protocol's own, a task that failed, an end that never comes, or memory that grows.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from roost.base.errors import ProtocolError
from roost.proto.imap.core import CORE
from roost.proto.imap.ext import EXTENSIONS
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import CommandRead, Limits, LiteralAsked, Reader
from roost.proto.mime.message_text import search_text
from roost.proto.mime.pack import unpack
from roost.proto.mime.render import render
from roost.proto.smtp.event import Closing, MessageChunk, TransactionDropped
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.testing import fuzz_sasl, fuzz_senders
from roost.testing.dialogue import Script, read_script, said
from roost.testing.fuzz_growth import held_octets
from roost.testing.fuzz_sessions import LOGIN_LINE, chunks, play_imap, play_smtp

GRAMMAR = Grammar((*CORE, *EXTENSIONS))
# Each extension by itself, and all of them; by the first octet of the input.
GRAMMARS = (*(Grammar((*CORE, one)) for one in EXTENSIONS), GRAMMAR)
LIMITS = Limits(
    line_octets=2_000,
    argument_octets=1_000,
    command_octets=4_000,
    literals=20,
    skipped_octets=1_000,
)
MAX_HELD_OCTETS = 100_000
_LONG_OCTETS = 200_000  # what an input is repeated up to, to see whether memory grows
_LONG_CHUNK = 2_000

_MIME = (
    b"From: a@b.test\r\nTo: =?utf-8?q?x=20y?= <c@d.test>, g: e@f.test;\r\n"
    b"Subject: =?utf-8?b?w6k=?=\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
    b"hello\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n--x\r\n"
    b"Content-Type: application/pdf; name*0*=utf-8''a%20; name*1=b.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n",
    b"Content-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"References: <a@b> <c@d>\r\nReply-To: (x (y)) \"a\\\"b\" <@r:c@[192.0.2.1]>\r\n\r\n"
    b"<p>a=20b<br>&amp;&#x41;<!-- c --></p>=\r\n",
    b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
)  # fmt: skip


class Target(NamedTuple):
    """play: see above. seeds: valid inputs to begin with."""

    play: Callable[[bytes], None]
    seeds: Sequence[bytes]


def targets(dialogues: Path) -> Mapping[str, Target]:
    """All of them by name. dialogues: tests/dialogue, which gives the sessions their seeds."""
    imap = [_imap_seed(one) for one in _scripts(dialogues / "imap")]
    smtp = [_smtp_seed(one) for one in _scripts(dialogues / "smtp")]
    grammars = [bytes([number % len(GRAMMARS)]) + octets for number, octets in enumerate(imap)]
    return MappingProxyType(
        {
            "mime": Target(play_mime, _MIME),
            "smtp": Target(play_smtp_machine, smtp),
            "smtp_session": Target(play_smtp, smtp),
            "imap": Target(play_imap_reader, imap),
            "imap_extensions": Target(play_grammars, grammars),
            "imap_session": Target(play_imap, imap),
            "sasl": Target(fuzz_sasl.play, fuzz_sasl.SEEDS),
            "senders": Target(fuzz_senders.play, fuzz_senders.SEEDS),
        }
    )


def play_mime(octets: bytes) -> None:
    """Render a message and take its text."""
    rendered = render(octets)
    search_text(octets, unpack(rendered.parts))


def play_smtp_machine(octets: bytes) -> None:
    """The machine that knows no session, with yes to all it asks."""
    config = ServerConfig(
        "mx.test",
        Role.LOCALSERVE,
        Extensions(max_message_octets=10_000),
        mechanisms=fuzz_sasl.LOGINS,
        auth_in_clear=True,
    )
    machine = Server(config, can_start_tls=True, fresh=lambda: fuzz_sasl.EXCHANGE)
    machine.greet()
    for chunk in _long(octets):
        machine.receive(chunk)
        while (event := machine.next_event()) is not None:
            if isinstance(event, fuzz_sasl.LoginQuestion):
                fuzz_sasl.answer(machine, event)
            elif not isinstance(event, MessageChunk | TransactionDropped | Closing):
                machine.accept()
        machine.take_output()
        _check_growth(machine, chunk)


def play_imap_reader(octets: bytes) -> None:
    """Commands cut out of a stream and read by the grammar of all extensions."""
    _read(GRAMMAR, octets)


def play_grammars(octets: bytes) -> None:
    """The same with the grammar of one extension, which the first octet chooses."""
    if octets:
        _read(GRAMMARS[octets[0] % len(GRAMMARS)], octets[1:])


def _read(grammar: Grammar, octets: bytes) -> None:
    reader = Reader(LIMITS, message_literals=grammar.message_literals)
    try:
        for chunk in _long(octets):
            reader.feed(chunk)
            while (event := reader.next_event()) is not None:
                if isinstance(event, CommandRead | LiteralAsked):
                    _parse(grammar, event)
                if isinstance(event, LiteralAsked):
                    (reader.refuse_literal if event.too_big else reader.accept_literal)()
            _check_growth(reader, chunk)
    except ProtocolError:
        pass  # where the connection would end


def _parse(grammar: Grammar, event: CommandRead | LiteralAsked) -> None:
    for utf8 in (False, True):
        try:
            hash(grammar.parse(event.pieces, utf8=utf8))
        except ProtocolError:
            continue


def _check_growth(thing: object, chunk: bytes) -> None:
    """After a long chunk, so that short ones stay quick."""
    if len(chunk) == _LONG_CHUNK:
        assert held_octets(thing) < MAX_HELD_OCTETS, "memory grows"


def _long(octets: bytes) -> Iterator[bytes]:
    """The chunks; of some inputs again and again, since one that is short shows no growth."""
    if octets and zlib.crc32(octets) % 256 == 0:
        octets *= _LONG_OCTETS // len(octets) or 1
        return (octets[at : at + _LONG_CHUNK] for at in range(0, len(octets), _LONG_CHUNK))
    return chunks(octets)


def _scripts(folder: Path) -> list[Script]:
    return [read_script(path) for path in sorted(folder.glob("*.txt"))]


def _imap_seed(script: Script) -> bytes:
    return LOGIN_LINE * (script.options.get("login") == "on") + said(script)


def _smtp_seed(script: Script) -> bytes:
    roles = list(Role)
    return b"%d" % roles.index(Role(script.options.get("role", "mx"))) + said(script)
