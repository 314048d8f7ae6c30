"""What the server machine tells whoever drives it.

The values of `command.Hello`, `Mail`, `Rcpt` and `StartTls` are events too; each of them, and of
those below the ones marked so, wants an answer (`Server.accept` or `Server.refuse`) before the
machine goes on.
"""

from dataclasses import dataclass

import msgspec

from roost.proto.sasl.mechanism import Credentials, Failed, LookUp, Proved, Token
from roost.proto.smtp.command import Hello, Mail, Rcpt, StartTls
from roost.proto.smtp.reply import Reply


@dataclass(frozen=True, slots=True)
class SecretsAsked:
    """A login wants to know what it is checked against. Wants `Server.found`, or to be refused."""

    mechanism: str
    look_up: LookUp


@dataclass(frozen=True, slots=True)
class LoginAsked:
    """A client gave credentials, proved them, or showed a token. Wants an answer.

    A token that is no good is answered with `Server.token_refused`.
    """

    mechanism: str
    credentials: Credentials | Proved | Token


@dataclass(frozen=True, slots=True)
class LoginBroken:
    """An AUTH exchange failed by itself. Wants to be refused, with `reply` or another one.

    failed: None where the client gave up or spoke no base64.
    """

    mechanism: str
    reply: Reply
    failed: Failed | None = None


@dataclass(frozen=True, slots=True)
class ExternalAsked:
    """A client wants to be who its certificate says it is. Wants an answer.

    authorization: the identity it asks for, "" for the certificate's own. RFC 4422 appendix A.
    """

    authorization: str


@dataclass(frozen=True, slots=True)
class MessageBegin:
    """The message of the transaction comes now. Wants an answer."""


class MessageChunk(msgspec.Struct, frozen=True):
    """Some octets of the message, as they are to be kept."""

    octets: bytes


class MessageEnd(msgspec.Struct, frozen=True):
    """All of the message came and nothing is wrong with it. Wants an answer."""

    size_octets: int


@dataclass(frozen=True, slots=True)
class TransactionDropped:
    """Sender, recipients and whatever came of a message are void; the client was told why.

    reason: the error it was told, "" when it asked for it with RSET.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """The last reply is in the output: send it and close."""


Question = (
    Hello
    | StartTls
    | SecretsAsked
    | LoginAsked
    | LoginBroken
    | ExternalAsked
    | Mail
    | Rcpt
    | MessageBegin
    | MessageEnd
)
Event = Question | MessageChunk | TransactionDropped | Closing
