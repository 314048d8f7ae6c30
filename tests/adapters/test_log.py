"""Log lines as an admin reads them."""

import io
import json

import pytest

from roost.adapters.log import Level, LineLog, Sink, json_lines, logfmt
from roost.ports.log import Fact
from roost.ports.log_events import Event
from roost.testing.clock import StoppedClock


def new_log(level: Level = Level.DEBUG, *, as_json: bool = False) -> tuple[LineLog, io.StringIO]:
    out = io.StringIO()
    render = json_lines() if as_json else logfmt()
    return LineLog(Sink(StoppedClock(), render, level, out)), out


def test_logfmt_has_time_level_event_and_facts_in_order() -> None:
    log, out = new_log()
    log.bind(connection="c1").info(Event.LOGIN_DONE, service="imap", took_ms=3, ok=True, why=None)
    assert out.getvalue() == (
        "time=2026-01-02T03:04:05.000Z level=info event=login_done connection=c1 service=imap "
        "took_ms=3 ok=true why=\n"
    )


def test_json_lines() -> None:
    log, out = new_log(as_json=True)
    log.warning(Event.STORE_FULL, free_octets=7)
    assert json.loads(out.getvalue()) == {
        "time": "2026-01-02T03:04:05.000Z",
        "level": "warning",
        "event": "store_full",
        "free_octets": 7,
    }


@pytest.mark.parametrize(
    ("level", "written"),
    [
        (Level.DEBUG, ["debug", "info", "warning", "error"]),
        (Level.INFO, ["info", "warning", "error"]),
        (Level.WARNING, ["warning", "error"]),
        (Level.ERROR, ["error"]),
    ],
)
def test_below_the_level_nothing_is_written(level: Level, written: list[str]) -> None:
    log, out = new_log(level, as_json=True)
    for say in (log.debug, log.info, log.warning, log.error):
        say(Event.LISTENING)
    assert [json.loads(line)["level"] for line in out.getvalue().splitlines()] == written


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_brings_its_stack_on_one_line(as_json: bool) -> None:
    log, out = new_log(as_json=as_json)
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        log.error(Event.COMMAND_FAILED, error=error)
    [line] = out.getvalue().splitlines()
    assert "RuntimeError: broken" in line
    assert "test_an_error_brings_its_stack" in line


@pytest.mark.parametrize("as_json", [True, False])
def test_a_fact_cannot_begin_a_line_or_move_a_terminal(as_json: bool) -> None:
    log, out = new_log(as_json=as_json)
    log.info(Event.LISTENING, reason="a\r\nlevel=error\x1b[2J\u2028x\x85y")
    [line] = out.getvalue().splitlines()
    assert line.isprintable()


def test_a_field_named_like_a_secret_is_hidden() -> None:
    log, out = new_log()
    log.info(Event.LOGIN_DONE, password="hunter2", token="t0ken")
    assert "hunter2" not in out.getvalue()
    assert "t0ken" not in out.getvalue()


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    out = io.StringIO()
    out.close()
    sink = Sink(StoppedClock(), logfmt(), Level.INFO, out)
    LineLog(sink).info(Event.LISTENING)
    assert sink.lines_lost == 1


@pytest.mark.parametrize(
    ("fact", "spelled"),
    [
        ("plain-text.1", "plain-text.1"),
        ("", ""),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("C:\\x", "C:\\x"),
        ("a\nb", "a\\nb"),
        ("\x00", "\\u0000"),
        ("Grüße", "Grüße"),
        (False, "false"),
        (None, ""),
        (0.25, "0.25"),
        (-1, "-1"),
    ],
)
def test_a_fact_ends_where_its_quotes_or_a_space_say(fact: Fact, spelled: str) -> None:
    log, out = new_log()
    log.info(Event.LISTENING, reason=fact, port=25)
    assert out.getvalue().endswith(f"event=listening reason={spelled} port=25\n")
