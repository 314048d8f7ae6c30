"""The PLAIN mechanism, both sides: identity and password in one message. RFC 4616."""

from roost.proto.sasl.client import OneMessage
from roost.proto.sasl.mechanism import (
    Credentials,
    Dialogue,
    Failed,
    Offered,
    Step,
    decode_field,
)


class Plain(Dialogue):
    """One PLAIN exchange. RFC 4616 section 2."""

    def __init__(self) -> None:
        super().__init__(self._read)

    def _read(self, octets: bytes) -> Step:
        parts = octets.split(b"\0")
        if len(parts) != 3:
            return Failed("PLAIN has three parts, parted by NUL")
        authorization, username, password = map(decode_field, parts)
        if authorization is None or username is None or password is None:
            return Failed("a part of PLAIN is too long or not UTF-8")
        if not username or not password:
            return Failed("PLAIN needs an identity and a password")
        return Credentials(username, password, authorization)


class PlainClient(OneMessage):
    """The client's side. Raises ValueError when a part holds NUL, which nothing could part."""

    name = "PLAIN"

    def __init__(self, username: str, password: str, authorization: str = "") -> None:
        if "\0" in authorization + username + password:
            raise ValueError("no part of PLAIN may hold NUL")
        super().__init__(f"{authorization}\0{username}\0{password}".encode())


PLAIN = Offered("PLAIN", lambda _: Plain())
