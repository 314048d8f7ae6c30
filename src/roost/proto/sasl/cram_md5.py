"""The CRAM-MD5 mechanism, both sides. RFC 2195.

Long out of date: no channel binding, and what the server stores is enough to log in.
"""

import hashlib
import hmac
import re

from roost.proto.sasl import md5
from roost.proto.sasl.client import Client, ClientStep, Say, Stop
from roost.proto.sasl.mechanism import (
    Challenge,
    Code,
    CramMd5Key,
    CramMd5Secrets,
    Exchange,
    Failed,
    LookUp,
    Mechanism,
    Offered,
    Proved,
    Secrets,
    Step,
    decode_field,
)

FAMILY = "CRAM-MD5"

_DIGEST = re.compile(rb"[0-9a-f]{32}")
# What nobody has: somebody unknown costs as much as somebody with one password.
_NOBODY = (CramMd5Key(0, bytes(16), bytes(16)),)


def cram_md5_key(password: str) -> tuple[bytes, bytes]:
    """MD5's inner and outer state for a prepared password, 16 octets each. RFC 2104 section 4."""
    key = password.encode()
    if len(key) > md5.BLOCK_OCTETS:
        key = hashlib.md5(key, usedforsecurity=False).digest()
    padded = key.ljust(md5.BLOCK_OCTETS, b"\0")
    inner, outer = (bytes(octet ^ pad for octet in padded) for pad in (0x36, 0x5C))
    return md5.compress(md5.START, inner), md5.compress(md5.START, outer)


class CramMd5(Mechanism):
    """One CRAM-MD5 exchange; the server speaks first."""

    def __init__(self, exchange: Exchange) -> None:
        self._challenge = f"<{exchange.fresh_nonce()}.{exchange.now}@{exchange.host}>".encode()
        self._asked = self._over = False
        self._username = ""
        self._digest = b""

    def step(self, octets: bytes | None) -> Step:
        """Send the challenge, then read name and digest. RFC 2195 section 2."""
        if self._over or (octets is None) is self._asked:
            self._over = True
            return Failed("CRAM-MD5 has one challenge of the server and one response to it")
        if octets is None:
            self._asked = True
            return Challenge(self._challenge)
        self._over = True
        name, _, digest = octets.rpartition(b" ")
        username = decode_field(name)
        if not username or not _DIGEST.fullmatch(digest):
            return Failed("CRAM-MD5 is answered with a name, a space and 32 hexadecimal digits")
        self._username, self._digest = username, digest
        return LookUp(username, FAMILY)

    def found(self, secrets: Secrets) -> Step:
        """Compare the digest with that of each password, taking the same time for all."""
        if not isinstance(secrets, CramMd5Secrets):
            raise TypeError("CRAM-MD5 needs CramMd5Secrets")
        credential = None
        for key in secrets.keys or _NOBODY:
            expected = md5.finish(key.outer, md5.finish(key.inner, self._challenge))
            if hmac.compare_digest(expected.hex().encode(), self._digest) and secrets.keys:
                credential = key.id
        if credential is None:
            return Failed("wrong name or password", wrong=True, code=Code.PROOF)
        return Proved(self._username, "", credential)


class CramMd5Client(Client):
    """The client's side."""

    name = "CRAM-MD5"

    def __init__(self, username: str, password: str) -> None:
        super().__init__()
        self._username = username
        self._password = password

    def answer(self, challenge: bytes) -> ClientStep:
        if self.is_done:
            return Stop("CRAM-MD5 has one challenge")
        self.is_done = True
        digest = hmac.new(self._password.encode(), challenge, "md5").hexdigest()
        return Say(f"{self._username} {digest}".encode())


CRAM_MD5 = Offered("CRAM-MD5", CramMd5, sends_password=False, weak=True)
