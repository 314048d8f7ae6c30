"""TLS client certificates with `openssl s_client` against a real server. RFC 4422 appendix A.

The names of the tests say which behaviour of docs/conformance.md they hold.
"""

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from roost.cli.control import Control, path_of
from roost.testing.client_keys import ClientKey, make_client_key
from roost.testing.process import LocalServe

VERSIONS = ["-tls1_2", "-tls1_3"]
PASSWORD = "a horse of another colour"
EXPIRED = datetime(2001, 1, 1, tzinfo=UTC).replace(tzinfo=None)
MESSAGE = "Subject: with a certificate\r\n\r\nhello\r\n.\r\n"

pytestmark = pytest.mark.external("openssl")


@dataclass
class House:
    """A localserve with accounts anna (two addresses) and bob, and the files of clients."""

    server: LocalServe
    folder: Path

    def call(self, method: str, *place: str, body: object = None) -> None:
        control = Control(lambda: self.server.socket_path, as_json=True)
        control.call(method, path_of(*place), body)

    def register(self, client: ClientKey, address: str = "anna@a.test", **said: object) -> None:
        body = {"address": address, "certificate": client.pem, **said}
        self.call("POST", "tls-public-keys", body=body)

    def remove(self, client: ClientKey) -> None:
        self.call("DELETE", "tls-public-keys", client.fingerprint)

    def with_certificate(self, client: ClientKey) -> list[str]:
        """Options that present it."""
        files = [self.folder / "certificate.pem", self.folder / "key.pem"]
        for file, pem in zip(files, (client.pem, client.key_pem), strict=True):
            file.write_text(pem)
        return ["-cert", str(files[0]), "-key", str(files[1])]

    def talk(self, service: str, said: str, *options: str) -> str:
        """All that s_client prints when this is said to a service.

        With TLS 1.3 the first line it hears may stand in the midst of what it tells of tickets.
        """
        starttls = {"imap": "imap", "submission": "smtp", "smtp": "smtp"}.get(service)
        place = f"127.0.0.1:{self.server.ports[service]}"
        how = ["-ign_eof", *(["-starttls", starttls] if starttls else [])]
        with subprocess.Popen(
            ["openssl", "s_client", "-connect", place, *how, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(said.replace("\r\n", "\n").replace("\n", "\r\n").encode())
            running.stdin.flush()
            return running.stdout.read().decode(errors="replace").replace("\r\n", "\n")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with LocalServe(tmp_path_factory.mktemp("certificates") / "data") as server:
        house = House(server, tmp_path_factory.mktemp("clients"))
        house.call("POST", "domains", body={"name": "a.test"})
        for name in ("anna", "bob"):
            house.call("POST", "accounts", body={"name": name, "address": f"{name}@a.test"})
            house.call("PUT", "accounts", name, "password", body={"password": PASSWORD})
        house.call("POST", "addresses", body={"address": "office@a.test", "account": "anna"})
        yield house


@pytest.fixture
def house(furnished: House, tmp_path: Path) -> House:
    return House(furnished.server, tmp_path)


def plain(address: str) -> str:
    return b64encode(f"\0{address}\0{PASSWORD}".encode()).decode()


def identity(address: str) -> str:
    return b64encode(address.encode()).decode()


@pytest.mark.parametrize("version", VERSIONS)
def test_s03_a_known_key_is_signed_in_by_the_greeting(house: House, version: str) -> None:
    client = make_client_key()
    house.register(client)
    options = [version, "-msg", *house.with_certificate(client)]
    heard = house.talk("imaps", "a SELECT INBOX\nb AUTHENTICATE EXTERNAL =\nc LOGOUT\n", *options)
    assert "CertificateRequest" in heard
    assert "* PREAUTH [CAPABILITY IMAP4rev2 " in heard
    assert "* OK [CAPABILITY" not in heard
    assert "\na OK [READ-WRITE]" in heard
    assert "\nb NO you are logged in already\n" in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("service", ["imaps", "imap"])
def test_s01_s04_imap_signs_in_with_external(house: House, version: str, service: str) -> None:
    client = make_client_key(kind="ed25519")
    house.register(client, no_imap_preauth=service == "imaps")
    options = [version, *house.with_certificate(client)]
    said = (
        "a CAPABILITY\nb LIST \"\" *\n"
        f"c AUTHENTICATE EXTERNAL {identity('bob@a.test')}\n"
        "d AUTHENTICATE EXTERNAL =\ne SELECT INBOX\nf LOGOUT\n"
    )  # fmt: skip
    heard = house.talk(service, said, *options)
    assert "* PREAUTH" not in heard
    assert " AUTH=EXTERNAL AUTH=SCRAM-SHA-256-PLUS " in heard
    assert "\nb BAD log in first\n" in heard
    assert "\nc NO [AUTHENTICATIONFAILED] this certificate may not act as" in heard
    assert "\nd OK [CAPABILITY " in heard
    assert "\ne OK [READ-WRITE]" in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("asked", ["", "anna@a.test", "OFFICE@a.test", "office+tag@a.test"])
def test_s01_external_with_a_continuation(house: House, version: str, asked: str) -> None:
    client = make_client_key()
    house.register(client, no_imap_preauth=True)
    said = f"a AUTHENTICATE EXTERNAL\n{identity(asked)}\nb SELECT INBOX\nc LOGOUT\n"
    heard = house.talk("imaps", said, version, *house.with_certificate(client))
    assert "\n+ \na OK [CAPABILITY " in heard
    assert "\nb OK [READ-WRITE]" in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("service", ["imaps", "imap"])
def test_s01_s12_imap_without_a_certificate(house: House, version: str, service: str) -> None:
    said = "a CAPABILITY\nb AUTHENTICATE EXTERNAL =\nc LOGOUT\n"
    heard = house.talk(service, said, version)
    assert "\n* CAPABILITY IMAP4rev2 " in heard
    assert "AUTH=EXTERNAL" not in heard
    assert "\nb NO [AUTHENTICATIONFAILED] no client certificate was presented\n" in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("service", ["submissions", "submission"])
def test_s02_s12_submission_signs_in_with_external(
    house: House, version: str, service: str
) -> None:
    client = make_client_key(kind="rsa-2048")
    house.register(client)
    options = [version, *house.with_certificate(client)]
    said = (
        f"EHLO x\nAUTH EXTERNAL {identity('bob@a.test')}\nAUTH EXTERNAL {identity('office@a.test')}"
        "\nAUTH EXTERNAL =\nMAIL FROM:<office@a.test>\nQUIT\n"
    )
    heard = house.talk(service, said, *options)
    assert "250-AUTH EXTERNAL SCRAM-SHA-256-PLUS " in heard
    answers = [line[:9] for line in heard.splitlines() if line[:4] in ("235 ", "503 ", "535 ")]
    assert answers == ["535 5.7.8", "235 2.7.0", "503 5.5.1"]
    assert "\n250 2.1.0 " in heard


@pytest.mark.parametrize("version", VERSIONS)
def test_s02_submission_without_a_certificate(house: House, version: str) -> None:
    heard = house.talk("submissions", "EHLO x\nAUTH EXTERNAL =\nMAIL FROM:<>\nQUIT\n", version)
    assert "250-AUTH SCRAM-SHA-256-PLUS " in heard
    assert "\n535 5.7.8 this mechanism needs a TLS client certificate" in heard
    assert "\n530 5.7.0 " in heard


@pytest.mark.parametrize("version", VERSIONS)
def test_s02_port_25_asks_for_no_certificate(house: House, version: str) -> None:
    client = make_client_key()
    house.register(client)
    options = [version, "-msg", *house.with_certificate(client)]
    heard = house.talk("smtp", "EHLO x\nQUIT\n", *options)
    assert "ServerHello" in heard
    assert "CertificateRequest" not in heard
    assert "EXTERNAL" not in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("service", ["submissions", "submission"])
def test_s05_submission_without_auth(house: House, version: str, service: str) -> None:
    client = make_client_key()
    house.register(client)
    said = (
        "EHLO x\nMAIL FROM:<anna@a.test>\nRCPT TO:<bob@a.test>\nDATA\n" + MESSAGE
        + "EHLO again\nMAIL FROM:<anna@a.test>\nRSET\nAUTH EXTERNAL =\nAUTH EXTERNAL =\nQUIT\n"
    )  # fmt: skip
    heard = house.talk(service, said, version, *house.with_certificate(client))
    codes = [
        line[:3] for line in heard.splitlines() if line[:4] in ("354 ", "235 ", "503 ", "530 ")
    ]
    assert codes == ["354", "235", "503"]
    assert "\n250 2.0.0 message taken\n" in heard
    assert heard.count("\n250 2.1.0 ") == 2


@pytest.mark.parametrize("service", ["imaps", "submissions"])
@pytest.mark.parametrize(
    ("address", "is_right"), [("office@a.test", True), ("bob@a.test", False)], ids=["own", "bob's"]
)
def test_s06_another_mechanism_is_of_the_same_account(
    house: House, service: str, address: str, is_right: bool
) -> None:
    client = make_client_key()
    house.register(client, no_imap_preauth=True)
    options = house.with_certificate(client)
    if service == "imaps":
        said = (
            f"a AUTHENTICATE PLAIN {plain(address)}\nb SELECT INBOX\nc UNAUTHENTICATE\n"
            f'd LOGIN {address} "{PASSWORD}"\ne SELECT INBOX\nf LOGOUT\n'
        )
        heard = house.talk(service, said, *options)
        for tag, then in (("a", "b"), ("d", "e")):
            assert (f"\n{tag} OK [CAPABILITY " in heard) is is_right
            assert (f"\n{tag} NO [AUTHENTICATIONFAILED] the certificate" in heard) is not is_right
            assert (f"\n{then} OK [READ-WRITE]" in heard) is is_right
    else:
        heard = house.talk(service, f"EHLO x\nAUTH PLAIN {plain(address)}\nQUIT\n", *options)
        assert ("\n235 2.7.0 " in heard) is is_right
        assert ("\n535 5.7.8 the certificate" in heard) is not is_right


@pytest.mark.parametrize("version", VERSIONS)
def test_s07_only_the_public_key_counts(house: House, version: str) -> None:
    registered = make_client_key()
    house.register(registered)
    renewed = make_client_key("another", key=registered.key, serial=7, ends=EXPIRED)
    heard = house.talk("imaps", "a LOGOUT\n", version, *house.with_certificate(renewed))
    assert "* PREAUTH " in heard


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("service", ["imaps", "imap", "submissions", "submission"])
def test_s09_an_unknown_key_ends_the_handshake(house: House, version: str, service: str) -> None:
    options = [version, *house.with_certificate(make_client_key())]
    heard = house.talk(service, "a LOGOUT\nQUIT\n", *options)
    assert "alert" in heard
    for word in ("* OK [CAPABILITY IMAP4rev2 ID", "* PREAUTH", "220 localhost", "* BYE", "221 "):
        assert word not in heard.partition("BEGIN CERTIFICATE")[2]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("service", "welcome", "refusal"),
    [
        ("imaps", "* PREAUTH ", "* BYE [ALERT] the key of this certificate signs nobody in\n"),
        ("submissions", "220 localhost ", "421 4.7.0 the key of this certificate signs nobody in"),
        ("imap", "a OK bye", "* BYE [ALERT] the key of this certificate signs nobody in\n"),
        ("submission", "221 2.0.0", "421 4.7.0 the key of this certificate signs nobody in"),
    ],
    ids=["imaps", "submissions", "imap", "submission"],
)
def test_s10_a_resumed_session_is_looked_up_again(
    house: House, version: str, service: str, welcome: str, refusal: str
) -> None:
    client = make_client_key()
    house.register(client)
    options = [version, *house.with_certificate(client)]
    session, leave = str(house.folder / "session"), "a LOGOUT\n" if "imap" in service else "QUIT\n"
    first = house.talk(service, leave, *options, "-sess_out", session)
    assert "\nNew, TLSv1." in first
    assert welcome in first
    again = house.talk(service, leave, *options, "-sess_in", session)
    assert "\nReused, TLSv1." in again
    assert welcome in again
    house.remove(client)
    refused = house.talk(service, leave, *options, "-sess_in", session)
    assert "\nReused, TLSv1." in refused
    assert refusal in refused
    assert welcome not in refused


def test_s10_who_is_in_by_a_key_that_goes_is_signed_out(house: House) -> None:
    client = make_client_key()
    house.register(client)
    place = f"127.0.0.1:{house.server.ports['imaps']}"
    command = ["openssl", "s_client", "-quiet", "-connect", place, *house.with_certificate(client)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"* PREAUTH ")
        house.remove(client)
        assert running.stdout.readline().startswith(b"* BYE the account or its password changed")
        assert running.stdout.read() == b""


def test_s11_certificates_are_counted(house: House) -> None:
    client = make_client_key()
    house.register(client)
    house.talk("imaps", "a LOGOUT\n", *house.with_certificate(client))
    house.talk("submissions", "QUIT\n", *house.with_certificate(make_client_key()))
    control = Control(lambda: house.server.socket_path, as_json=True)
    metrics = control.octets("GET", path_of("metrics")).decode()
    assert 'roost_tls_client_auth_total{outcome="ok",service="imap"}' in metrics
    assert 'roost_tls_client_auth_total{outcome="key_refused",service="submission"}' in metrics
    log = house.server.log()
    assert "certificate_known" in log
    assert "event=login_failed reason=unknown" in log
    listed = control.get(path_of("logins"))["logins"]
    found = {(one["protocol"], one["outcome"]) for one in listed if one["mechanism"] == "EXTERNAL"}
    assert found >= {("imap", "ok"), ("smtp", "unknown")}
