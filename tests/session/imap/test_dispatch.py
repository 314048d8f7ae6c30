"""Which commands there are, and that each is answered whatever goes wrong."""

import pytest

from roost.ports.log_events import Event
from roost.session.imap.dispatch import HANDLERS
from roost.session.imap.session import GRAMMAR
from roost.store.engine import StoreFailed, StoreFull
from roost.testing.imap import ImapHouse, new_house


def test_every_command_of_the_grammar_has_a_handler_and_a_state() -> None:
    verbs = {verb.removeprefix("UID ") for verb in GRAMMAR.parsers}
    assert verbs == set(HANDLERS)
    assert verbs == set(GRAMMAR.states)


def fail_logins(house: ImapHouse, error: Exception) -> None:
    async def check_login(*_: object) -> None:
        raise error

    house.change_port(check_login=check_login)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (StoreFull(), b"NO [UNAVAILABLE] there is no room at the moment (c1)"),
        (StoreFailed(), b"NO [UNAVAILABLE] nothing can be kept at the moment (c1)"),
        (ZeroDivisionError("secret"), b"NO [SERVERBUG] internal error (c1)"),
    ],
    ids=["full", "failed", "bug"],
)
async def test_a_failure_is_answered_and_the_session_goes_on(
    error: Exception, answer: bytes
) -> None:
    house = await new_house()
    fail_logins(house, error)
    client = await house.client(login=False)
    assert await client.ask("LOGIN me@mx.test pw") == [answer]
    assert await client.ok("NOOP") == []
    logged = house.log.named(Event.COMMAND_FAILED)
    assert [one.error for one in logged] == ([error] if b"SERVERBUG" in answer else [])
