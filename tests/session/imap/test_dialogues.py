"""Plays tests/dialogue/imap: whole lines, then one octet at a time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from roost.proto.sasl.mechanisms import MECHANISMS
from roost.session.imap.ports import ImapLimits
from roost.testing.dialogue import play, read_script
from roost.testing.imap import PASSWORD, USER, ImapHouse, new_house
from roost.testing.wire import TLS, MemoryWire

FOLDER = Path(__file__).parents[2] / "dialogue" / "imap"
FILES = sorted(FOLDER.glob("*.txt"))


KEYED = replace(TLS, peer_key="its fingerprint")


def furnish(house: ImapHouse, options: Mapping[str, str]) -> None:
    """Make the house as a dialogue asks for it."""
    names = options.get("mechanisms", "EXTERNAL PLAIN").split(" ")
    house.accepting = options.get("disk") != "low"
    house.change_port(
        mechanisms=tuple(one for one in MECHANISMS if one.name in names),
        clear_text_logins=options.get("clear") == "on",
        default_quota=int(options.get("quota", "0")),
        limits=ImapLimits(
            max_append_octets=int(options.get("max_append", "10000")),
            message_limit=int(options.get("message_limit", "0")),
            save_limit=int(options.get("save_limit", "0")),
        ),
    )


def user_of(who: str, options: Mapping[str, str]) -> str:
    """Who signs in on a connection: the users of the dialogue in turn from the second one on."""
    users = [USER, *options.get("users", "").split()]
    return users[int(who or 1) - 1] if len(users) > 1 else USER


def connect_to(house: ImapHouse) -> Callable[[str, Mapping[str, str]], Awaitable[MemoryWire]]:
    async def connect(who: str, options: Mapping[str, str]) -> MemoryWire:
        furnish(house, options)
        keyed = "key" in options
        if options.get("key") in ("signs in", "waits"):
            house.sign_in_by_key(waits=options["key"] == "waits")
        wire = house.connect(
            tls=None if options.get("tls") == "off" else KEYED if keyed else TLS,
            tls_later=KEYED if keyed else TLS,
            has_certificate=options.get("certificate") != "off",
        )
        user = user_of(who, options)
        if options.get("login") == "on":
            wire.feed(f'in LOGIN "{user}" "{PASSWORD}"\r\n'.encode())
            while not (await wire.line()).startswith(b"in OK "):
                pass
        return wire

    return connect


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("one_octet_at_a_time", [False, True], ids=["lines", "octets"])
async def test_dialogue(path: Path, one_octet_at_a_time: bool) -> None:
    house, script = await new_house(), read_script(path)
    if users := script.options.get("users"):
        await house.settle(*users.split())
    await play(
        script,
        connect_to(house),
        clock=house.clock,
        one_octet_at_a_time=one_octet_at_a_time,
    )
    assert house.log.events == []
    await house.store.close()


def test_there_are_dialogues_and_each_names_its_rfc() -> None:
    assert len(FILES) > 30
    for path in FILES:
        assert path.read_text().startswith("# RFC "), path
