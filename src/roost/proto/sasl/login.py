"""The LOGIN mechanism, both sides: identity and password, each asked for.

It was never more than a draft (draft-murchison-sasl-login), yet some clients know nothing else.
"""

from roost.proto.sasl.client import Client, ClientStep, Say, Stop
from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    Dialogue,
    Failed,
    Offered,
    Step,
    decode_field,
)


class Login(Dialogue):
    """One LOGIN exchange. An initial response is the identity, as most servers take it."""

    def __init__(self) -> None:
        # Some clients look at the words of the prompts.
        super().__init__(self._read_username, b"Username:")
        self._username = ""

    def _read_username(self, octets: bytes) -> Step:
        username = decode_field(octets)
        if not username:
            return _NO_FIELD
        self._username = username
        self._next = self._read_password
        return Challenge(b"Password:")

    def _read_password(self, octets: bytes) -> Step:
        password = decode_field(octets)
        return Credentials(self._username, password) if password else _NO_FIELD


_NO_FIELD = Failed("LOGIN needs an identity and a password of 1 to 255 octets, in UTF-8")


class LoginClient(Client):
    """The client's side. It waits to be asked, since not every server takes an initial response.

    It goes by the order of the prompts: their words differ from server to server.
    """

    name = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        super().__init__()
        self._to_say = [password, username]

    def answer(self, challenge: bytes) -> ClientStep:  # noqa: ARG002 - see above
        """The identity, then the password."""
        if self.is_done:
            return Stop("the server asks for more than identity and password")
        said = self._to_say.pop()
        self.is_done = not self._to_say
        return Say(said.encode())


LOGIN = Offered("LOGIN", lambda _: Login())
