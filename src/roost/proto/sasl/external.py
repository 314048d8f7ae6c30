"""The EXTERNAL mechanism, both sides: the TLS certificate says who it is. RFC 4422 appendix A."""

from roost.proto.sasl.client import OneMessage
from roost.proto.sasl.mechanism import (
    Dialogue,
    External,
    Failed,
    Offered,
    Step,
    decode_field,
)


class ExternalExchange(Dialogue):
    """One EXTERNAL exchange."""

    def __init__(self) -> None:
        super().__init__(self._read)

    def _read(self, octets: bytes) -> Step:
        authorization = decode_field(octets)
        if authorization is None or "\0" in authorization:
            return Failed("the identity of EXTERNAL is too long or not UTF-8, or holds NUL")
        return External(authorization)


class ExternalClient(OneMessage):
    """The client's side. authorization: "" for the identity that the certificate has by itself."""

    name = "EXTERNAL"

    def __init__(self, authorization: str = "") -> None:
        super().__init__(authorization.encode())


EXTERNAL = Offered(
    "EXTERNAL", lambda _: ExternalExchange(), sends_password=False, needs_certificate=True
)
