"""One localserve for all the clients of a worker, and an account of its own for each test."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from roost.cli.control import Control, path_of
from roost.testing.mail_account import MailAccount
from roost.testing.process import LocalServe

DOMAIN = "clients.test"
PASSWORD = "pass word's"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServe]:
    with LocalServe(tmp_path_factory.mktemp("localserve") / "data") as running:
        yield running
        control = Control(lambda: running.socket_path, as_json=True)
        assert control.call("POST", path_of("check"))["differences"] == []
        assert "level=error" not in running.log()


@pytest.fixture(scope="session")
def new_account(server: LocalServe) -> Callable[[], MailAccount]:
    control = Control(lambda: server.socket_path, as_json=True)
    control.call("POST", path_of("domains"), {"name": DOMAIN})
    numbers = itertools.count(1)

    def make() -> MailAccount:
        name = f"user{next(numbers)}"
        address = f"{name}@{DOMAIN}"
        control.call("POST", path_of("accounts"), {"name": name, "address": address})
        control.call("PUT", path_of("accounts", name, "password"), {"password": PASSWORD})
        return MailAccount(server, address, PASSWORD)

    return make


@pytest.fixture
def account(new_account: Callable[[], MailAccount]) -> MailAccount:
    return new_account()
