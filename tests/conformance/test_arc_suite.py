"""The public test suite of ARC, whole: validating and sealing. RFC 8617."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from roost.proto.arc.chain import Status, read_chain
from roost.proto.arc.seal import Sealer, seal
from roost.proto.arc.verify import verify_chain
from roost.proto.dkim.header import Header
from roost.proto.dkim.tags import parse_tags
from roost.proto.mime.auth_results import AuthResults, parse_auth_results
from roost.proto.mime.header import unfold
from roost.testing.check import run_check
from roost.testing.dkim import hashes_of
from roost.testing.resolver import ZoneResolver

SUITES = Path(os.environ.get("ROOST_SUITES", "../shared/suites"))
# The suite leaves the status of a chain empty that an earlier server marked as failed.
STATUS = {"": Status.FAIL, "None": Status.NONE, "Pass": Status.PASS, "Fail": Status.FAIL}


def read_cases(name: str) -> Iterator[Any]:
    path = SUITES / "arc" / name
    if not path.exists():
        reason = f"the ARC suite is not in {SUITES}: set ROOST_SUITES"
        yield pytest.param({}, {}, marks=pytest.mark.skip(reason))
        return
    for scenario in yaml.safe_load_all(path.read_text()):
        for case_name, case in scenario["tests"].items():
            yield pytest.param(scenario, case, id=case_name)


def zone_of(scenario: dict[str, Any]) -> ZoneResolver:
    return ZoneResolver(
        {
            (name, "TXT"): [text.replace("\n", "")] if text else []
            for name, text in scenario["txt-records"].items()
        }
    )


def octets_of(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(("scenario", "case"), list(read_cases("arc-draft-validation-tests.yml")))
def test_validates(scenario: dict[str, Any], case: dict[str, Any]) -> None:
    message = octets_of(case["message"])
    header = Header(message)
    chain = read_chain(header)
    check = verify_chain(header, chain, hashes_of(message, chain.bodies))
    found = run_check(check, zone_of(scenario))
    assert found.status is STATUS[case["cv"] or ""], found


@pytest.mark.parametrize(("scenario", "case"), list(read_cases("arc-draft-sign-tests.yml")))
def test_seals(scenario: dict[str, Any], case: dict[str, Any]) -> None:
    message = octets_of(case["message"])
    header = Header(message)
    chain = read_chain(header)
    key = load_pem_private_key(scenario["privatekey"].encode(), None)
    assert isinstance(key, RSAPrivateKey)
    fields = tuple(case["sig-headers"].split(":"))
    sealer = Sealer(scenario["domain"], scenario["sel"], key, fields, oversigned=())
    bodies = hashes_of(message, chain.bodies | {sealer.body})
    # The suite gives the results of the checks as fields of the message.
    results = merged_results(header, case["srv-id"])
    said = [one.result for one in results.results if one.method == "arc"]
    status = Status(said[0]) if said else Status.NONE
    now = datetime.fromtimestamp(case["t"], UTC)
    made = Header(seal(header, chain, status, bodies, sealer, results, now))
    for name in ("AMS", "AS"):
        assert tags_of(made, name) == dict(parse_tags(case[name]).values) | signature_of(case[name])
    (found,) = values_of(made, "AAR") or [b""]
    assert b" ".join(found.split()) == b" ".join(case["AAR"].encode().split())


NAMES = {"AS": b"arc-seal", "AMS": b"arc-message-signature", "AAR": b"arc-authentication-results"}


def values_of(header: Header, name: str) -> list[bytes]:
    return [unfold(header.value(field)) for field in header.fields(NAMES[name])]


def tags_of(header: Header, name: str) -> dict[str, str]:
    values = [value.decode() for value in values_of(header, name)]
    return parse_tags(values[0]).values | signature_of(values[0]) if values else {}


def signature_of(text: str) -> dict[str, str]:
    """`b=` without its white space."""
    value = parse_tags(text).values.get("b")
    return {} if value is None else {"b": "".join(value.split())}


def merged_results(header: Header, server: str) -> AuthResults:
    parsed = [
        parse_auth_results(header.value(field))
        for field in header.fields(b"authentication-results")
    ]
    ours = [one for found in parsed if found.authserv_id == server for one in found.results]
    return AuthResults(server, tuple(ours))
