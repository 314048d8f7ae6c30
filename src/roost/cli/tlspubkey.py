"""roost tlspubkey: keys that sign in by a TLS client certificate."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from roost.adapters.client_key import make_client_key
from roost.adapters.clock import SystemClock
from roost.adapters.random import SystemRandom
from roost.cli.control import Control, fail, path_of

MAX_PEM_OCTETS = 50_000
COLUMNS = ("account", "address", "name", "type", "no-imap-preauth", "fingerprint")


@click.group()
def tlspubkey() -> None:
    """Keys that sign in to IMAP and submission by a TLS client certificate."""


@tlspubkey.command("list")
@click.argument("account_name", metavar="[ACCOUNT]", default="")
@click.pass_obj
def list_keys(ctl: Control, account_name: str) -> None:
    """List the keys, of all accounts or of ACCOUNT, tabs between the columns."""
    place = path_of("tls-public-keys")
    found = ctl.get_all(place, "keys", f"account={quote(account_name, safe='')}")
    lines = [f"# {len(found)} keys: {', '.join(COLUMNS)}"]
    lines += ["\t".join(_row(one)) for one in found]
    ctl.say({"keys": found}, "\n".join(lines))


@tlspubkey.command()
@click.argument("fingerprint")
@click.pass_obj
def get(ctl: Control, fingerprint: str) -> None:
    """Show the key with FINGERPRINT and the certificate that it came in."""
    key = ctl.get(path_of("tls-public-keys", fingerprint))
    facts = [f"{name}: {value}" for name, value in zip(COLUMNS, _row(key), strict=True)]
    ctl.say(key, "\n".join([*facts, f"created: {key['created']}", "", key["certificate"].rstrip()]))


@tlspubkey.command()
@click.argument("address")
@click.argument("name", default="")
@click.option(
    "--no-imap-preauth",
    is_flag=True,
    help="Let IMAP wait for a login, EXTERNAL or another.",
)
@click.pass_obj
def add(ctl: Control, address: str, name: str, *, no_imap_preauth: bool) -> None:
    """Let the key of the certificate on standard input sign in as ADDRESS.

    The certificate is in PEM; of it nothing but the key counts. NAME is for people.
    """
    octets = sys.stdin.buffer.read(MAX_PEM_OCTETS)
    body = {
        "address": address,
        "certificate": octets.decode("ascii", "replace"),
        "name": name,
        "no_imap_preauth": no_imap_preauth,
    }
    added = ctl.call("POST", path_of("tls-public-keys"), body)
    ctl.say(added, f"key {added['fingerprint']} added, it signs in as {added['address']}")


@tlspubkey.command()
@click.argument("fingerprint")
@click.pass_obj
def rm(ctl: Control, fingerprint: str) -> None:
    """Let the key with FINGERPRINT sign in no more."""
    removed = ctl.call("DELETE", path_of("tls-public-keys", fingerprint))
    ctl.say(removed, f"key {fingerprint} removed")


@tlspubkey.command()
@click.argument("stem")
@click.pass_obj
def gen(ctl: Control, stem: str) -> None:
    """Make an Ed25519 key and a certificate, in files whose names begin with STEM.

    Needs no server. The seed, which is all that there is to the key, goes to standard error.
    """
    clock = SystemClock()
    made = make_client_key(clock, SystemRandom())
    base = f"{stem}.{clock.now():%Y%m%d%H%M}"
    files = {
        f"{base}.ed25519privatekey.pkcs8.pem": made.key_pem,
        f"{base}.certificate.pem": made.certificate_pem,
        f"{base}.ed25519privatekey-certificate.pem": made.key_pem + made.certificate_pem,
    }
    for name, octets in files.items():
        _write(Path(name), octets)
    click.echo(f"seed: {made.seed}\nfingerprint: {made.fingerprint}", err=True)
    answer = {"files": list(files), "fingerprint": made.fingerprint}
    ctl.say(answer, "\n".join(f"wrote {name}" for name in files))


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    flag = "true" if key["no_imap_preauth"] else "false"
    facts = (key["account"], key["address"], key["name"], key["type"])
    return (*facts, flag, key["fingerprint"])


def _write(path: Path, octets: bytes) -> None:
    """A new file that nobody else may read."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fail(f"{path} cannot be made: {error.strerror}")
    with os.fdopen(file, "wb") as out:
        out.write(octets)
