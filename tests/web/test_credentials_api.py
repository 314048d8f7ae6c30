"""Passwords, app passwords and the list of logins over the API."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from roost.base.ids import AccountId
from roost.service.login import PasswordLogin, Passwords
from roost.service.login_attempts import LoginAttempts
from roost.service.login_cache import LoginCache
from roost.store.login_attempts import NOBODY, Attempt
from roost.testing.admin_api import AdminApi
from roost.testing.passwords import PlainHasher

ANNA = "anna@example.org"


def passwords(api: AdminApi) -> Passwords:
    return Passwords(api.parts.store, PlainHasher(), LoginCache(b"key"), api.clock)


async def signs_in(api: AdminApi, password: str) -> bool:
    try:
        await passwords(api).check(PasswordLogin(ANNA, password, "imap"))
    except Exception:  # whichever: it does not sign in
        return False
    return True


async def test_a_password_is_made_and_shown_once(filled: AdminApi) -> None:
    answer = await filled("PUT", "/accounts/anna/password", {"generate": True, "reason": "new"})
    made = answer.json["password"]
    assert answer.json["account"] == "anna"
    assert await signs_in(filled, made)
    newest = (await filled("GET", "/revisions")).json["revisions"][0]
    assert newest["reason"] == "new"
    assert made not in str(newest)
    assert made not in repr(filled.log.events)


async def test_an_app_password_from_beginning_to_end(filled: AdminApi) -> None:
    place = "/accounts/anna/app-passwords"
    body = {"label": "phone", "protocols": ["smtp", "imap"], "expires_in": "90d"}
    made = (await filled("POST", f"/accounts/{quote(ANNA)}/app-passwords", body)).json
    shown = made["app_password"]
    expires = (filled.clock.now() + timedelta(days=90)).isoformat()
    assert made["account"] == "anna"
    assert (shown["label"], shown["protocols"]) == ("phone", ["imap", "smtp"])
    assert (shown["expires"], shown["last_used"]) == (expires, None)
    assert await signs_in(filled, made["password"])
    listed = await filled("GET", place)
    [row] = listed.json["app_passwords"]
    assert row == shown | {"last_used": filled.clock.now().isoformat()}
    assert made["password"].encode() not in listed.octets
    assert (await filled("DELETE", f"{place}/{shown['number']}")).json == {}
    assert (await filled("GET", place)).json == {"account": "anna", "app_passwords": []}
    assert not await signs_in(filled, made["password"])


async def test_a_new_password_leaves_app_passwords_unless_told(filled: AdminApi) -> None:
    place = "/accounts/anna/app-passwords"
    await filled("POST", place, {"label": "phone"})
    await filled("PUT", "/accounts/anna/password", {"password": "correct horse"})
    assert len((await filled("GET", place)).json["app_passwords"]) == 1
    body = {"password": "correct cow", "remove_app_passwords": True}
    await filled("PUT", "/accounts/anna/password", body)
    assert (await filled("GET", place)).json["app_passwords"] == []


async def note(api: AdminApi, *attempts: Attempt) -> None:
    log = LoginAttempts(api.parts.store, api.clock)
    for attempt in attempts:
        log.note(attempt)
        api.clock.advance(timedelta(minutes=1))
    await log.flush()


GOOD = Attempt(AccountId(1), ANNA, "imap", "PLAIN", "Mail 1.0", "192.0.2.1", "TLSv1.3", "ok")
WRONG = Attempt(AccountId(1), ANNA, "smtp", "LOGIN", "", "192.0.2.2", "", "wrong_password")
STRANGER = Attempt(NOBODY, "root", "imap", "PLAIN", "", "192.0.2.2", "", "unknown")


async def test_logins_are_shown_the_latest_first(filled: AdminApi) -> None:
    begin = filled.clock.now().isoformat()
    await note(filled, GOOD, WRONG, STRANGER)
    answer = (await filled("GET", "/logins")).json
    assert [row["name"] for row in answer["logins"]] == ["root", ANNA, ANNA]
    assert answer["logins"][2] == {
        "account": "anna",
        "name": ANNA,
        "protocol": "imap",
        "mechanism": "PLAIN",
        "client": "Mail 1.0",
        "ip": "192.0.2.1",
        "tls": "TLSv1.3",
        "outcome": "ok",
        "first": begin,
        "last": begin,
        "count": 1,
    }
    assert answer["logins"][0]["account"] == ""


@pytest.mark.parametrize(
    ("query", "outcomes"),
    [
        ("account=anna", ["wrong_password", "ok"]),
        (f"account={quote(ANNA)}&failed=true", ["wrong_password"]),
        ("failed=1", ["unknown", "wrong_password"]),
        ("protocol=smtp", ["wrong_password"]),
        ("outcome=ok", ["ok"]),
        ("ip=192.0.2.2&protocol=imap", ["unknown"]),
    ],
)
async def test_logins_are_filtered(filled: AdminApi, query: str, outcomes: list[str]) -> None:
    await note(filled, GOOD, WRONG, STRANGER)
    answer = (await filled("GET", f"/logins?{query}")).json
    assert [row["outcome"] for row in answer["logins"]] == outcomes


async def test_a_long_list_goes_on_where_it_ended(filled: AdminApi) -> None:
    log = LoginAttempts(filled.parts.store, filled.clock)
    for number in range(250):
        log.note(Attempt(NOBODY, f"n{number}", "imap", "PLAIN", "", "192.0.2.1", "", "unknown"))
    await log.flush()
    names: set[str] = set()
    after = ""
    for size in (100, 100, 50):
        answer = (await filled("GET", f"/logins?after={after}")).json
        assert len(answer["logins"]) == size
        names |= {row["name"] for row in answer["logins"]}
        after = answer["after"]
    assert (len(names), after) == (250, "")
