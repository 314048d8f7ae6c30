from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from roost.proto.spf.check import Identity, SpfResult
from roost.proto.spf.received import received_spf
from roost.proto.spf.record import Result

IDENTITY = Identity(
    ip_address("192.0.2.1"),
    "ann",
    "a.example",
    "mail.a.example",
    "mx.b.example",
    datetime(2026, 1, 1, tzinfo=UTC),
)


def test_a_pass() -> None:
    found = SpfResult(Result.PASS, "a.example", "ip4:192.0.2.0/24")
    assert received_spf(found, IDENTITY) == (
        b"Received-SPF: pass (192.0.2.1 may send mail for a.example)\r\n"
        b'\tclient-ip=192.0.2.1; envelope-from="ann@a.example"; helo=mail.a.example;\r\n'
        b"\treceiver=mx.b.example; identity=mailfrom; "
        b'mechanism="ip4:192.0.2.0/24";\r\n'
    )


@given(st.text(), st.text(), st.text())
def test_nothing_a_stranger_says_ends_the_field(local: str, helo: str, problem: str) -> None:
    identity = replace(IDENTITY, local=local, helo=helo, domain=helo)
    found = SpfResult(Result.PERMERROR, helo, problem=problem)
    lines = received_spf(found, identity, of_helo=True).split(b"\r\n")
    assert lines[-1] == b""
    assert all(line.startswith(b"\t") for line in lines[1:-1])
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
