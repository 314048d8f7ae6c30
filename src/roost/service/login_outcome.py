"""What became of an attempt to sign in: the one closed list, and the errors that carry it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId


class Outcome(StrEnum):
    """How an attempt ended, as the list of attempts, the log and the metric name it."""

    OK = "ok"
    UNKNOWN = "unknown"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word of the list
    WRONG_BINDING = "wrong_binding"  # somebody may stand in between (RFC 5802 section 6)
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - as above
    FOREIGN = "foreign"  # asks to act for somebody else
    WRONG_PROTOCOL = "wrong_protocol"
    OTHER_ACCOUNT = "other_account"  # than that of the connection's client certificate
    EXPIRED = "expired"
    DISABLED = "disabled"
    LIMITED = "limited"
    BUSY = "busy"
    ABORTED = "aborted"
    ERROR = "error"


@dataclass(eq=False)
class LoginFailed(ServiceError):
    """Address and password do not belong together. Whoever asks never learns more.

    outcome, account: what the server's own list is told.
    """

    code: ClassVar[str] = "login_failed"
    outcome: Outcome = Outcome.WRONG_PASSWORD
    account: AccountId | None = None

    def __str__(self) -> str:
        return "the address or the password is wrong: sign in with a whole address of the account"


@dataclass(eq=False)
class LoginForeign(ServiceError):
    """Whoever signs in asks to act for somebody else (RFC 4422 section 3.4.1)."""

    code: ClassVar[str] = "login_foreign"

    def __str__(self) -> str:
        return "nobody may act for another: leave the authorization identity empty"


@dataclass(eq=False)
class LoginDisabled(ServiceError):
    """The password is right, but the admin lets nobody sign in. text: what the admin says."""

    code: ClassVar[str] = "login_disabled"
    text: str
    account: AccountId | None = None

    def __str__(self) -> str:
        return (
            f"signing in to this account is switched off: {self.text}. An admin can clear"
            " login_disabled in the account's settings"
        )


@dataclass(eq=False)
class LoginLimited(ServiceError):
    """Too many logins failed from the address or its network; nothing was looked at."""

    code: ClassVar[str] = "login_limited"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "too many logins failed from this network: try again later"
