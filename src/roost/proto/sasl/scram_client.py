"""The SCRAM mechanisms, client side. RFC 5802, RFC 7677."""

import hashlib
import hmac
import re
from collections.abc import Callable

from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.client import Client, ClientStep, Derive, Say, Stop
from roost.proto.sasl.scram import HASHES, MAX_ITERATIONS, MIN_ITERATIONS, PLUS
from roost.proto.sasl.scram_text import (
    NotScram,
    check_nonce,
    decode_base64,
    decode_message,
    encode_base64,
    encode_name,
    parse_attributes,
)

MAX_SALT_OCTETS = 1024

_SERVER_ERROR = re.compile(r"e=([a-z-]{1,50})(?![^,])")


class ScramClient(Client):
    """One SCRAM exchange.

    name: of the mechanism; with -PLUS it is bound to the strongest of `bindings`.
    nonce: see `mechanism.make_nonce`. server_offers_plus: whether the server offered any -PLUS; a
    client that could bind and was not offered it says so, and a server that did offer it then knows
    that somebody sits in between (RFC 5802 section 6).
    """

    def __init__(
        self,
        name: str,
        username: str,
        password: str,
        nonce: str,
        *,
        authorization: str = "",
        bindings: Bindings = NO_BINDINGS,
        server_offers_plus: bool = False,
    ) -> None:
        super().__init__()
        self.name = name
        self._hash_name = HASHES[name.removesuffix(PLUS)]
        self._password = password
        self._nonce = check_nonce(nonce)
        self._gs2_header, self._binding = _gs2(name, authorization, bindings, server_offers_plus)
        self._first_bare = f"n={encode_name(username)},r={nonce}"
        self._next: Callable[[str], ClientStep] | None = self._read_first
        self._server_first = ""
        self._server_signature = b""

    def start(self) -> bytes:
        """The client-first-message."""
        return f"{self._gs2_header}{self._first_bare}".encode()

    def answer(self, challenge: bytes) -> ClientStep:
        """The proof; or the last, empty response, once the server has proved itself too."""
        read, self._next = self._next, None
        if read is None:
            return Stop("the server says more than SCRAM has")
        try:
            return read(decode_message(challenge))
        except NotScram as broken:
            return Stop(str(broken))

    def derived(self, salted_password: bytes) -> Say:
        """The client-final-message. RFC 5802 section 3."""
        binding = encode_base64(self._gs2_header.encode() + self._binding)
        without_proof = f"c={binding},r={self._nonce}"
        signed = f"{self._first_bare},{self._server_first},{without_proof}".encode()
        client_key = hmac.digest(salted_password, b"Client Key", self._hash_name)
        stored_key = hashlib.new(self._hash_name, client_key).digest()
        signature = hmac.digest(stored_key, signed, self._hash_name)
        proof = bytes(x ^ y for x, y in zip(client_key, signature, strict=True))
        server_key = hmac.digest(salted_password, b"Server Key", self._hash_name)
        self._server_signature = hmac.digest(server_key, signed, self._hash_name)
        self._next = self._read_final
        return Say(f"{without_proof},p={encode_base64(proof)}".encode())

    def _read_first(self, text: str) -> ClientStep:
        nonce, encoded_salt, count = parse_attributes(text, "rsi")
        if not check_nonce(nonce).startswith(self._nonce) or nonce == self._nonce:
            raise NotScram("the server's nonce does not go on from ours")
        salt = decode_base64(encoded_salt)
        if len(salt) > MAX_SALT_OCTETS:
            raise NotScram("the salt is too long")
        if not (count.isascii() and count.isdecimal() and len(count) <= 7):
            raise NotScram("the count of iterations is no number, or too large a one")
        iterations = int(count)
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise NotScram(f"there are {iterations} iterations, not 4096 to 1000000")
        self._nonce, self._server_first = nonce, text
        return Derive(self._hash_name, self._password, salt, iterations)

    def _read_final(self, text: str) -> ClientStep:
        if error := _SERVER_ERROR.match(text):
            return Stop(f"the server refuses: {error[1]}")
        (signature,) = parse_attributes(text, "v")
        if not hmac.compare_digest(decode_base64(signature), self._server_signature):
            return Stop("the server does not know the password: it is not who it says")
        self.is_done = True
        return Say(b"")


def _gs2(
    name: str, authorization: str, bindings: Bindings, server_offers_plus: bool
) -> tuple[str, bytes]:
    """The GS2 header, and what is bound to."""
    acting_as = f"a={encode_name(authorization)}" if authorization else ""
    binding = bindings.strongest()
    if name.endswith(PLUS):
        if binding is None:
            raise ValueError(f"{name} needs a channel to bind to")
        return f"p={binding[0]},{acting_as},", binding[1]
    return f"{'y' if binding and not server_offers_plus else 'n'},{acting_as},", b""
