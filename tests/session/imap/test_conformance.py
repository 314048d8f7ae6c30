"""docs/conformance.md says which capabilities and response codes there are, and what holds each.

Both ways: whatever is announced or said has a row, and whatever has a row is announced or said.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roost.ports.net import Wire
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.service.login import Login
from roost.session.imap.ports import ImapLimits
from roost.session.sign_in import SignIn
from roost.testing.imap import PASSWORD, USER, ImapClient, ImapHouse, new_house
from roost.testing.wire import TLS

ROOT = Path(__file__).parents[3]
PROTO, SESSION = ROOT / "src/roost/proto/imap", ROOT / "src/roost/session/imap"
_CODE = re.compile(rb"[A-Z][A-Z0-9-]+")


def rows(title: str) -> dict[str, list[str]]:
    """The rows of a table: what stands in the first column, and the files in the last."""
    page = (ROOT / "docs/conformance.md").read_text()
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    names = [one[0].strip().strip("`") for one in cells]
    assert names == sorted(set(names)), "each once, in order"
    return dict(zip(names, (re.findall(r"`(tests/[^`]+)`", one[-1]) for one in cells), strict=True))


CAPABILITIES = rows("IMAP capabilities")
CODES = rows("IMAP response codes")


# Those that do not send the password, and those that do or that are bound to TLS.
IN_CLEAR = {"AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1", "AUTH=CRAM-MD5"}
UNDER_TLS = {"AUTH=PLAIN", "AUTH=SCRAM-SHA-256-PLUS", "AUTH=SCRAM-SHA-1-PLUS"}


async def capabilities(client: ImapClient) -> set[str]:
    """What CAPABILITY lists; a number that the admin sets is `n`."""
    line = (await client.ok("CAPABILITY"))[0].decode()
    words = line.removeprefix("* CAPABILITY ").split(" ")
    assert len(words) == len(set(words))
    return {re.sub(r"=[0-9]+\Z", "=n", word) for word in words}


async def a_house() -> ImapHouse:
    house = await new_house()
    mechanisms = tuple(one for one in MECHANISMS if f"AUTH={one.name}" in CAPABILITIES)
    house.change_port(limits=ImapLimits(message_limit=5000, save_limit=1000), mechanisms=mechanisms)
    return house


async def said_in_every_state() -> dict[str, set[str]]:
    house = await a_house()
    clear = ImapClient(house.connect(tls=None))
    await clear.wire.line()
    private = await house.client(login=False)
    told = {"in clear": await capabilities(clear), "with TLS": await capabilities(private)}
    house.sign_in_by_key(waits=True)
    certified = ImapClient(house.connect(tls=replace(TLS, peer_key="its fingerprint")))
    await certified.wire.line()
    told["with a certificate"] = await capabilities(certified)
    await private.ok(f'LOGIN {USER} "{PASSWORD}"')
    told["after login"] = await capabilities(private)
    await private.ok("ENABLE IMAP4rev2 UTF8=ACCEPT CONDSTORE QRESYNC METADATA UIDONLY")
    told["after ENABLE"] = await capabilities(private)
    await private.ok("SELECT INBOX")
    told["selected"] = await capabilities(private)
    await private.ok("UNAUTHENTICATE")
    told["after UNAUTHENTICATE"] = await capabilities(private)
    return told


async def test_each_capability_has_a_row_and_each_row_its_capability() -> None:
    told = await said_in_every_state()
    assert set().union(*told.values()) == set(CAPABILITIES)


async def test_which_capabilities_come_and_go() -> None:
    told = await said_in_every_state()
    always = set.intersection(*told.values())
    assert {state: words - always for state, words in told.items()} == {
        "in clear": {"STARTTLS", "LOGINDISABLED", *IN_CLEAR},
        "with TLS": {*IN_CLEAR, *UNDER_TLS},
        "with a certificate": {*IN_CLEAR, *UNDER_TLS, "AUTH=EXTERNAL"},
        "after login": set(),
        "after ENABLE": set(),
        "selected": set(),
        "after UNAUTHENTICATE": {*IN_CLEAR, *UNDER_TLS},
    }


async def test_greeting_and_login_tell_the_same_as_the_command() -> None:
    house = await a_house()
    client = ImapClient(house.connect())
    greeting = (await client.wire.line()).decode()
    asked = (await client.ok("CAPABILITY"))[0].decode().removeprefix("* ")
    assert greeting.startswith(f"* OK [{asked}] ")
    answer = (await client.ask(f'LOGIN {USER} "{PASSWORD}"'))[-1].decode()
    asked = (await client.ok("CAPABILITY"))[0].decode().removeprefix("* ")
    assert answer.startswith(f"OK [{asked}] ")


async def test_numbers_can_be_hidden_by_the_name_before_them() -> None:
    house = await a_house()
    check = house.port.check_login

    async def check_login(said: SignIn, wire: Wire) -> Login:
        login = await check(said, wire)
        return replace(login, hidden_capabilities=frozenset({"MESSAGELIMIT", "SAVELIMIT"}))

    house.change_port(check_login=check_login)
    client = await house.client()
    assert not {"MESSAGELIMIT=n", "SAVELIMIT=n"} & await capabilities(client)


def codes_defined(path: Path) -> Iterator[tuple[str, str]]:
    """The names in a module that stand for a response code or make one, each with the code."""
    for node in ast.parse(path.read_text()).body:
        name = getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", None)
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Code":
                for part in ast.walk(call):
                    value = getattr(part, "value", None)
                    if name and isinstance(value, bytes) and (found := _CODE.match(value)):
                        yield name, found[0].decode()


def codes_said() -> Iterator[str]:
    """The response codes that the session knows how to say."""
    sources = "".join(path.read_text() for path in SESSION.glob("*.py"))
    for path in PROTO.rglob("*.py"):
        for name, code in codes_defined(path):
            if re.search(rf"\b{name}\b", sources):
                yield code


def test_each_response_code_has_a_row_and_each_row_its_code() -> None:
    assert set(codes_said()) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_what_holds_a_response_code_names_it(code: str) -> None:
    assert CODES[code]
    for name in CODES[code]:
        assert re.search(rf"\[{re.escape(code)}[] ]", (ROOT / name).read_text()), name


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_what_holds_a_capability_is_there(capability: str) -> None:
    assert CAPABILITIES[capability]
    assert all((ROOT / name).is_file() for name in CAPABILITIES[capability])
