"""The OAUTHBEARER and XOAUTH2 mechanisms, both sides: a token of somebody else's says who it is.

RFC 7628; XOAUTH2 is what Google made before it, and many clients know that one alone.
"""

import json
import re
from abc import ABC, abstractmethod

from roost.proto.sasl.client import Client, ClientStep, Say
from roost.proto.sasl.mechanism import (
    Challenge,
    Code,
    Dialogue,
    Exchange,
    Failed,
    Offered,
    Step,
    Token,
    decode_field,
)
from roost.proto.sasl.scram_text import NotScram, encode_name, parse_gs2_header

MAX_MESSAGE_OCTETS = 12 * 1024

_SEPARATOR = "\1"
_PAIR = re.compile(r"([A-Za-z]+)=([\x20-\x7e\t\r\n]*)")
_USER = re.compile(r"user=([^\1]*)")
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")  # RFC 6750 section 2.1
_PORT = re.compile(r"[1-9][0-9]{0,4}")


class Bearer(Dialogue, ABC):
    """What both have in common: key=value pairs, parted by the octet 1; a token among them."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(self._read)
        self._exchange = exchange

    def refused(self) -> Step:
        """Tell why as JSON; the client answers without meaning. RFC 7628 section 3.2.3."""
        self._next = lambda _: Failed("the token is refused", wrong=True, code=Code.TOKEN)
        return Challenge(json.dumps(self._error(), separators=(",", ":")).encode())

    def _read(self, octets: bytes) -> Step:
        if len(octets) > MAX_MESSAGE_OCTETS:
            return Failed("the message is too long")
        try:
            return self._parse(octets.decode())
        except UnicodeDecodeError:
            return Failed("the message is not UTF-8")
        except NotScram as broken:
            return Failed(str(broken))

    @abstractmethod
    def _parse(self, text: str) -> Step:
        """The step that follows the message. Raises NotScram."""

    @abstractmethod
    def _error(self) -> dict[str, str]:
        """What the client is told when its token is refused."""


class OAuthBearer(Bearer):
    """One OAUTHBEARER exchange. RFC 7628 section 3."""

    def _parse(self, text: str) -> Step:
        header, rest = parse_gs2_header(text)
        if header.flag == "p":
            raise NotScram("this mechanism has no channel binding")
        pairs = _pairs(rest.removeprefix(_SEPARATOR)) if rest.startswith(_SEPARATOR) else None
        if pairs is None:
            raise NotScram("the pairs of a key and a value are not parted or ended by the octet 1")
        port = pairs.get("port", "")
        if port and not (_PORT.fullmatch(port) and int(port) < 1 << 16):
            raise NotScram("the port is not a number of 1 to 65535")
        token = _BEARER.fullmatch(pairs.get("auth", ""))
        if token is None:
            # With an empty one clients ask which scope they need and where to get a token.
            return self.refused()
        host = pairs.get("host", "")
        return Token("", header.authorization, token[1], host, int(port) if port else None)

    def _error(self) -> dict[str, str]:
        error = {"status": "invalid_token"}
        if self._exchange.scope:
            error["scope"] = self._exchange.scope
        if self._exchange.discovery:
            error["openid-configuration"] = self._exchange.discovery
        return error


class XOAuth2(Bearer):
    """One XOAUTH2 exchange: `user=` and `auth=`, in that order and without a GS2 header."""

    def _parse(self, text: str) -> Step:
        first, separator, rest = text.partition(_SEPARATOR)
        user, pairs = _USER.fullmatch(first), _pairs(rest)
        if user is None or not separator or pairs is None:
            raise NotScram("XOAUTH2 has user= and auth=, each ended by the octet 1, and one more")
        username = decode_field(user[1].encode())
        if not username:
            raise NotScram("the user name has not 1 to 255 octets")
        token = _BEARER.fullmatch(pairs.get("auth", ""))
        return self.refused() if token is None else Token(username, "", token[1])

    def _error(self) -> dict[str, str]:
        error = {"status": "401", "schemes": "bearer"}
        if self._exchange.scope:
            error["scope"] = self._exchange.scope
        return error


def _pairs(text: str) -> dict[str, str] | None:
    """What `*kvpair kvsep` holds; None when it is something else. RFC 7628 section 3.1."""
    *pairs, last, end = text.split(_SEPARATOR) if _SEPARATOR in text else ("?", "?")
    found = [_PAIR.fullmatch(pair) for pair in pairs]
    if last or end:
        return None
    known: dict[str, str] = {}
    for pair in found:
        if pair is None or pair[1] in known:
            return None
        known[pair[1]] = pair[2]
    return known


class BearerClient(Client):
    """The client's side: one message; an error as JSON is answered with something of no meaning."""

    def __init__(self, message: str, dummy: bytes) -> None:
        super().__init__()
        self.is_done = True
        self.error = b""
        self._message = message
        self._dummy = dummy

    def start(self) -> bytes:
        """The token, and what it is for."""
        return self._message.encode()

    def answer(self, challenge: bytes) -> ClientStep:
        """Keep in `error` what the server has against the token; failure follows."""
        self.is_done = False
        self.error = challenge
        return Say(self._dummy)


class OAuthBearerClient(BearerClient):
    """OAUTHBEARER. host, port: what was connected to. RFC 7628 section 3.1."""

    name = "OAUTHBEARER"

    def __init__(self, token: str, authorization: str = "", host: str = "", port: int = 0) -> None:
        acting_as = f"a={encode_name(authorization)}" if authorization else ""
        where = f"host={host}\1" if host else ""
        where += f"port={port}\1" if port else ""
        super().__init__(f"n,{acting_as},\1{where}auth=Bearer {token}\1\1", b"\1")


class XOAuth2Client(BearerClient):
    """XOAUTH2."""

    name = "XOAUTH2"

    def __init__(self, token: str, username: str) -> None:
        super().__init__(f"user={username}\1auth=Bearer {token}\1\1", b"")


OAUTHBEARER = Offered("OAUTHBEARER", OAuthBearer)
XOAUTH2 = Offered("XOAUTH2", XOAuth2)
