"""What can be wrong with a change of passwords. Each message names the mend."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError


@dataclass(eq=False)
class CustomPasswordRefused(ServiceError):
    """The account's user may have generated passwords only."""

    code: ClassVar[str] = "custom_password_refused"

    def __str__(self) -> str:
        return "this account takes generated passwords only: ask for one, or ask the admin"


@dataclass(eq=False)
class AppPasswordInvalid(ServiceError):
    """An app password cannot be made so; `reason` says why."""

    code: ClassVar[str] = "app_password_invalid"
    reason: str

    def __str__(self) -> str:
        return f"the app password cannot be made: {self.reason}"


@dataclass(eq=False)
class AppPasswordUnknown(ServiceError):
    """The account has no app password with this number."""

    code: ClassVar[str] = "app_password_unknown"
    number: int
    account: str

    def __str__(self) -> str:
        return (
            f"account {self.account} has no app password {self.number}:"
            f" see `roost apppassword list {self.account}`"
        )


@dataclass(eq=False)
class TooManyAppPasswords(ServiceError):
    """The account has as many app passwords as it may have."""

    code: ClassVar[str] = "too_many_app_passwords"
    limit: int

    def __str__(self) -> str:
        return f"the account has {self.limit} app passwords already: remove those no longer in use"
