"""make fuzz: feeds the parsers mutated octets for a while; prints what broke, to be run again.

make fuzz                       60 seconds
make fuzz ARGS="600 smtp 17"    so many seconds, one target, from a seed
"""

import random
import sys
import time
from collections.abc import Callable

from roost.base.errors import ProtocolError
from roost.proto.imap.core import CORE
from roost.proto.imap.ext import EXTENSIONS
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import CommandRead, LiteralAsked, Reader
from roost.proto.mime.message_text import search_text
from roost.proto.mime.pack import unpack
from roost.proto.mime.render import render
from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.mechanism import (
    CramMd5Key,
    CramMd5Secrets,
    Exchange,
    LookUp,
    Proved,
    ScramKeys,
    ScramSecrets,
)
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig

GRAMMAR = Grammar((*CORE, *EXTENSIONS))

MIME_SEEDS = (
    b"From: a@b.test\r\nTo: =?utf-8?q?x=20y?= <c@d.test>, g: e@f.test;\r\nSubject: =?utf-8?b?w6k=?=\r\n"
    b"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n--x\r\n"
    b"Content-Type: application/pdf; name*0*=utf-8''a%20; name*1=b.pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"\r\nAAAA\r\n--x--\r\n",
)
SMTP_SEEDS = (
    b"EHLO a.test\r\nMAIL FROM:<a@b.test> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<c@d.test>\r\nDATA\r\nx\r\n..y\r\n.\r\nQUIT\r\n",
    b'EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<"a b"@d.test>\r\nBDAT 5\r\nhelloBDAT 0 LAST\r\nRSET\r\nNOOP\r\n',
    b"EHLO a\r\nAUTH PLAIN AGEAYg==\r\nSTARTTLS\r\nVRFY x\r\nHELP\r\n",
)
IMAP_SEEDS = (
    b"a LOGIN u p\r\nb SELECT INBOX\r\nc FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (FROM)]<0.10>)\r\n",
    b"a UID SEARCH RETURN (MIN MAX) OR (FROM x) NOT SINCE 1-Jan-2026\r\nb APPEND INBOX (\\Seen) {3+}\r\nabc\r\n",
    b'a LIST (SUBSCRIBED) "" ("%" "*") RETURN (STATUS (MESSAGES))\r\nb STORE 1,2:3 +FLAGS.SILENT (a \\Seen)\r\n',
)
# Messages of one exchange, parted by |.
SASL_SEEDS = (
    b"n,a=x=2Cy,n=user,r=client|c=bixhPXg9MkN5LA==,r=client"
    + b"n" * 24
    + b",p="
    + b"A" * 43
    + b"=",
    b"p=tls-exporter,,n=user,r=client,x=1|c=cD10bHMtZXhwb3J0ZXIsLGVlZWU=,r=client"
    + b"n" * 24
    + b",p=AAAA",
    b"n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9dft4qmTc2Nvb3Rlc==\1\1|\1",
    b"user=someuser@example.com\1auth=Bearer vF9dft4qmTc2Nvb3Rlc==\1\1|",
    b"tim b913a602c7eda7a495b4e6e7334d3890|",
    b"\0tim\0secret|tim|secret",
)
SASL_EXCHANGE = Exchange("n" * 24, Bindings(tls_exporter=b"eeee"), offers_plus=True, host="mx.test")
SCRAM_SECRETS = ScramSecrets(b"salt", 4096, (ScramKeys(1, b"s" * 32, b"k" * 32),))
CRAM_SECRETS = CramMd5Secrets((CramMd5Key(1, b"i" * 16, b"o" * 16),))


def fuzz_sasl(octets: bytes) -> None:
    for offered in MECHANISMS:
        mechanism = offered.start(SASL_EXCHANGE)
        if offered.name == "CRAM-MD5":
            mechanism.step(None)
        for message in octets.split(b"|"):
            step = mechanism.step(message)
            if isinstance(step, LookUp):
                cram = step.family == "CRAM-MD5"
                step = mechanism.found(CRAM_SECRETS if cram else SCRAM_SECRETS)
            assert not isinstance(step, Proved)


def fuzz_mime(octets: bytes) -> None:
    rendered = render(octets)
    search_text(octets, unpack(rendered.parts))


def fuzz_smtp(octets: bytes) -> None:
    machine = Server(ServerConfig("mx.test", Role.LOCALSERVE), can_start_tls=True)
    machine.greet()
    for at in range(0, len(octets), 7):
        machine.receive(octets[at : at + 7])
        while (event := machine.next_event()) is not None:
            if type(event).__name__ not in ("MessageChunk", "TransactionDropped", "Closing"):
                machine.accept()
        machine.take_output()


def fuzz_imap(octets: bytes) -> None:
    reader = Reader(message_literals=GRAMMAR.message_literals)
    for at in range(0, len(octets), 7):
        reader.feed(octets[at : at + 7])
        try:
            while (event := reader.next_event()) is not None:
                if isinstance(event, LiteralAsked):
                    if event.too_big:
                        reader.refuse_literal()
                    else:
                        reader.accept_literal()
                elif isinstance(event, CommandRead):
                    GRAMMAR.parse(event.pieces)
        except ProtocolError:
            pass


TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "mime": (fuzz_mime, MIME_SEEDS),
    "smtp": (fuzz_smtp, SMTP_SEEDS),
    "imap": (fuzz_imap, IMAP_SEEDS),
    "sasl": (fuzz_sasl, SASL_SEEDS),
}


def mutate(dice: random.Random, seed: bytes) -> bytes:
    octets = bytearray(seed)
    for _ in range(dice.randrange(1, 12)):
        at = dice.randrange(len(octets) + 1)
        match dice.randrange(5):
            case 0:
                octets[at:at] = dice.randbytes(dice.randrange(1, 8))
            case 1:
                del octets[at : at + dice.randrange(1, 20)]
            case 2:
                octets[at:at] = octets[at : at + dice.randrange(1, 60)]
            case 3:
                octets[at:at] = dice.choice(
                    [b"\r", b"\n", b"\0", b'"', b"(", b"{9}", b"--x", b"\\", b"=?", b";"]
                )
            case _:
                octets[at : at + 1] = dice.randbytes(1)
    return bytes(octets)


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    names = [sys.argv[2]] if len(sys.argv) > 2 else list(TARGETS)
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns()
    print(f"seed {seed}")
    dice = random.Random(seed)
    tried = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        name = dice.choice(names)
        target, seeds = TARGETS[name]
        octets = mutate(dice, dice.choice(seeds))
        try:
            target(octets)
        except Exception as error:
            print(f"{name} broke with {error!r} on\n{octets!r}")
            return 1
        tried += 1
    print(f"{tried} inputs, nothing broke")
    return 0


if __name__ == "__main__":
    sys.exit(main())
