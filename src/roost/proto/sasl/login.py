"""The LOGIN mechanism: identity and password, each asked for.

It was never more than a draft (draft-murchison-sasl-login), yet some clients know nothing else.
"""

from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    Failed,
    Offered,
    Step,
    decode_field,
)


class Login:
    """One LOGIN exchange. An initial response is the identity, as most servers take it."""

    def __init__(self) -> None:
        self._username: str | None = None

    def step(self, octets: bytes | None) -> Step:
        """Ask for the identity, then for the password. Clients look at the prompts' words."""
        if octets is None:
            return Challenge(b"Username:")
        text = decode_field(octets)
        if not text:
            return Failed("LOGIN needs an identity and a password of 1 to 255 octets, in UTF-8")
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        return Credentials(self._username, text)


LOGIN = Offered("LOGIN", Login)
