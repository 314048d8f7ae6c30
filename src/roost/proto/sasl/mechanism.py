"""The common form of SASL mechanisms, server side. RFC 4422 section 3.

A mechanism is fed what the client says and answers each time with the next step: a challenge to
send, a question to whoever keeps the accounts, what it has learnt, or failure. Base64 and the
words around it belong to the protocol that carries the exchange. Names, passwords and identities
are given as the client sent them, not yet prepared (RFC 8265).
"""

import binascii
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from roost.proto.sasl.binding import NO_BINDINGS, Bindings

MAX_FIELD_OCTETS = 255  # RFC 4616 section 2: the longest identity or password


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send these octets to the client and feed what it answers."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the client says it is, and the password that shall prove it.

    authorization: the identity to act as, "" where that is `username` itself.
    """

    username: str
    password: str = field(repr=False)
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Look up what is stored of this user and give it to `Mechanism.found`.

    family: SCRAM-SHA-256 or SCRAM-SHA-1, answered with ScramSecrets; CRAM-MD5, answered with
    CramMd5Secrets. Somebody unknown is answered too, with no keys and a salt that stays the same
    from one exchange to the next, so that nothing tells who exists.
    """

    username: str
    family: str


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """StoredKey and ServerKey of one password; id names the credential. RFC 5802 section 3."""

    id: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScramSecrets:
    """All passwords of one account for one hash: they share salt and count.

    keys: () for somebody unknown or without such secrets.
    """

    salt: bytes
    iterations: int
    keys: tuple[ScramKeys, ...] = ()


@dataclass(frozen=True, slots=True)
class CramMd5Key:
    """MD5's state behind each padded half of one password, 16 octets each; id names the credential.

    RFC 2195 section 2: as good as the password itself for CRAM-MD5, and for nothing else.
    """

    id: int
    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CramMd5Secrets:
    """All passwords of one account; () for somebody unknown or without such secrets."""

    keys: tuple[CramMd5Key, ...] = ()


Secrets = ScramSecrets | CramMd5Secrets


@dataclass(frozen=True, slots=True)
class Proved:
    """The client proved that it knows one of the secrets.

    authorization: the identity to act as, "" where that is `username` itself.
    credential: the id of the key that fits.
    final: to be sent with success or, where the protocol cannot, as a last challenge that is
    answered by an empty response (RFC 4422 section 5); None when there is nothing to send.
    """

    username: str
    authorization: str
    credential: int
    final: bytes | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token to be judged; on refusal ask `Mechanism.refused` what to send. RFC 7628.

    username: whose mail is asked for, "" when the token alone says it.
    authorization: the identity to act as, "" when none is named.
    host, port: where the client believes it is connected to, "" and None when it does not say;
    they must be this server's (RFC 7628 section 3.2).
    """

    username: str
    authorization: str
    token: str = field(repr=False)
    host: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class External:
    """The client says that its certificate proves it. RFC 4422 appendix A.

    authorization: the identity to act as, "" for the one that the certificate has by itself.
    """

    authorization: str


class Code(StrEnum):
    """Why an exchange failed, as a word for logs and metrics."""

    SYNTAX = "syntax"  # the message is not what the mechanism says
    EXTENSION = "extension"  # it demands an extension that nobody defined yet
    NONCE = "nonce"  # it belongs to another exchange: perhaps a replay
    PROOF = "proof"  # wrong password or unknown user
    BINDING = "binding"  # another channel than ours: perhaps someone sits between the two ends
    TOKEN = "token"  # noqa: S105 - the bearer token was refused


@dataclass(frozen=True, slots=True)
class Failed:
    """There will be no login; `reason` never repeats what the client sent.

    wrong: whether this counts as a failed login; False when the client merely broke the
    mechanism's rules. final: what the mechanism wants sent before the failure (RFC 5802 section 7),
    None when it has no words for it.
    """

    reason: str
    wrong: bool = False
    final: bytes | None = None
    code: Code = Code.SYNTAX


Step = Challenge | Credentials | LookUp | Proved | Token | External | Failed

_OVER = Failed("the exchange is over")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an exchange is given by the connection and the server it runs in.

    nonce: see `make_nonce`; new for each exchange. bindings: the connection's. offers_plus: whether
    any mechanism with channel binding was offered on this connection. host: our host name.
    now: seconds since 1970. scope, discovery: told to a client whose token is refused, the OAuth
    scope it needs and the URL of the OpenID configuration; "" leaves them out.
    """

    nonce: str = ""
    bindings: Bindings = NO_BINDINGS
    offers_plus: bool = False
    host: str = ""
    now: int = 0
    scope: str = ""
    discovery: str = ""

    def fresh_nonce(self) -> str:
        """The nonce, for a mechanism that is not safe without. Raises ValueError for none."""
        if len(self.nonce) < MIN_NONCE_CHARS:
            raise ValueError("this mechanism needs a nonce, drawn anew for each exchange")
        return self.nonce


MIN_NONCE_CHARS = 16


def make_nonce(octets: bytes) -> str:
    """A nonce of random octets, 12 or more: letters, digits, `-` and `_`. RFC 5802 section 5.1."""
    return binascii.b2a_base64(octets, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Mechanism(ABC):
    """One exchange; used once."""

    @abstractmethod
    def step(self, octets: bytes | None) -> Step:
        """What to do next. Never raises; once the exchange is over, it fails.

        octets: what the client said; None at the start when it sent no initial response, which
        is not the same as an empty one (RFC 4422 section 5).
        """

    def found(self, secrets: Secrets) -> Step:
        """Go on after a LookUp."""
        raise TypeError(f"{type(self).__name__} needs no {type(secrets).__name__}")

    def refused(self) -> Step:
        """Go on after a Token that is not accepted: mostly a challenge that says why."""
        raise TypeError(f"{type(self).__name__} takes no token")


class Dialogue(Mechanism):
    """A mechanism that the client begins: `_next` reads the message that is due.

    prompt: the challenge when it does not come with an initial response.
    """

    _next: Callable[[bytes], Step] | None

    def __init__(self, first: Callable[[bytes], Step], prompt: bytes = b"") -> None:
        self._next = first
        self._prompt = prompt
        self._begun = False

    def step(self, octets: bytes | None) -> Step:
        """Ask for the first message if it has not come yet, then read what is due."""
        if octets is None and not self._begun:
            self._begun = True
            return Challenge(self._prompt)
        read, self._next, self._begun = self._next, None, True
        return _OVER if read is None or octets is None else read(octets)


@dataclass(frozen=True, slots=True)
class Offered:
    """A mechanism as a server offers it.

    name: as registered with IANA. start: makes the state of one exchange.
    sends_password: whether a listener would learn what it needs to log in, so that it is offered
    under TLS only. needs_binding: only where there is a channel to bind to. needs_certificate: only
    where the client presented one. weak: only where the administrator switched it on.
    """

    name: str
    start: Callable[[Exchange], Mechanism]
    sends_password: bool = True
    needs_binding: bool = False
    needs_certificate: bool = False
    weak: bool = False


def decode_field(octets: bytes) -> str | None:
    """An identity or password as text; None when it is too long or no UTF-8."""
    if len(octets) > MAX_FIELD_OCTETS:
        return None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
