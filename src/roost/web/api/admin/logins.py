"""Who signed in, and who failed to."""

import re
from typing import Literal

import msgspec

from roost.base.ids import AccountId
from roost.service import directory, login_attempts
from roost.service.login_outcome import Outcome
from roost.store import accounts
from roost.store.engine import ReadTx, Store
from roost.store.login_attempts import Place, Seen, Wanted
from roost.web.context import AdminContext
from roost.web.router import QueryInvalid, Route

PAGE = 100

_PLACE = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{64})", re.ASCII)


class LoginShown(msgspec.Struct, frozen=True):
    """Like attempts to sign in: how many, from the first to the last (UTC, RFC 3339).

    account: empty where the name belongs to nobody. client: what the program calls itself. tls: the
    version, empty in clear. outcome: ok, or why not.
    """

    account: str
    name: str
    protocol: str
    mechanism: str
    client: str
    ip: str
    tls: str
    outcome: str
    first: str
    last: str
    count: int


class LoginList(msgspec.Struct, frozen=True):
    """Logins, the latest first; after: what to ask for to go on, empty at the end."""

    logins: list[LoginShown]
    after: str = ""


async def list_logins(
    ctx: AdminContext,
    *,
    account: str = "",
    protocol: Literal["", "imap", "smtp"] = "",
    outcome: str = "",
    ip: str = "",
    failed: bool = False,
    after: str = "",
) -> LoginList:
    """List attempts to sign in of the last 30 days, the latest first, at most 100 at once.

    account: a name or an address; empty for all. outcome: ok, unknown, wrong_password,
    wrong_binding, wrong_token, foreign, wrong_protocol, other_account, expired, disabled, limited,
    busy, aborted, error; empty for all. failed: only those that did not succeed.
    Errors: account_unknown, domain_unknown, address_unknown, query_invalid.
    """
    store = ctx.server.store
    number = (await directory.account_of(store, account)).id if account else None
    if outcome and outcome not in tuple(Outcome):
        raise QueryInvalid(f"parameter outcome: it has to be one of {', '.join(Outcome)}")
    wanted = Wanted(number, protocol, outcome, ip, failed)
    rows, ended = await login_attempts.page(store, wanted, _read_place(after), PAGE)
    names = await _names_of(store, {row.attempt.account for row in rows})
    return LoginList([_shown(row, names) for row in rows], _spell_place(ended))


async def _names_of(store: Store, numbers: set[AccountId]) -> dict[AccountId, str]:
    async def work(tx: ReadTx) -> dict[AccountId, str]:
        found = {number: await accounts.by_id(tx, number) for number in numbers}
        return {number: row.name for number, row in found.items() if row is not None}

    return await store.scan(work)


def _shown(row: Seen, names: dict[AccountId, str]) -> LoginShown:
    one = row.attempt
    return LoginShown(
        names.get(one.account, ""),
        one.name,
        one.protocol,
        one.mechanism,
        one.client,
        one.ip,
        one.tls,
        one.outcome,
        row.first.isoformat(timespec="seconds"),
        row.last.isoformat(timespec="seconds"),
        row.count,
    )


def _spell_place(place: Place | None) -> str:
    return f"{place.last}.{place.account}.{place.key.hex()}" if place else ""


def _read_place(text: str) -> Place | None:
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise QueryInvalid("parameter after: it has to be what the answer before this one said")
    return Place(int(found[1]), int(found[2]), bytes.fromhex(found[3]))


ROUTES = (Route("GET", "/api/admin/logins", list_logins),)
