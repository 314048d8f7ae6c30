"""Passwords and app passwords of accounts."""

from typing import Annotated

import msgspec

from roost.config.accounts import ShortText
from roost.config.setting import Duration
from roost.service import app_passwords, directory
from roost.service import set_password as passwords
from roost.service.app_passwords import AppPasswordAsked
from roost.service.passwords import PasswordInvalid
from roost.service.set_password import PasswordChange
from roost.store.credentials import Credential
from roost.web.api.admin.domains import Removed
from roost.web.context import AdminContext
from roost.web.router import Route

Protocols = Annotated[list[ShortText], msgspec.Meta(max_length=20)]


class SetPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new password, of at least 8 characters, or one that the server makes.

    generate: make one; then password stays empty. remove_app_passwords: end all of those too.
    """

    password: ShortText = ""
    generate: bool = False
    remove_app_passwords: bool = False
    reason: ShortText = ""

    def __repr__(self) -> str:
        return "SetPassword(...)"


class PasswordSet(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose password it is. password: the one that was made, shown this once; else empty."""

    account: str
    password: str = ""

    def __repr__(self) -> str:
        return "PasswordSet(...)"


class AddAppPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an app password is for. protocols: imap, smtp; none for every one.

    expires_in: how long it is good, null for ever.
    """

    label: ShortText
    protocols: Protocols = []
    expires_in: Duration | None = None
    reason: ShortText = ""


class AppPasswordShown(msgspec.Struct, frozen=True):
    """An app password without its secret. Times: UTC, RFC 3339; null for never."""

    number: int
    label: str
    protocols: list[str]
    created: str
    expires: str | None
    last_used: str | None


class AppPasswordMade(msgspec.Struct, frozen=True):
    """A new app password. password: nobody sees it again."""

    account: str
    password: str
    app_password: AppPasswordShown

    def __repr__(self) -> str:
        return "AppPasswordMade(...)"


class AppPasswordList(msgspec.Struct, frozen=True):
    """The app passwords of an account, oldest first; at most 100."""

    account: str
    app_passwords: list[AppPasswordShown]


async def set_password(ctx: AdminContext, *, name: str, asked: SetPassword) -> PasswordSet:
    """Set the password of the account with a name or an address, or have one made.

    Errors: account_unknown, domain_unknown, address_unknown, password_invalid, login_busy.
    """
    server = ctx.server
    row = await directory.account_of(server.store, name)
    parts = (server.store, server.maker, server.clock, ctx.actor, row.name)
    with_it = PasswordChange(asked.reason, asked.remove_app_passwords)
    if not asked.generate:
        await passwords.set_password(*parts, asked.password, with_it)
        return PasswordSet(row.name)
    if asked.password:
        raise PasswordInvalid("give one, or ask for a generated one, not both")
    return PasswordSet(row.name, await passwords.set_generated_password(*parts, with_it))


async def add_app_password(
    ctx: AdminContext, *, name: str, asked: AddAppPassword
) -> AppPasswordMade:
    """Make an app password for the account with a name or an address.

    Errors: account_unknown, domain_unknown, address_unknown, app_password_invalid,
    too_many_app_passwords, login_busy.
    """
    server = ctx.server
    row = await directory.account_of(server.store, name)
    expires = None if asked.expires_in is None else server.clock.now() + asked.expires_in
    wanted = AppPasswordAsked(asked.label, asked.protocols, expires, asked.reason)
    made = await app_passwords.add(
        server.store, server.maker, server.clock, ctx.actor, row.name, wanted
    )
    return AppPasswordMade(row.name, made.password, _shown(made.credential))


async def list_app_passwords(ctx: AdminContext, *, name: str) -> AppPasswordList:
    """List the app passwords of the account with a name or an address.

    Errors: account_unknown, domain_unknown, address_unknown.
    """
    row = await directory.account_of(ctx.server.store, name)
    found = await app_passwords.page(ctx.server.store, row.name)
    return AppPasswordList(row.name, [_shown(one) for one in found])


async def remove_app_password(ctx: AdminContext, *, name: str, number: str) -> Removed:
    """Remove an app password, which ends the sessions that signed in with it.

    Errors: account_unknown, domain_unknown, address_unknown, app_password_unknown.
    """
    server = ctx.server
    row = await directory.account_of(server.store, name)
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    await app_passwords.remove(server.store, server.clock, ctx.actor, row.name, wanted)
    return Removed()


def _shown(one: Credential) -> AppPasswordShown:
    return AppPasswordShown(
        one.id,
        one.label,
        one.protocols.split(),
        one.created.isoformat(),
        one.expires.isoformat() if one.expires else None,
        one.last_used.isoformat() if one.last_used else None,
    )


ROUTES = (
    Route("PUT", "/api/admin/accounts/{name}/password", set_password),
    Route("GET", "/api/admin/accounts/{name}/app-passwords", list_app_passwords),
    Route("POST", "/api/admin/accounts/{name}/app-passwords", add_app_password),
    Route("DELETE", "/api/admin/accounts/{name}/app-passwords/{number}", remove_app_password),
)
