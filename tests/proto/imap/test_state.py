"""Which command is legal when. RFC 9051 sections 3, 7.5.1 and 9."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.extension import Grammar
from roost.proto.imap.state import STATES, WRONG_STATE, State, may_expunge


@pytest.mark.parametrize(
    ("verb", "states"),
    [
        ("NOOP", "not authenticated, authenticated, selected"),
        ("LOGIN", "not authenticated"),
        ("SELECT", "authenticated, selected"),
        ("IDLE", "authenticated, selected"),
        ("FETCH", "selected"),
        ("UNSELECT", "selected"),
    ],
)
def test_states(verb: str, states: str) -> None:
    assert {state.value for state in STATES[verb]} == set(states.split(", "))


def test_every_verb_has_its_states() -> None:
    grammar = Grammar(CORE)
    assert {spelled.removeprefix("UID ") for spelled in grammar.parsers} == set(grammar.states)


def test_nothing_is_legal_after_logout() -> None:
    assert not any(State.LOGOUT in states for states in STATES.values())
    assert set(WRONG_STATE) == set(State)


@pytest.mark.parametrize("verb", ["FETCH", "STORE", "SEARCH", "SORT", "THREAD"])
def test_expunge_waits_for_commands_with_numbers(verb: str) -> None:
    assert not may_expunge(verb, uid=False)
    assert may_expunge(verb, uid=True)


@pytest.mark.parametrize("verb", ["NOOP", "COPY", "MOVE", "EXPUNGE", "IDLE", "APPEND"])
def test_expunge_may_come_with_others(verb: str) -> None:
    assert may_expunge(verb, uid=False)
