"""roost dns and roost spf: they ask DNS themselves, and no server has to run."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dns.message import Message
from dns.rcode import Rcode

from roost.cli.main import main
from roost.testing.dns_script import ScriptedDns, dns_in_a_thread, reply

RECORDS = {
    "MX a.test": ["a.test 300 MX 10 mx.a.test.", "a.test 300 MX 20 mx2.a.test."],
    "TXT a.test": ['a.test 300 TXT "v=spf1 mx -all exp=why.a.test"'],
    "TXT odd.test": ['odd.test 300 TXT "\\027[2J\\010x"'],
    "TXT why.a.test": ['why.a.test 300 TXT "only our own hosts"'],
    "TXT xn--bcher-kva.test": ['xn--bcher-kva.test 300 TXT "v=spf1 all"'],
    "A mx.a.test": ["mx.a.test 300 A 192.0.2.1"],
    "PTR 1.2.0.192.in-addr.arpa": ["1.2.0.192.in-addr.arpa 300 PTR mx.a.test."],
}
SOA = "test 900 SOA ns.test. host.test. 1 2 3 4 60"


def answer(query: Message, tcp: bool) -> Sequence[bytes]:
    question = query.question[0]
    key = f"{question.rdtype.name} {question.name.to_text(omit_final_dot=True)}"
    if key in RECORDS:
        return [reply(query, *RECORDS[key])]
    failing = {"broken.test": Rcode.SERVFAIL, "closed.test": Rcode.REFUSED}
    rcode = failing.get(key.split(" ")[1], Rcode.NXDOMAIN)
    return [reply(query, rcode=rcode, soa=SOA)]


@pytest.fixture(scope="module")
def dns() -> Iterator[ScriptedDns]:
    with dns_in_a_thread(answer) as server:
        yield server


Roost = Callable[..., Result]


@pytest.fixture
def roost(dns: ScriptedDns, tmp_path: Path) -> Roost:
    """Runs a command with a roost.toml that names the scripted server."""
    file = tmp_path / "roost.toml"
    servers = f'[dns]\nservers = ["{dns.server}"]\ntrust_ad = "off"\n'
    file.write_text(f'hostname = "mx.test"\ndata = "{tmp_path}"\n{servers}')

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(file), *words])

    return run


@pytest.mark.parametrize(
    ("words", "lines", "status"),
    [
        (["mx", "A.test"], ["A.test MX: 2 records, for 300 s; DNSSEC vouches for nothing", "  10 mx.a.test", "  20 mx2.a.test"], 0),
        (["PTR", "192.0.2.1"], ["1.2.0.192.in-addr.arpa PTR: 1 record, for 300 s; DNSSEC vouches for nothing", "  mx.a.test"], 0),
        (["TXT", "bücher.test"], ["xn--bcher-kva.test TXT: 1 record, for 300 s; DNSSEC vouches for nothing", "  v=spf1 all"], 0),
        (["TXT", "odd.test"], ["odd.test TXT: 1 record, for 300 s; DNSSEC vouches for nothing", "  \\x1b[2J\\x0ax"], 0),
        (["A", "nobody.test"], ["nobody.test A: no such name, for 60 s; DNSSEC vouches for nothing"], 1),
        (["A", "broken.test"], ["broken.test A: no answer (servfail)", "{server} could not find out. The servers of the name may be down, or its DNSSEC signatures wrong: try again later, or tell its owner"], 1),
        (["A", "closed.test"], ["closed.test A: no answer (refused)", "{server} does not answer this machine. Allow it there, or name another one with --server or in [dns] of roost.toml"], 1),
        (["A", "a.test", "--server", "127.0.0.1:1"], ["a.test A: no answer (unreachable)", "nobody answers at 127.0.0.1:1. Start the resolver, or name another one with --server or in [dns] of roost.toml"], 1),
    ],
    ids=["records", "address for PTR", "international", "no control characters", "no name", "servfail", "refused", "nobody there"],
)  # fmt: skip
def test_a_lookup_is_told(
    roost: Roost, dns: ScriptedDns, words: list[str], lines: list[str], status: int
) -> None:
    done = roost("dns", "lookup", *words)
    assert done.stdout.splitlines() == [line.replace("{server}", str(dns.server)) for line in lines]
    assert done.exit_code == status


@pytest.mark.parametrize("words", [["--json", "dns", "lookup"], ["dns", "lookup", "--json"]])
def test_a_lookup_as_json(roost: Roost, words: list[str]) -> None:
    assert json.loads(roost(*words, "A", "mx.a.test").stdout) == {
        "name": "mx.a.test",
        "type": "A",
        "status": "ok",
        "fault": None,
        "records": ["192.0.2.1"],
        "authentic": False,
        "ttl": 300,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dns", "lookup", "A", "a_ä.test"], "a_ä.test: not a domain name: it breaks the rules for international names"),
        (["dns", "lookup", "A", "a.test", "--server", "ns.test"], "'ns.test' is no resolver, such as 192.0.2.1, ::1 or [::1]:5353"),
        (["spf", "check", "mx.test", "a.test"], "'mx.test' is no IP address, such as 192.0.2.1 or 2001:db8::1"),
        (["spf", "check", "192.0.2.1", ""], "a bounce is checked by the name of its host: give HELO too"),
        (["spf", "check", "192.0.2.1", "x@"], "x@: not a domain name: it is empty"),
        (["spf", "parse", "spf1"], 'this is no SPF record: it begins with "v=spf1" and a space. RFC 7208 section 4.5'),
        (["spf", "parse", "v=spf1 ip4:192.0.2.300 -all"], "the record cannot be read at 'ip4:192.0.2.300': see RFC 7208 section 12"),
    ],
    ids=["name", "server", "ip", "bounce", "address", "no record", "bad term"],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_mend(roost: Roost, words: list[str], said: str) -> None:
    done = roost(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_an_spf_check_tells_each_step(roost: Roost) -> None:
    done = roost("spf", "check", "192.0.2.1", "x@a.test", "mx.a.test")
    assert done.exit_code == 0
    assert done.stdout.startswith("Received-SPF: pass (192.0.2.1 may send mail for a.test)")
    steps = done.stdout.partition("asked:\n")[2].splitlines()
    assert [" ".join(step.split()) for step in steps] == [
        "TXT a.test 1 record v=spf1 mx -all exp=why.a.test",
        "MX a.test 2 records 10 mx.a.test | 20 mx2.a.test",
        "A mx.a.test 1 record 192.0.2.1",
        "A mx2.a.test no such name",
    ]


def test_an_spf_check_that_fails_has_the_words_of_the_domain(roost: Roost) -> None:
    lines = roost("spf", "check", "192.0.2.9", "a.test").stdout.splitlines()
    assert lines[0].startswith("Received-SPF: fail ")
    assert "the domain explains: only our own hosts" in lines


def test_a_bounce_is_checked_by_its_helo(roost: Roost) -> None:
    done = roost("--json", "spf", "check", "192.0.2.1", "<>", "a.test")
    found = json.loads(done.stdout)
    assert (found["result"], found["directive"], found["lookups"]) == ("pass", "mx", 1)
    assert "identity=helo" in found["received_spf"]
    assert [one["type"] for one in found["asked"]] == ["TXT", "MX", "A", "A"]


def test_an_spf_check_without_dns_says_what_helps(roost: Roost) -> None:
    done = roost("spf", "check", "192.0.2.1", "x@broken.test")
    assert done.stdout.startswith("Received-SPF: temperror ")
    assert done.stdout.splitlines()[-1].endswith("try again later, or tell its owner")


def test_a_record_is_taken_apart(roost: Roost) -> None:
    record = "v=spf1  +mx ?a/24//64 ~all exp=e.test redirect=r.test later=x"
    done = roost("spf", "parse", record)
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [
        "pass +mx",
        "neutral ?a/24//64",
        "softfail ~all",
        "explains by exp=e.test",
        "goes on at redirect=r.test",
        "is passed over later=x",
    ]
    assert roost("spf", "parse", "v=spf1").stdout == "no terms: neutral\n"
    assert json.loads(roost("spf", "parse", "--json", "v=spf1 -all").stdout) == {
        "terms": [{"term": "-all", "does": "fail"}]
    }
