"""roost tlspubkey: against a server in memory, and `gen` without any."""

import base64
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from roost.cli.main import main
from roost.proto.sasl.peer_key import fingerprint_of
from roost.testing.client_keys import make_client_key

Roost = Callable[..., Result]

LAPTOP = make_client_key()


@pytest.fixture
def filled(roost: Roost) -> Roost:
    """With domain example.org and account anna."""
    assert roost("domain", "add", "example.org").exit_code == 0
    assert roost("account", "add", "anna", "anna@example.org").exit_code == 0
    return roost


def test_a_key_is_added_listed_shown_and_removed(filled: Roost) -> None:
    added = filled(
        "tlspubkey", "add", "Anna@example.org", "my laptop", "--no-imap-preauth", stdin=LAPTOP.pem
    )
    assert added.stdout == f"key {LAPTOP.fingerprint} added, it signs in as anna@example.org\n"
    row = f"anna\tanna@example.org\tmy laptop\tecdsa-p256\ttrue\t{LAPTOP.fingerprint}\n"
    head = "# 1 keys: account, address, name, type, no-imap-preauth, fingerprint\n"
    for words in ((), ("anna",)):
        assert filled("tlspubkey", "list", *words).stdout == head + row
    shown = filled("tlspubkey", "get", LAPTOP.fingerprint).stdout
    assert shown == (
        "account: anna\naddress: anna@example.org\nname: my laptop\ntype: ecdsa-p256\n"
        f"no-imap-preauth: true\nfingerprint: {LAPTOP.fingerprint}\n"
        f"created: 2026-01-02T03:04:05+00:00\n\n{LAPTOP.pem}"
    )
    removed = filled("tlspubkey", "rm", LAPTOP.fingerprint)
    assert removed.stdout == f"key {LAPTOP.fingerprint} removed\n"
    assert filled("tlspubkey", "list").stdout.startswith("# 0 keys: ")


def test_without_a_name_it_has_that_of_the_certificate(filled: Roost) -> None:
    filled("tlspubkey", "add", "anna@example.org", stdin=LAPTOP.pem)
    (key,) = json.loads(filled("tlspubkey", "list", "--json").stdout)["keys"]
    assert (key["name"], key["no_imap_preauth"]) == ("a laptop", False)


@pytest.mark.parametrize(
    ("stdin", "why"),
    [
        (LAPTOP.key_pem + LAPTOP.pem, "private key"),
        ("", "expected one certificate"),
        (b"\xff" * 60_000, "expected one certificate"),
    ],
    ids=["a private key", "nothing", "no text"],
)
def test_what_is_no_certificate_is_one_line(filled: Roost, stdin: str | bytes, why: str) -> None:
    result = filled("tlspubkey", "add", "anna@example.org", stdin=stdin)
    assert result.exit_code == 1
    assert why in result.stderr
    assert result.stderr.count("\n") == 1


def run_alone(*words: str) -> Result:
    """A command where nothing answers."""
    return CliRunner().invoke(main, ["--socket", "/nowhere", *words])


def test_gen_makes_a_key_without_a_server(tmp_path: Path) -> None:
    result = run_alone("tlspubkey", "gen", str(tmp_path / "me"))
    assert result.exit_code == 0
    names = sorted(file.name for file in tmp_path.iterdir())
    found = re.fullmatch(r"me\.(\d{12})\.certificate\.pem", names[0])
    assert found
    assert names == [
        f"me.{found[1]}.certificate.pem",
        f"me.{found[1]}.ed25519privatekey-certificate.pem",
        f"me.{found[1]}.ed25519privatekey.pkcs8.pem",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    certificate_pem, both_pem, key_pem = ((tmp_path / name).read_bytes() for name in names)
    assert both_pem == key_pem + certificate_pem
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    key = load_pem_private_key(key_pem, None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    assert certificate.public_key() == key.public_key()
    said = dict(line.split(": ") for line in result.stderr.splitlines())
    seed = base64.urlsafe_b64decode(said["seed"] + "=")
    assert ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key() == key.public_key()
    assert said["fingerprint"] == fingerprint_of(
        x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER)
    )
    assert said["seed"] not in result.stdout


def test_what_gen_made_can_be_registered(filled: Roost, tmp_path: Path) -> None:
    made = json.loads(filled("tlspubkey", "gen", str(tmp_path / "me"), "--json").stdout)
    certificate = Path(made["files"][1]).read_bytes()
    assert filled("tlspubkey", "add", "anna@example.org", stdin=certificate).exit_code == 0
    assert made["fingerprint"] in filled("tlspubkey", "list").stdout


def test_gen_writes_over_nothing(tmp_path: Path) -> None:
    result = run_alone("tlspubkey", "gen", str(tmp_path / "none" / "me"))
    assert result.exit_code == 1
    assert result.stderr.endswith("cannot be made: No such file or directory\n")
    assert result.stderr.count("\n") == 1
