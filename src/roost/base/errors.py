"""The two roots of everything roost raises on purpose; any other exception is a bug."""

from typing import ClassVar


class ProtocolError(Exception):
    """A peer broke a rule of its protocol.

    offset: how many octets into the offending line or text the trouble begins, None where that
    has no meaning. The text never repeats what the peer sent.
    """

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.offset = offset


class ServiceError(Exception):
    """Something a person or a peer may be told. `code` is public and stable.

    temporary: whether the same request may succeed later. The text names what is wrong and how
    to mend it, and holds no secret.
    """

    code: ClassVar[str] = "internal"
    temporary: ClassVar[bool] = False
