"""The admin API, driven as its clients do: every route, and every error that it documents."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.ports.log_events import Event
from roost.service import accounts
from roost.service.login_queue import LoginBusy
from roost.store import accounts as account_rows
from roost.store import acl, credentials
from roost.store.acl import WHOLE, Entry, Identifier
from roost.store.engine import WriteTx
from roost.testing.admin_api import IDS, AdminApi
from roost.testing.client_keys import make_client_key
from roost.testing.clock import START
from roost.web.api.admin import ROUTES


def path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


async def test_status_tells_what_runs(api: AdminApi) -> None:
    answer = await api("GET", "/status")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {
        "version": "1.2.3",
        "pid": 42,
        "started": "2026-01-02T03:04:05+00:00",
        "data": "/data",
        "ports": [{"service": "smtp", "ip": "::1", "port": 25}],
        "connections": {"public.imap": 2},
    }


async def test_stop_is_passed_on(api: AdminApi) -> None:
    assert (await api("POST", "/stop", {})).status == 200
    assert api.stopped == [True]


async def test_metrics_are_text(api: AdminApi) -> None:
    answer = await api("GET", "/metrics")
    assert answer.octets == b"# HELP roost_x\n"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_a_connection_id_is_read_back(api: AdminApi) -> None:
    answer = await api("GET", path("connections", IDS.encode(77)))
    assert answer.json == {"number": 77}


async def test_check_finds_nothing_wrong_with_a_fresh_store(filled: AdminApi) -> None:
    assert (await filled("POST", "/check", {})).json == {"differences": []}
    assert (await filled("POST", "/check", {"repair": True})).json == {"differences": []}


async def test_a_domain_from_beginning_to_end(api: AdminApi) -> None:
    added = await api("POST", "/domains", {"name": "Bücher.example.", "reason": "ours"})
    assert added.json["name"] == "bücher.example"
    assert added.json["ascii"] == "xn--bcher-kva.example"
    place = path("domains", "bücher.example")
    assert (await api("GET", place)).json == added.json
    assert (await api("GET", path("domains", "xn--bcher-kva.example"))).json == added.json
    saved = await api(
        "PUT",
        place,
        {"settings": {"catch_all": "", "disabled": True}, "made_from": added.json["revision"]},
    )
    assert saved.json["settings"] == {"disabled": True}
    assert (await api("DELETE", place)).json == {}
    assert (await api("GET", place)).code == "domain_unknown"
    assert (await api("GET", "/domains")).json == {"domains": [], "after": ""}


async def test_an_account_from_beginning_to_end(filled: AdminApi) -> None:
    shown = (await filled("GET", "/accounts/anna")).json
    assert shown["addresses"] == ["anna@example.org", "info@example.org"]
    assert (shown["used_octets"], shown["used_messages"]) == (0, 0)
    saved = await filled(
        "PUT", "/accounts/anna", {"settings": {"quota": "2G"}, "made_from": shown["revision"]}
    )
    assert saved.json["settings"] == {"quota": "2g"}
    done = await filled("PUT", "/accounts/anna/password", {"password": "correct horse"})
    assert done.json == {"account": "anna"}
    assert (await filled("DELETE", "/accounts/anna")).status == 200
    assert (await filled("GET", "/accounts")).json == {"accounts": [], "after": ""}


@pytest.mark.parametrize(
    "name",
    ["anna", "ANNA", "anna@example.org", "INFO@Example.ORG", "anna+shop@example.org"],
)
async def test_an_account_is_found_by_name_and_by_address(filled: AdminApi, name: str) -> None:
    assert (await filled("GET", path("accounts", name))).json["name"] == "anna"


async def test_an_account_whose_name_looks_like_an_address_is_found_by_it(filled: AdminApi) -> None:
    await filled("POST", "/accounts", {"name": "bob@else", "address": "bob@example.org"})
    assert (await filled("GET", path("accounts", "bob@else"))).json["name"] == "bob@else"


async def test_an_address_from_beginning_to_end(filled: AdminApi) -> None:
    place = path("addresses", "info@example.org")
    shown = (await filled("GET", place)).json
    assert (shown["address"], shown["account"]) == ("info@example.org", "anna")
    saved = await filled(
        "PUT", place, {"settings": {"mailbox": "Info"}, "made_from": shown["revision"]}
    )
    assert saved.json["settings"] == {"mailbox": "Info"}
    assert (await filled("DELETE", place)).json == {}
    assert (await filled("GET", place)).code == "address_unknown"


@pytest.mark.parametrize(
    "address",
    [
        '" "@example.org',
        '"  "@example.org',
        "a/b@example.org",
        '"../.."@example.org',
        '"a@b"@example.org',
        '"quote\\" and \\\\ back"@example.org',
        "what?&=#%25@example.org",
        "x" * 128 + "@example.org",
        "üñí@example.org",
        "пошта@example.org",
        '"tab ; semicolon"@example.org',
    ],
)
async def test_an_address_with_an_odd_name_is_reached_by_its_escaped_path(
    filled: AdminApi, address: str
) -> None:
    """RFC 5321 section 4.1.2: nearly anything may stand in a local part."""
    added = await filled("POST", "/addresses", {"address": address, "account": "anna"})
    assert added.json["address"] == address
    place = path("addresses", address)
    assert (await filled("GET", place)).json == added.json
    assert (await filled("GET", path("accounts", address))).json["name"] == "anna"
    saved = await filled("PUT", place, {"settings": {"full_name": "X"}, "made_from": None})
    assert saved.json["settings"] == {"full_name": "X"}
    assert (await filled("DELETE", place)).status == 200


async def test_one_space_and_two_are_two_addresses(filled: AdminApi) -> None:
    one, two = '" "@example.org', '"  "@example.org'
    await filled("POST", "/addresses", {"address": one, "account": "anna"})
    await filled("POST", "/accounts", {"name": "bob", "address": two})
    assert (await filled("GET", path("addresses", one))).json["account"] == "anna"
    assert (await filled("GET", path("addresses", two))).json["account"] == "bob"
    listed = [row["address"] for row in (await filled("GET", "/addresses")).json["addresses"]]
    assert listed.index(one) >= 0
    assert listed.index(two) >= 0


async def test_lists_go_on_after_a_full_page(api: AdminApi) -> None:
    await api("POST", "/domains", {"name": "d.test"})
    for number in range(101):
        body = {"name": f"n{number:03}", "address": f"n{number:03}@d.test"}
        assert (await api("POST", "/accounts", body)).status == 200
    for number in range(401):
        body = {"address": f"x {number:03}".replace(" ", "/") + "@d.test", "account": "n000"}
        assert (await api("POST", "/addresses", body)).status == 200
    listed = await pages(api, "/accounts", "accounts")
    assert [row["name"] for row in listed] == [f"n{number:03}" for number in range(101)]
    addresses = await pages(api, "/addresses", "addresses")
    assert len({row["address"] for row in addresses}) == len(addresses) == 502


async def pages(api: AdminApi, place: str, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    after = ""
    while True:
        answer = (await api("GET", f"{place}?after={quote(after, safe='')}")).json
        found += answer[name]
        after = answer["after"]
        if not after:
            return found


async def test_the_end_of_a_list_of_domains_is_told(api: AdminApi) -> None:
    for number in range(3):
        await api("POST", "/domains", {"name": f"d{number}.test"})
    answer = (await api("GET", "/domains?after=d0.test")).json
    assert [row["name"] for row in answer["domains"]] == ["d1.test", "d2.test"]
    assert answer["after"] == ""


async def test_a_share_from_beginning_to_end(filled: AdminApi) -> None:
    await filled("POST", "/accounts", {"name": "bob", "address": "bob@example.org"})
    whole = {"owner": "info@example.org", "user": "bob", "rights": "write", "send_as": True}
    added = (await filled("POST", "/shares", whole)).json
    assert added == {
        "owner": "anna@example.org",
        "mailbox": "",
        "user": "bob@example.org",
        "rights": "lrswipte",
        "send_as": True,
        "revision": 5,
    }
    one = {"owner": "anna", "user": "bob@example.org", "rights": "lr", "mailbox": "inbox"}
    single = (await filled("POST", "/shares", one)).json
    assert (single["mailbox"], single["rights"]) == ("INBOX", "lr")
    assert (await filled("GET", "/shares")).json == {"shares": [added, single], "after": ""}
    assert (await filled("GET", "/shares/anna/bob?mailbox=INBOX")).json == single
    save = {"rights": "none", "send_as": False, "made_from": single["revision"]}
    saved = (await filled("PUT", "/shares/anna/bob?mailbox=INBOX", save)).json
    assert saved["rights"] == ""
    assert (await filled("DELETE", "/shares/anna/bob")).json == {}
    assert (await filled("GET", "/shares")).json["shares"] == []
    assert (await filled("POST", "/revisions/8/undo")).status == 200
    back = (await filled("GET", "/shares")).json["shares"]
    assert [(row["mailbox"], row["rights"], row["send_as"]) for row in back] == [
        ("", "lrswipte", True),
        ("INBOX", "", False),
    ]


async def test_shares_go_on_after_a_full_page(
    filled: AdminApi,
) -> None:
    store, entries = filled.parts.store, 501

    async def fill(tx: WriteTx) -> None:
        for number in range(entries):
            user = await account_rows.add(tx, f"u{number}", AccountSettings(), START, 1)
            await acl.put(tx, AccountId(1), Entry(WHOLE, Identifier(user.id), "lr"))

    await store.write(fill)
    first = (await filled("GET", "/shares")).json
    rest = (await filled("GET", f"/shares?after={quote(first['after'])}")).json
    users = [row["user"] for row in first["shares"] + rest["shares"]]
    assert users == [f"u{number}" for number in range(entries)]
    assert rest["after"] == ""


async def test_revisions_say_who_changed_what_and_why(filled: AdminApi) -> None:
    body = {"settings": {"quota": "1g"}, "made_from": None, "reason": "asked for"}
    await filled("PUT", "/accounts/anna", body, uid=1000)
    newest = (await filled("GET", "/revisions")).json["revisions"][0]
    assert newest == {
        "number": 4,
        "made": "2026-01-02T03:04:05+00:00",
        "actor": "admin:anna",
        "reason": "asked for",
        "changes": [
            {
                "table": "account",
                "key": "anna",
                "what": "changed",
                "differences": [{"path": "settings.quota", "before": None, "after": "1g"}],
            }
        ],
    }
    older = (await filled("GET", "/revisions?before=3")).json["revisions"]
    assert [one["number"] for one in older] == [2, 1]


async def test_a_revision_is_undone(filled: AdminApi) -> None:
    await filled("DELETE", "/accounts/anna")
    done = await filled("POST", "/revisions/4/undo", {"reason": "a mistake"})
    assert done.json["reason"] == "a mistake"
    assert [one["what"] for one in done.json["changes"]] == ["added"] * 3
    assert (await filled("GET", "/accounts/anna")).json["addresses"] != []


async def test_two_admins_at_once_the_second_is_told_what_changed(filled: AdminApi) -> None:
    seen = (await filled("GET", "/accounts/anna")).json["revision"]
    first = {"settings": {"quota": "1g"}, "made_from": seen}
    second = {"settings": {"full_name": "Anna"}, "made_from": seen}
    assert (await filled("PUT", "/accounts/anna", first)).status == 200
    refused = await filled("PUT", "/accounts/anna", second, uid=1000)
    assert (refused.status, refused.code) == (409, "stale_revision")
    assert "settings.quota" in refused.json["error"]["message"]
    again = {"settings": {"full_name": "Anna"}, "made_from": None}
    assert (await filled("PUT", "/accounts/anna", again, uid=1000)).status == 200


async def test_an_account_can_be_undone_for_a_day_only(filled: AdminApi) -> None:
    await filled("DELETE", "/accounts/anna")
    filled.clock.advance(timedelta(hours=25))
    refused = await filled("POST", "/revisions/4/undo")
    assert (refused.status, refused.code) == (409, "undo_impossible")


ANNA = {"name": "anna2", "address": "anna2@example.org"}
LONG = "x" * 1001
SHARE = {"owner": "anna", "user": "single", "rights": "read"}
SAVED = {"rights": "read", "send_as": False, "made_from": None}

# One row for each way a request is refused: method, place, body, status, code.
KEYS = "/tls-public-keys"
KEPT = make_client_key(
    key=Ed25519PrivateKey.from_private_bytes(bytes(32))
)  # it is in names of tests
KEPT_KEY = f"{KEYS}/{KEPT.fingerprint}"
NEW_KEY = {"address": "anna@example.org", "certificate": make_client_key().pem}
SAVED_KEY = {
    "address": "all@keeper.test", "name": "n", "no_imap_preauth": True, "made_from": None,
}  # fmt: skip
REFUSED: list[tuple[str, str, object, int, str]] = [
    ("POST", "/domains", {"name": "example.org"}, 409, "domain_exists"),
    ("POST", "/domains", {"name": "-"}, 400, "domain_invalid"),
    ("POST", "/domains", {"name": "ü" * 300}, 400, "domain_invalid"),
    ("POST", "/domains", {"name": LONG}, 400, "body_invalid"),
    ("POST", "/domains", {"name": "a.test", "settings": {"catch_all": "x"}}, 400, "settings_invalid"),
    ("GET", "/domains/else.test", None, 404, "domain_unknown"),
    ("GET", path("domains", "a b"), None, 400, "domain_invalid"),
    ("PUT", "/domains/-", {"settings": {}, "made_from": None}, 400, "domain_invalid"),
    ("PUT", "/domains/else.test", {"settings": {}, "made_from": None}, 404, "domain_unknown"),
    ("PUT", "/domains/example.org", {"settings": {}, "made_from": 999}, 409, "stale_revision"),
    ("PUT", "/domains/example.org", {"settings": {"localpart_separators": ["n"]}, "made_from": None}, 400, "body_invalid"),
    ("PUT", "/domains/example.org", {"settings": {"localpart_separators": ["fo", "."], "catch_all": "no"}, "made_from": None}, 400, "body_invalid"),
    ("PUT", "/domains/example.org", {"settings": {"catch_all": "no"}, "made_from": None}, 400, "settings_invalid"),
    ("DELETE", "/domains/example.org", None, 409, "domain_in_use"),
    ("DELETE", "/domains/else.test", None, 404, "domain_unknown"),
    ("DELETE", "/domains/-", None, 400, "domain_invalid"),
    ("POST", "/accounts", ANNA | {"name": "anna"}, 409, "account_exists"),
    ("POST", "/accounts", ANNA | {"name": "-"}, 400, "name_invalid"),
    ("POST", "/accounts", ANNA | {"address": "anna"}, 400, "address_invalid"),
    ("POST", "/accounts", ANNA | {"address": "anna@[1.2.3.4]"}, 400, "address_invalid"),
    ("POST", "/accounts", ANNA | {"address": "anna@-"}, 400, "domain_invalid"),
    ("POST", "/accounts", ANNA | {"address": "a@else.test"}, 404, "domain_unknown"),
    ("POST", "/accounts", ANNA | {"address": "Info@example.org"}, 409, "address_exists"),
    ("POST", "/accounts", ANNA | {"settings": {"quota": "2.5g"}}, 400, "body_invalid"),
    ("POST", "/accounts", ANNA | {"settings": {"quota": -5}}, 400, "settings_invalid"),
    ("POST", "/accounts", ANNA | {"settings": {"full_name": LONG}}, 400, "body_invalid"),
    ("GET", "/accounts/bob", None, 404, "account_unknown"),
    ("GET", "/accounts/bob@example.org", None, 404, "address_unknown"),
    ("GET", "/accounts/bob@else.test", None, 404, "domain_unknown"),
    ("GET", path("accounts", "@"), None, 404, "account_unknown"),
    ("PUT", "/accounts/bob", {"settings": {}, "made_from": None}, 404, "account_unknown"),
    ("PUT", "/accounts/b@example.org", {"settings": {}, "made_from": None}, 404, "address_unknown"),
    ("PUT", "/accounts/b@else.test", {"settings": {}, "made_from": None}, 404, "domain_unknown"),
    ("PUT", "/accounts/anna", {"settings": {}, "made_from": 1 << 53}, 400, "body_invalid"),
    ("PUT", "/accounts/anna", {"settings": {}, "made_from": -1}, 400, "body_invalid"),
    ("PUT", "/accounts/anna", {"settings": {}, "made_from": 10**30}, 400, "body_invalid"),
    ("PUT", "/accounts/anna", {"settings": {}, "made_from": 1}, 409, "stale_revision"),
    ("PUT", "/accounts/anna", {"settings": {}}, 400, "body_invalid"),
    ("PUT", "/accounts/anna", {"settings": {"quota": -5}, "made_from": None}, 400, "settings_invalid"),
    ("DELETE", "/accounts/bob", None, 404, "account_unknown"),
    ("DELETE", "/accounts/keeper", None, 409, "address_in_use"),
    ("PUT", "/accounts/bob/password", {"password": "correct horse"}, 404, "account_unknown"),
    ("PUT", "/accounts/b@example.org/password", {"password": "correct horse"}, 404, "address_unknown"),
    ("PUT", "/accounts/b@else.test/password", {"password": "correct horse"}, 404, "domain_unknown"),
    ("PUT", "/accounts/anna/password", {"password": "short"}, 400, "password_invalid"),
    ("PUT", "/accounts/anna/password", {"password": "control\x00char"}, 400, "password_invalid"),
    ("PUT", "/accounts/anna/password", {"password": "\ud800 surrogate"}, 400, "body_invalid"),
    ("PUT", "/accounts/anna/password", {"password": "refused as busy"}, 503, "login_busy"),
    ("PUT", "/accounts/anna/password", {"password": "password1"}, 400, "password_invalid"),
    ("PUT", "/accounts/anna/password", {}, 400, "password_invalid"),
    ("PUT", "/accounts/anna/password", {"password": "correct horse", "generate": True}, 400, "password_invalid"),
    ("GET", "/accounts/bob/app-passwords", None, 404, "account_unknown"),
    ("GET", "/accounts/b@example.org/app-passwords", None, 404, "address_unknown"),
    ("GET", "/accounts/b@else.test/app-passwords", None, 404, "domain_unknown"),
    ("POST", "/accounts/bob/app-passwords", {"label": "phone"}, 404, "account_unknown"),
    ("POST", "/accounts/b@example.org/app-passwords", {"label": "phone"}, 404, "address_unknown"),
    ("POST", "/accounts/b@else.test/app-passwords", {"label": "phone"}, 404, "domain_unknown"),
    ("POST", "/accounts/anna/app-passwords", {"label": " "}, 400, "app_password_invalid"),
    ("POST", "/accounts/anna/app-passwords", {"label": "phone", "protocols": ["gopher"]}, 400, "app_password_invalid"),
    ("POST", "/accounts/anna/app-passwords", {"label": "phone", "expires_in": "0s"}, 400, "app_password_invalid"),
    ("POST", "/accounts/anna/app-passwords", {"label": "phone", "expires_in": "999999999w"}, 400, "body_invalid"),
    ("POST", "/accounts/anna/app-passwords", {"label": "phone", "expires_in": "soon"}, 400, "body_invalid"),
    ("POST", "/accounts/anna/app-passwords", {"label": "phone"}, 503, "login_busy"),
    ("POST", "/accounts/single/app-passwords", {"label": "phone"}, 409, "too_many_app_passwords"),
    ("DELETE", "/accounts/bob/app-passwords/1", None, 404, "account_unknown"),
    ("DELETE", "/accounts/b@example.org/app-passwords/1", None, 404, "address_unknown"),
    ("DELETE", "/accounts/b@else.test/app-passwords/1", None, 404, "domain_unknown"),
    ("DELETE", "/accounts/anna/app-passwords/999", None, 404, "app_password_unknown"),
    ("DELETE", path("accounts", "anna", "app-passwords", "²"), None, 404, "app_password_unknown"),
    ("GET", "/logins?account=bob", None, 404, "account_unknown"),
    ("GET", "/logins?account=b@example.org", None, 404, "address_unknown"),
    ("GET", "/logins?account=b@else.test", None, 404, "domain_unknown"),
    ("GET", "/logins?outcome=fine", None, 400, "query_invalid"),
    ("GET", "/logins?protocol=gopher", None, 400, "query_invalid"),
    ("GET", "/logins?after=x", None, 400, "query_invalid"),
    ("GET", "/logins?failed=perhaps", None, 400, "query_invalid"),
    ("POST", "/addresses", {"address": "info@example.org", "account": "anna"}, 409, "address_exists"),
    ("POST", "/addresses", {"address": "b@example.org", "account": "bob"}, 404, "account_unknown"),
    ("POST", "/addresses", {"address": "b@else.test", "account": "anna"}, 404, "domain_unknown"),
    ("POST", "/addresses", {"address": "b@-", "account": "anna"}, 400, "domain_invalid"),
    ("POST", "/addresses", {"address": "b", "account": "anna"}, 400, "address_invalid"),
    ("POST", "/addresses", {"address": '""@example.org', "account": "anna"}, 400, "address_invalid"),
    ("POST", "/addresses", {"address": "b+tag@example.org", "account": "anna"}, 400, "address_invalid"),
    ("POST", "/addresses", {"address": "b@example.org", "account": "anna", "settings": {"mailbox": "a\x00b"}}, 400, "settings_invalid"),
    ("GET", "/addresses/b", None, 400, "address_invalid"),
    ("GET", "/addresses/b@-", None, 400, "domain_invalid"),
    ("GET", "/addresses/b@else.test", None, 404, "domain_unknown"),
    ("GET", "/addresses/b@example.org", None, 404, "address_unknown"),
    ("PUT", "/addresses/b", {"settings": {}, "made_from": None}, 400, "address_invalid"),
    ("PUT", "/addresses/b@-", {"settings": {}, "made_from": None}, 400, "domain_invalid"),
    ("PUT", "/addresses/b@else.test", {"settings": {}, "made_from": None}, 404, "domain_unknown"),
    ("PUT", "/addresses/b@example.org", {"settings": {}, "made_from": None}, 404, "address_unknown"),
    ("PUT", "/addresses/info@example.org", {"settings": {}, "made_from": 1}, 409, "stale_revision"),
    ("PUT", "/addresses/info@example.org", {"settings": {"mailbox": ""}, "made_from": None}, 400, "settings_invalid"),
    ("DELETE", "/addresses/b", None, 400, "address_invalid"),
    ("DELETE", "/addresses/b@-", None, 400, "domain_invalid"),
    ("DELETE", "/addresses/b@else.test", None, 404, "domain_unknown"),
    ("DELETE", "/addresses/b@example.org", None, 404, "address_unknown"),
    ("DELETE", "/addresses/only@keeper.test", None, 409, "address_is_last"),
    ("DELETE", "/addresses/all@keeper.test", None, 409, "address_in_use"),
    ("POST", "/shares", SHARE | {"owner": "bob"}, 404, "account_unknown"),
    ("POST", "/shares", SHARE | {"user": "b@else.test"}, 404, "domain_unknown"),
    ("POST", "/shares", SHARE | {"user": "b@example.org"}, 404, "address_unknown"),
    ("POST", "/shares", SHARE | {"mailbox": "Nowhere"}, 404, "mailbox_unknown"),
    ("POST", "/shares", SHARE | {"mailbox": "a//b"}, 404, "mailbox_unknown"),
    ("POST", "/shares", SHARE | {"user": "keeper"}, 409, "share_exists"),
    ("POST", "/shares", SHARE | {"user": "anna"}, 400, "settings_invalid"),
    ("POST", "/shares", SHARE | {"rights": "some"}, 400, "settings_invalid"),
    ("POST", "/shares", SHARE | {"mailbox": "INBOX", "send_as": True}, 400, "settings_invalid"),
    ("POST", "/shares", SHARE | {"rights": LONG}, 400, "body_invalid"),
    ("GET", "/shares/anna/bob", None, 404, "account_unknown"),
    ("GET", "/shares/anna/b@else.test", None, 404, "domain_unknown"),
    ("GET", "/shares/b@example.org/anna", None, 404, "address_unknown"),
    ("GET", "/shares/anna/keeper?mailbox=x", None, 404, "mailbox_unknown"),
    ("GET", "/shares/anna/keeper?mailbox=INBOX", None, 404, "share_unknown"),
    ("GET", "/shares/anna/keeper?box=INBOX", None, 400, "query_invalid"),
    ("PUT", "/shares/anna/bob", SAVED, 404, "account_unknown"),
    ("PUT", "/shares/anna/b@else.test", SAVED, 404, "domain_unknown"),
    ("PUT", "/shares/b@example.org/anna", SAVED, 404, "address_unknown"),
    ("PUT", "/shares/anna/keeper?mailbox=x", SAVED, 404, "mailbox_unknown"),
    ("PUT", "/shares/anna/single", SAVED, 404, "share_unknown"),
    ("PUT", "/shares/anna/keeper", SAVED | {"rights": "z"}, 400, "settings_invalid"),
    ("PUT", "/shares/anna/keeper", SAVED | {"made_from": 1}, 409, "stale_revision"),
    ("DELETE", "/shares/anna/bob", None, 404, "account_unknown"),
    ("DELETE", "/shares/anna/b@else.test", None, 404, "domain_unknown"),
    ("DELETE", "/shares/b@example.org/anna", None, 404, "address_unknown"),
    ("DELETE", "/shares/anna/keeper?mailbox=x", None, 404, "mailbox_unknown"),
    ("DELETE", "/shares/anna/keeper?mailbox=INBOX", None, 404, "share_unknown"),
    ("DELETE", "/shares/keeper/anna", None, 404, "share_unknown"),
    ("GET", "/imap/anna", None, 400, "address_invalid"),
    ("GET", "/imap/anna@-", None, 400, "domain_invalid"),
    ("GET", "/imap/bob@example.org", None, 404, "address_unknown"),
    ("GET", "/imap/bob@else.test", None, 404, "address_unknown"),
    ("GET", "/imap/only@keeper.test", None, 403, "login_disabled"),
    ("GET", "/imap/anna@example.org", None, 426, "upgrade_required"),
    ("GET", "/imap/anna@example.org?x=1", None, 400, "query_invalid"),
    ("DELETE", "/addresses/second@keeper.test", None, 409, "login_address_in_use"),
    ("DELETE", "/domains/keeper.test", None, 409, "login_address_in_use"),
    ("POST", KEYS, NEW_KEY | {"address": "b"}, 400, "address_invalid"),
    ("POST", KEYS, NEW_KEY | {"address": "b@-"}, 400, "domain_invalid"),
    ("POST", KEYS, NEW_KEY | {"address": "b@else.test"}, 404, "domain_unknown"),
    ("POST", KEYS, NEW_KEY | {"address": "b@example.org"}, 404, "address_unknown"),
    ("POST", KEYS, NEW_KEY | {"certificate": ""}, 400, "tls_public_key_invalid"),
    ("POST", KEYS, NEW_KEY | {"certificate": "x" * 60_000}, 400, "body_invalid"),
    ("POST", KEYS, NEW_KEY | {"name": "a\tb"}, 400, "tls_public_key_invalid"),
    ("POST", KEYS, NEW_KEY | {"certificate": KEPT.pem}, 409, "tls_public_key_exists"),
    ("GET", f"{KEYS}?account=bob", None, 404, "account_unknown"),
    ("GET", f"{KEYS}?account=b@else.test", None, 404, "domain_unknown"),
    ("GET", f"{KEYS}?account=b@example.org", None, 404, "address_unknown"),
    ("GET", f"{KEYS}/none", None, 404, "tls_public_key_unknown"),
    ("PUT", f"{KEYS}/none", SAVED_KEY, 404, "tls_public_key_unknown"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"name": ""}, 400, "tls_public_key_invalid"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"address": "b"}, 400, "address_invalid"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"address": "b@-"}, 400, "domain_invalid"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"address": "b@else.test"}, 404, "domain_unknown"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"address": "b@example.org"}, 404, "address_unknown"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"address": "anna@example.org"}, 400, "address_foreign"),
    ("PUT", KEPT_KEY, SAVED_KEY | {"made_from": 1}, 409, "stale_revision"),
    ("DELETE", f"{KEYS}/none", None, 404, "tls_public_key_unknown"),
    ("POST", "/revisions/999/undo", {}, 404, "revision_unknown"),
    ("POST", "/revisions/0/undo", {}, 404, "revision_unknown"),
    ("POST", "/revisions/x/undo", {}, 404, "revision_unknown"),
    ("POST", path("revisions", "²", "undo"), {}, 404, "revision_unknown"),
    ("POST", f"/revisions/{10**30}/undo", {}, 404, "revision_unknown"),
    ("POST", "/revisions/2/undo", {}, 409, "undo_impossible"),
    ("POST", "/revisions/1/undo", {}, 409, "domain_in_use"),
    ("GET", "/connections/short", None, 404, "connection_unknown"),
    ("GET", path("connections", "ünicodes10"), None, 404, "connection_unknown"),
    ("GET", "/revisions?before=-1", None, 400, "query_invalid"),
    ("GET", f"/revisions?before={10**30}", None, 400, "query_invalid"),
    ("GET", "/revisions?before=x", None, 400, "query_invalid"),
    ("GET", "/domains?limit=3", None, 400, "query_invalid"),
    ("GET", "/status?x", None, 400, "query_invalid"),
    ("GET", "/status?x=", None, 400, "query_invalid"),
    ("POST", "/stop", {"now": True}, 400, "body_invalid"),
    ("POST", "/check", {"repair": 1}, 400, "body_invalid"),
    ("POST", "/check", [], 400, "body_invalid"),
    ("GET", "/nothing", None, 404, "route_unknown"),
    ("GET", "", None, 404, "route_unknown"),
    ("GET", "/accounts/", None, 404, "route_unknown"),
    ("GET", "/accounts/a/b", None, 404, "route_unknown"),
    ("GET", "/accounts/%ff", None, 404, "route_unknown"),
    ("POST", "/status", {}, 405, "method_not_allowed"),
    ("BREW", "/accounts", None, 405, "method_not_allowed"),
]  # fmt: skip


async def fill_app_passwords(api: AdminApi, name: str) -> None:
    account = (await accounts.get(api.parts.store, name)).id
    new = credentials.NewCredential(credentials.APP_PASSWORD, "{}", "phone")

    async def work(tx: WriteTx) -> None:
        for _ in range(100):
            await credentials.add(tx, account, new, api.clock.now())

    await api.parts.store.write(work)


@pytest.fixture
async def crowded(filled: AdminApi) -> AdminApi:
    """With an account of one address, and one whose address takes what nobody else gets.

    The first has all the app passwords that it may have.
    """
    await filled("POST", "/domains", {"name": "keeper.test"})
    await filled("POST", "/accounts", {"name": "keeper", "address": "all@keeper.test"})
    await filled("POST", "/accounts", {"name": "single", "address": "only@keeper.test"})
    await fill_app_passwords(filled, "single")
    body = {"address": "second@keeper.test", "account": "keeper"}
    await filled("POST", "/addresses", body)
    shut = {"settings": {"login_disabled": "ask Ann"}, "made_from": None}
    assert (await filled("PUT", "/accounts/single", shut)).status == 200
    assert (await filled("POST", "/shares", SHARE | {"user": "keeper"})).status == 200
    body = {"settings": {"catch_all": "all"}, "made_from": None}  # type: ignore[dict-item]
    assert (await filled("PUT", "/domains/keeper.test", body)).status == 200
    key = {"address": "second@keeper.test", "certificate": KEPT.pem}
    assert (await filled("POST", KEYS, key)).status == 200
    return filled


class BusyHasher:
    """Has no room for one password."""

    async def hash(self, password: str) -> str:
        if "busy" in password:
            raise LoginBusy
        return password

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        del rank
        return hashed == password

    async def run(self, step: Callable[[], Any]) -> Any:
        raise LoginBusy


@pytest.mark.parametrize(
    ("method", "place", "body", "status", "code"),
    REFUSED,
    ids=[f"{row[0]} {row[1][:40]} {row[4]}" for row in REFUSED],
)
async def test_says_no_with_a_code_and_a_sentence(
    crowded: AdminApi, method: str, place: str, body: object, status: int, code: str
) -> None:
    maker = replace(crowded.parts.maker, hasher=BusyHasher(), scram_hashes=("SHA-256",))
    crowded.parts = replace(crowded.parts, maker=maker)
    before = (await crowded("GET", "/revisions")).json
    answer = await crowded(method, place, body)
    assert (answer.status, answer.code) == (status, code)
    error = answer.json["error"]
    assert set(error) == {"code", "message", "temporary"}
    assert len(error["message"]) > 10
    assert error["temporary"] is (status == 503)
    assert (await crowded("GET", "/revisions")).json == before
    assert crowded.log.named(Event.COMMAND_FAILED) == []


async def test_a_tls_public_key_from_its_certificate_to_its_end(filled: AdminApi) -> None:
    added = await filled("POST", KEYS, NEW_KEY)
    shown = added.json
    assert shown == {
        "fingerprint": shown["fingerprint"],
        "account": "anna",
        "address": "anna@example.org",
        "name": "a laptop",
        "type": "ecdsa-p256",
        "no_imap_preauth": False,
        "created": "2026-01-02T03:04:05+00:00",
        "certificate": NEW_KEY["certificate"],
        "revision": shown["revision"],
    }
    place = f"{KEYS}/{shown['fingerprint']}"
    assert (await filled("GET", place)).json == shown
    for account in ("", "anna", "info@example.org"):
        listed = await filled("GET", f"{KEYS}?account={account}")
        assert listed.json == {"keys": [shown], "after": ""}
    body = {
        "address": "INFO@example.org", "name": "office", "no_imap_preauth": True,
        "made_from": shown["revision"], "reason": "moved",
    }  # fmt: skip
    saved = (await filled("PUT", place, body)).json
    said = {"address": "info@example.org", "name": "office", "no_imap_preauth": True}
    assert saved == shown | said | {"revision": saved["revision"]}
    (newest, *_) = (await filled("GET", "/revisions")).json["revisions"]
    assert (newest["number"], newest["reason"]) == (saved["revision"], "moved")
    assert (await filled("DELETE", place)).status == 200
    assert (await filled("GET", place)).status == 404


async def test_tls_public_keys_come_in_pages(filled: AdminApi) -> None:
    made = {make_client_key(kind="ed25519").pem for _ in range(100)}
    for pem in made:
        await filled("POST", KEYS, NEW_KEY | {"certificate": pem})
    first = (await filled("GET", KEYS)).json
    rest = (await filled("GET", f"{KEYS}?after={first['after']}")).json
    assert {one["certificate"] for one in first["keys"]} == made
    assert rest == {"keys": [], "after": ""}


def documented_errors() -> Iterable[tuple[str, str]]:
    for route in ROUTES:
        said = (route.handler.__doc__ or "").partition("Errors:")[2]
        for code in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", said):
            yield route.handler.__name__, code


def test_every_documented_error_has_a_row_above() -> None:
    tested = {(row[0], re.sub(r"^(/[a-z-]+).*", r"\1", row[1]), row[4]) for row in REFUSED}
    for route in ROUTES:
        noun = route.path.split("/")[3]
        said = {code for name, code in documented_errors() if name == route.handler.__name__}
        missing = {code for code in said if (route.method, f"/{noun}", code) not in tested}
        assert missing == set(), route.handler.__name__


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b'{"name":"\xff.test"}', "utf-8"),
        (b'{"name": 3}', "`$.name`"),
        (b"null", "object"),
        (b'{"name":"a.test"}{', "malformed"),
        (b"[" * 200_000, "object"),
        (b'{"name":"a.test","settings":' + b'{"a":' * 100_000, "a"),
        (b"", "name"),
    ],
    ids=["cut", "no JSON", "no UTF-8", "a number", "null", "more", "deep", "deep inside", "none"],
)
async def test_a_body_that_is_no_json_is_refused(api: AdminApi, octets: bytes, said: str) -> None:
    answer = await api("POST", "/domains", chunks=[octets])
    assert (answer.status, answer.code) == (400, "body_invalid")
    assert said in answer.json["error"]["message"].lower()


async def test_a_body_over_its_bound_is_not_kept(api: AdminApi) -> None:
    answer = await api("POST", "/domains", chunks=[b" " * 600_000] * 2 + [b"{}"])
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"


async def test_who_is_no_admin_learns_nothing(filled: AdminApi) -> None:
    for uid in (1001, None):
        for place in ("/status", "/nothing", "/accounts/anna", "/imap/anna@example.org"):
            answer = await filled("GET", place, uid=uid)
            assert (answer.status, answer.code) == (403, "not_allowed")
    assert (await filled("POST", "/stop", {}, uid=1001)).status == 403
    assert filled.stopped == []


async def test_a_path_for_other_methods_names_them(api: AdminApi) -> None:
    answer = await api("PATCH", "/accounts")
    assert answer.headers["allow"] == "GET, POST"
    assert "GET and POST" in answer.json["error"]["message"]


async def test_a_path_of_another_protocol_says_how_to_ask_for_it(filled: AdminApi) -> None:
    answer = await filled("GET", "/imap/anna@example.org")
    assert (answer.headers["upgrade"], answer.headers["connection"]) == ("imap", "Upgrade")
    assert "`Upgrade: imap`" in answer.json["error"]["message"]
    assert filled.log.named(Event.LOGIN_DONE) == []


async def test_a_bug_is_told_by_its_id_alone(api: AdminApi) -> None:
    def broken() -> bytes:
        raise RuntimeError("a secret")

    api.parts = replace(api.parts, metrics=broken)
    answer = await api("GET", "/metrics")
    assert (answer.status, answer.code) == (500, "internal")
    assert "the-request" in answer.json["error"]["message"]
    assert b"secret" not in answer.octets
    (logged,) = api.log.named(Event.COMMAND_FAILED)
    assert logged.facts["request_id"] == "the-request"
    assert isinstance(logged.error, RuntimeError)


async def test_a_client_that_goes_away_while_sending_leaves_no_trace(api: AdminApi) -> None:
    assert (await api("POST", "/domains", chunks=[])).status == 400
    assert api.log.named(Event.COMMAND_FAILED) == []


async def test_the_api_describes_itself(api: AdminApi) -> None:
    assert (await api("GET", "/openapi.json")).json["openapi"] == "3.1.0"


async def test_a_secret_is_in_no_revision_and_no_log(filled: AdminApi) -> None:
    await filled("PUT", "/accounts/anna/password", {"password": "correct horse"})
    assert b"horse" not in (await filled("GET", "/revisions")).octets
    assert "horse" not in repr(filled.log.events)
