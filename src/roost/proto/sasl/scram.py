"""The SCRAM mechanisms, server side, and what is stored for them. RFC 5802, RFC 7677."""

import hashlib
import hmac
from collections.abc import Callable

from roost.proto.sasl.mechanism import (
    MAX_FIELD_OCTETS,
    Challenge,
    Code,
    Dialogue,
    Exchange,
    Failed,
    LookUp,
    Offered,
    Proved,
    ScramKeys,
    ScramSecrets,
    Secrets,
    Step,
)
from roost.proto.sasl.scram_text import (
    Gs2Header,
    NotScram,
    check_nonce,
    decode_base64,
    decode_message,
    decode_name,
    encode_base64,
    parse_attributes,
    parse_gs2_header,
)

SHA_256 = "SCRAM-SHA-256"
SHA_1 = "SCRAM-SHA-1"
PLUS = "-PLUS"

HASHES = {SHA_256: "sha256", SHA_1: "sha1"}
MIN_ITERATIONS = 4096  # RFC 7677 section 4
MAX_ITERATIONS = 1_000_000  # more is no protection but a way to keep a client busy

_CODES = {
    "channel-bindings-dont-match": Code.BINDING,
    "server-does-support-channel-binding": Code.BINDING,
    "channel-binding-not-supported": Code.BINDING,
    "unsupported-channel-binding-type": Code.BINDING,
    "extensions-not-supported": Code.EXTENSION,
    "invalid-proof": Code.PROOF,
}


def scram_keys(hash_name: str, password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """StoredKey and ServerKey of a prepared password. RFC 5802 section 3.

    hash_name: as hashlib has it, see HASHES. A thousand iterations take about half a millisecond:
    run it in a pool.
    """
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    return hashlib.new(hash_name, client_key).digest(), hmac.digest(
        salted, b"Server Key", hash_name
    )


class Scram(Dialogue):
    """One SCRAM exchange.

    family: SHA_256 or SHA_1. plus: whether the client chose the mechanism with channel binding.
    """

    _header: Gs2Header
    _first_bare: str
    _server_first: str
    _username: str
    _nonce: str
    _secrets: ScramSecrets

    def __init__(self, family: str, exchange: Exchange, *, plus: bool) -> None:
        super().__init__(lambda octets: self._guarded(self._read_first, octets))
        self._family = family
        self._hash_name = HASHES[family]
        self._exchange = exchange
        self._plus = plus
        self._our_nonce = exchange.fresh_nonce()

    def found(self, secrets: Secrets) -> Step:
        """Tell the client salt and count, be there keys or not."""
        if not isinstance(secrets, ScramSecrets):
            raise TypeError("SCRAM needs ScramSecrets")
        self._secrets = secrets
        self._server_first = (
            f"r={self._nonce},s={encode_base64(secrets.salt)},i={secrets.iterations}"
        )
        self._next = lambda octets: self._guarded(self._read_final, octets)
        return Challenge(self._server_first.encode())

    def _read_first(self, text: str) -> Step:
        self._header, self._first_bare = parse_gs2_header(text)
        self._check_binding_is_to_be_had(self._header)
        name, nonce = parse_attributes(self._first_bare, "nr")
        self._username = decode_name(name)
        if max(len(name.encode()), len(self._header.authorization.encode())) > MAX_FIELD_OCTETS:
            raise NotScram("a name is too long", "invalid-username-encoding")
        self._nonce = check_nonce(nonce) + self._our_nonce
        return LookUp(self._username, self._family)

    def _read_final(self, text: str) -> Step:
        without_proof, comma, proof = text.rpartition(",p=")
        if not comma:
            raise NotScram("the proof is missing")
        binding, nonce = parse_attributes(without_proof, "cr")
        if not hmac.compare_digest(nonce.encode(), self._nonce.encode()):
            return _failed("the nonce is that of another exchange", "other-error", Code.NONCE)
        if not hmac.compare_digest(decode_base64(binding), self._expected_binding()):
            raise NotScram("the client is bound to another channel", "channel-bindings-dont-match")
        signed = f"{self._first_bare},{self._server_first},{without_proof}".encode()
        key = self._key_proved(decode_base64(proof), signed)
        if key is None:
            raise NotScram("wrong name or password", "invalid-proof")
        signature = hmac.digest(key.server_key, signed, self._hash_name)
        final = f"v={encode_base64(signature)}".encode()
        return Proved(self._username, self._header.authorization, key.id, final)

    def _check_binding_is_to_be_had(self, header: Gs2Header) -> None:
        """RFC 5802 section 6. A binding on the mechanism without one is taken: cyrus sends it."""
        if header.flag == "p":
            if not self._exchange.bindings:
                raise NotScram("there is no channel to bind to", "channel-binding-not-supported")
            if self._exchange.bindings.named(header.binding) is None:
                raise NotScram(
                    "this type of channel binding is not to be had here",
                    "unsupported-channel-binding-type",
                )
        elif header.flag == "y" and self._exchange.offers_plus:
            # Somebody took the PLUS mechanisms out of what we offered.
            raise NotScram(
                "the client was not told of channel binding", "server-does-support-channel-binding"
            )
        elif self._plus:
            raise NotScram("this mechanism needs a channel binding")

    def _expected_binding(self) -> bytes:
        """The cbind-input of RFC 5802 section 7."""
        if self._header.flag != "p":
            return self._header.octets
        return self._header.octets + (self._exchange.bindings.named(self._header.binding) or b"")

    def _key_proved(self, proof: bytes, signed: bytes) -> ScramKeys | None:
        """Which secret the proof fits. All are tried, so that time does not tell which."""
        size = hashlib.new(self._hash_name).digest_size
        if len(proof) != size:
            raise NotScram("the proof has not the length of its hash")
        proved, wanted = None, int.from_bytes(proof, "big")
        # Somebody unknown costs as much as somebody with one password.
        for key in self._secrets.keys or (ScramKeys(0, bytes(size), bytes(size)),):
            signature = hmac.digest(key.stored_key, signed, self._hash_name)
            client_key = wanted ^ int.from_bytes(signature, "big")
            stored_key = hashlib.new(self._hash_name, client_key.to_bytes(size, "big")).digest()
            if hmac.compare_digest(stored_key, key.stored_key) and self._secrets.keys:
                proved = key
        return proved

    def _guarded(self, read: Callable[[str], Step], octets: bytes) -> Step:
        try:
            return read(decode_message(octets))
        except NotScram as broken:
            return _failed(str(broken), broken.error, _CODES.get(broken.error, Code.SYNTAX))


def _failed(reason: str, error: str, code: Code) -> Failed:
    wrong = code not in (Code.SYNTAX, Code.EXTENSION)
    return Failed(reason, wrong, f"e={error}".encode(), code)


SCRAM_SHA_256_PLUS = Offered(
    SHA_256 + PLUS,
    lambda exchange: Scram(SHA_256, exchange, plus=True),
    sends_password=False,
    needs_binding=True,
)
SCRAM_SHA_256 = Offered(
    SHA_256, lambda exchange: Scram(SHA_256, exchange, plus=False), sends_password=False
)
SCRAM_SHA_1_PLUS = Offered(
    SHA_1 + PLUS,
    lambda exchange: Scram(SHA_1, exchange, plus=True),
    sends_password=False,
    needs_binding=True,
    weak=True,
)
SCRAM_SHA_1 = Offered(
    SHA_1, lambda exchange: Scram(SHA_1, exchange, plus=False), sends_password=False, weak=True
)
