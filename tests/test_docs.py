"""The documentation: whole, fresh, and every link in it leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from roost.adapters.metrics import Metrics
from roost.cli.docs import pages
from roost.cli.main import main
from roost.config.describe import tables
from roost.ports.log_events import Event
from roost.web.api.admin import ROUTES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", pages())
def test_generated_pages_are_fresh(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run: make docs"


def test_every_setting_is_described() -> None:
    page = (DOCS / "config.md").read_text()
    for title, struct in tables():
        section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
        for field in msgspec.structs.fields(struct):
            if f"## {field.encode_name}" not in page:
                assert f"| `{field.encode_name}` |" in section, f"{title}: {field.encode_name}"
    assert all(row.split("|")[4].strip() for row in page.splitlines() if row.startswith("| `"))


def commands(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from commands(f"{words} {name}", inner)


def test_every_command_and_option_is_described() -> None:
    page = (DOCS / "cli.md").read_text()
    for words, command in commands("roost", main):
        section = page.partition(f"## {words}\n")[2].partition("\n## ")[0]
        assert section, words
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in section, f"{words} {parameter.opts[0]}"


def test_every_route_is_described() -> None:
    page = (DOCS / "api.md").read_text()
    for route in ROUTES:
        assert f"## {route.method} {route.path}\n" in page


def test_every_log_event_is_described_and_used() -> None:
    page = (DOCS / "log_events.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for event in Event:
        assert f"| `{event.value}` | {event.doc} |" in page
        assert event.doc.endswith(".")
        assert re.search(rf"Event\.{event.name}\b", sources), f"nobody logs {event.name}"


def test_every_metric_is_described() -> None:
    page = (DOCS / "metrics.md").read_text()
    for family in Metrics().registry.collect():
        if family.name.startswith("roost_"):
            assert f"`{family.name}" in page


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            yield target.partition("#")[0]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in links(page):
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), target


@pytest.mark.parametrize("page", [DOCS / "conformance.md", DOCS / "compatibility.md"], ids=name_of)
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"\btests/[\w/.-]+\.(?:py|txt)", page.read_text())
    assert named
    assert [one for one in named if not (ROOT / one).is_file()] == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?m)(?:^|`)make ([a-z]+)", (ROOT / "README.md").read_text()))
    assert "run" in named
    assert {one for one in named if not re.search(rf"(?m)^{one}:", makefile)} == set()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_says_context_choice_and_cost(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {int(page.name[:4])}\. ", text)
    for word in ("Context:", "Choice:", "Cost:"):
        assert f"\n{word}" in text
    assert len({one.name[:4] for one in DECISIONS}) == len(DECISIONS)
