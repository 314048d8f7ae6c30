"""The public test suite of RFC 7208, whole."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from roost.proto.spf.check import Identity, check_host
from roost.testing.check import run_check
from roost.testing.resolver import TEMPORARY, ZoneResolver

SUITES = Path(os.environ.get("ROOST_SUITES", "../shared/suites"))
SUITE = SUITES / "spf" / "rfc7208-tests.yml"
DEFAULT_EXPLANATION = "DEFAULT"  # how the suite says that the domain gave none


def read_cases() -> Iterator[Any]:
    if not SUITE.exists():
        reason = f"the SPF suite is not in {SUITES}: set ROOST_SUITES"
        yield pytest.param({}, {}, marks=pytest.mark.skip(reason))
        return
    for scenario in yaml.safe_load_all(SUITE.read_text()):
        for name, case in scenario["tests"].items():
            yield pytest.param(scenario["zonedata"], case, id=name)


class SuiteResolver(ZoneResolver):
    """The zone data of the suite: SPF stands for TXT, TIMEOUT for every type not listed."""

    def __init__(self, data: dict[str, list[Any]]) -> None:
        zone: dict[tuple[str, str], list[str]] = {}
        self.silent: set[str] = set()
        for name, entries in data.items():
            types = {kind for entry in entries if isinstance(entry, dict) for kind in entry}
            for entry in entries:
                if entry == "TIMEOUT":
                    self.silent.add(name.lower())
                    continue
                ((kind, value),) = entry.items()
                if kind == "SPF" and "TXT" in types:
                    continue
                records = zone.setdefault((name, "TXT" if kind == "SPF" else kind), [])
                if value != "NONE":
                    records.append(spell(kind, value))
        super().__init__(zone)

    def answer(self, question: Any) -> Any:
        if alias := self._zone.get((question.name.lower(), "CNAME")):
            return replace(super().answer(replace(question, name=alias[0])), name=question.name)
        listed = self._zone.get((question.name.lower(), question.type))
        if not listed and question.name.lower() in self.silent:
            self._zone[question.name.lower(), question.type] = TEMPORARY
        return super().answer(question)


def spell(kind: str, value: Any) -> str:
    if kind == "MX":
        return f"{value[0]} {value[1]}"
    return "".join(value) if isinstance(value, list) else str(value)


@pytest.mark.parametrize(("zone", "case"), list(read_cases()))
def test_case(zone: dict[str, list[Any]], case: dict[str, Any]) -> None:
    sender = case["mailfrom"] or f"postmaster@{case['helo']}"
    local, _, domain = sender.rpartition("@")
    identity = Identity(
        ip_address(case["host"]),
        local,
        domain,
        case["helo"],
        "receiver.example",
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    found = run_check(check_host(identity), SuiteResolver(zone))
    allowed = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert found.result.value in allowed, found
    if "explanation" in case and found.result.value == "fail":
        assert (found.explanation or DEFAULT_EXPLANATION) == case["explanation"]
