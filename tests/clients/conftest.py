"""One localserve for all the clients of a worker."""

from collections.abc import Iterator

import pytest

from roost.testing.process import LocalServe


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServe]:
    with LocalServe(tmp_path_factory.mktemp("localserve") / "data") as running:
        yield running
