"""Another implementation of SCRAM signs in to a whole server."""

import pytest

from roost.config.logins import LoginsConfig
from roost.config.server import ServerConfig
from roost.proto.sasl.client import Client, Say, Stop
from roost.testing.house import PASSWORD, new_house
from roost.testing.sasl_client import SaslClient
from roost.testing.wire import BINDINGS

scramp = pytest.importorskip("scramp", reason="scramp is not installed")

ANN = "ann@a.test"
ON = ServerConfig(hostname="mx.a.test", data="nowhere", logins=LoginsConfig(scram_sha_1=True))
END_POINT = ("tls-server-end-point", BINDINGS.tls_server_end_point)


class Scramp(Client):
    """scramp's client, as ours are spoken to."""

    def __init__(self, name: str, user: str, password: str) -> None:
        super().__init__()
        self.name = name
        bound = END_POINT if name.endswith("-PLUS") else None
        self._client = scramp.ScramClient([name], user, password, channel_binding=bound)
        self._steps = [self._final, self._end]

    def start(self) -> bytes:
        return bytes(self._client.get_client_first().encode())

    def answer(self, challenge: bytes) -> Say | Stop:
        return self._steps.pop(0)(challenge.decode())

    def _final(self, text: str) -> Say:
        self._client.set_server_first(text)
        return Say(self._client.get_client_final().encode())

    def _end(self, text: str) -> Say | Stop:
        try:
            self._client.set_server_final(text)
        except scramp.ScramException:
            return Stop("the server refuses, or has not proved itself")
        self.is_done = True
        return Say(b"")


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
@pytest.mark.parametrize(
    "name", ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]
)
async def test_scramp_signs_in(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ON) as house:
        wire = house.imap() if protocol == "imap" else house.submission()
        client = await SaslClient(wire, protocol).greet()
        wrong = Scramp(name, ANN, "wrong")
        assert (await client.sign_in(wrong)).startswith(
            ("x NO [AUTHENTICATIONFAILED]", "535 5.7.8")
        )
        assert not wrong.is_done
        right = Scramp(name, ANN, PASSWORD)
        assert (await client.sign_in(right)).startswith(("x OK ", "235 2.7.0"))
        assert right.is_done, "the server has proved itself too"
