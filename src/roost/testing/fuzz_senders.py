"""Checks of who sent a message, made of any octets."""

from contextlib import suppress
from datetime import UTC, datetime

from roost.base.errors import ProtocolError
from roost.proto.arc.chain import read_chain
from roost.proto.arc.verify import verify_chain
from roost.proto.dkim.canonical import BodyHashes
from roost.proto.dkim.header import Header
from roost.proto.dkim.verify import bodies_of, find_signatures, verify
from roost.proto.dmarc.destination import Kind, destinations
from roost.proto.dmarc.record import is_record, parse_record
from roost.proto.mime.auth_results import fields_of_server, parse_auth_results, spell_auth_results
from roost.proto.mime.header import header_end
from roost.testing.check import run_check
from roost.testing.resolver import ZoneResolver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = (
    "v=DKIM1; k=ed25519; h=sha256; s=email; t=y:s; n=x;"
    " p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)
SIGNED = b"a=ed25519-sha256; c=relaxed/simple; d=a.test; s=one; t=1; h=from:to; bh=AAAA; b=QUJD"

# A record of a key or of DMARC, then | and a message.
SEEDS = (
    KEY.encode() + b"|DKIM-Signature: v=1; l=3; x=9999999999; i=@a.test; " + SIGNED
    + b"\r\nFrom: a@a.test\r\nTo: b@b.test\r\n\r\nHello \t there\r\n\r\n",
    KEY.encode() + b"|ARC-Seal: i=1; cv=none; a=ed25519-sha256; d=a.test; s=one; b=QUJD\r\n"
    b"ARC-Message-Signature: i=1; " + SIGNED
    + b"\r\nARC-Authentication-Results: i=1; (x) mx.test; spf=pass\r\nFrom: a@a.test\r\n\r\nx\r\n",
    b"v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; rua=mailto:a@b.test!10m,mailto:c@a.test;"
    b" pct=50; t=y; psd=n; fo=1:d|Authentication-Results: mx.test 1; spf=fail (no) reason=\"so\""
    b" smtp.mailfrom=\"a b\"@c.test; dkim/1=none policy.x=y\r\n\r\n",
)  # fmt: skip


def play(octets: bytes) -> None:
    """Verify what claims to be signed, by a record that claims to be a key."""
    text, _, message = octets.partition(b"|")
    record = text.decode("latin-1")
    zone = ZoneResolver({("one._domainkey.a.test", "TXT"): [record]})
    header = Header(message)
    found, chain = find_signatures(header), read_chain(header)
    bodies = BodyHashes(bodies_of(found) | chain.bodies)
    bodies.feed(message[header_end(message) :])
    run_check(verify(header, found, bodies, NOW), zone)
    run_check(verify_chain(header, chain, bodies), zone)
    if is_record(record):
        run_check(destinations("a.test", "a.test", parse_record(record), Kind.AGGREGATE), zone)
    for field in fields_of_server(message, ["mx.test"]):
        with suppress(ProtocolError):
            results = parse_auth_results(header.value(field))
            again = parse_auth_results(spell_auth_results(results).partition(b":")[2])
            assert again.authserv_id == results.authserv_id
