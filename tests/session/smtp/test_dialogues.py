"""Plays tests/dialogue/smtp: whole lines, then one octet at a time."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.server_config import Role, ServerConfig
from roost.session.smtp.inbound import InboundSession
from roost.session.smtp.ports import SmtpPort
from roost.session.smtp.submission import SubmissionSession
from roost.testing.clock import StoppedClock
from roost.testing.dialogue import play, read_script
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom
from roost.testing.smtp import MemoryMail, Refused
from roost.testing.wire import TLS, MemoryWire

FOLDER = Path(__file__).parents[2] / "dialogue" / "smtp"
FILES = sorted(FOLDER.glob("*.txt"))


def config_of(role: Role, options: Mapping[str, str]) -> ServerConfig:
    """The port that a dialogue asks for."""
    return ServerConfig(
        "mx.test",
        role,
        Extensions(
            max_message_octets=int(options.get("max_message", "1000")),
            max_recipients=int(options.get("max_recipients", "1000")),
            dsn=options.get("dsn") == "on",
            require_tls=options.get("requiretls") == "on",
        ),
        mechanisms=mechanisms_of(role, options),
        auth_required=role is Role.SUBMISSION,
        auth_in_clear=role is Role.LOCALSERVE,
    )


def mechanisms_of(role: Role, options: Mapping[str, str]) -> tuple[Offered, ...]:
    """Those that a dialogue asks for, the simple ones where it asks for none."""
    if role is Role.MX:
        return ()
    names = options.get("mechanisms", "EXTERNAL PLAIN LOGIN").split(" ")
    return tuple(one for one in MECHANISMS if one.name in names)


async def connect(clock: StoppedClock, _who: str, options: Mapping[str, str]) -> MemoryWire:
    role = Role(options.get("role", "mx"))
    house = MemoryMail(accepting=options.get("disk") != "low")
    if role is Role.LOCALSERVE:
        house.known = {"*"}
    for step, code in (
        option.split(" ") for option in options.get("fail", "").split(",") if option
    ):
        house.errors[step] = Refused(code)
    port = SmtpPort(config_of(role, options), house.services(), clock, ListLog(), SeededRandom())
    session = (SubmissionSession if role is Role.SUBMISSION else InboundSession)(port)
    secured = replace(TLS, peer_key="its fingerprint") if "key" in options else TLS
    if options.get("key") == "known":
        house.keys["its fingerprint"] = "a@b.test"
    tls = secured if options.get("tls") == "on" else None
    return MemoryWire(session, tls=tls, tls_later=secured).connect()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("one_octet_at_a_time", [False, True], ids=["lines", "octets"])
async def test_dialogue(path: Path, one_octet_at_a_time: bool) -> None:
    clock = StoppedClock()
    await play(
        read_script(path),
        partial(connect, clock),
        clock=clock,
        one_octet_at_a_time=one_octet_at_a_time,
    )


def test_there_are_dialogues_and_each_names_its_rfc() -> None:
    assert len(FILES) > 20
    for path in FILES:
        assert path.read_text().startswith("# RFC "), path
