"""What the adapter tests share: both loops and a certificate."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from roost.adapters.certificate import CertifiedKey, make_self_signed
from roost.adapters.clock import SystemClock


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def certified() -> CertifiedKey:
    return make_self_signed(["mx.test"], SystemClock())
