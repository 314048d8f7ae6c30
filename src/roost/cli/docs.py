"""roost docs: the reference pages that are made from the program itself."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec

from roost.adapters.metrics import Metrics
from roost.app.key_logins import count_key_logins
from roost.app.logins import count_logins
from roost.config import describe as config
from roost.ports.log_events import Event
from roost.web import describe as web
from roost.web.api.admin import ROUTES

# However wide the terminal is that the pages are made in.
_SAME_EVERYWHERE: dict[str, Any] = {
    "terminal_width": 80,
    "max_content_width": 80,
    "help_option_names": ["-h", "--help"],
}


@click.command(hidden=True)
@click.option("--check", "only_check", is_flag=True, help="Fail when a page is stale.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("docs"))
def docs(*, only_check: bool, folder: Path) -> None:
    """Write the generated pages of docs/."""
    fresh = pages()
    stale = [name for name, text in fresh.items() if _read(folder / name) != text]
    if only_check:
        for name in stale:
            click.echo(f"{folder / name} is stale: run make docs", err=True)
        sys.exit(1 if stale else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(fresh[name], encoding="utf-8")
        click.echo(f"wrote {folder / name}")


def pages() -> dict[str, str]:
    """The generated pages by name."""
    openapi = web.openapi(ROUTES, version("roost"))
    return {
        "config.md": config.reference(),
        "cli.md": _command_line(),
        "api.md": web.reference(ROUTES),
        "openapi.json": msgspec.json.format(msgspec.json.encode(openapi), indent=1).decode() + "\n",
        "log_events.md": _log_events(),
        "metrics.md": _metrics(),
    }


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _log_events() -> str:
    lines = [
        "# Log events",
        "",
        "The closed list of what can stand in the log, on standard error. Facts follow as fields;",
        "none is ever an address, a subject, a body or a secret, but for the recipients that",
        "localserve names.",
        "",
        "| event | what it tells |",
        "|---|---|",
        *(f"| `{event.value}` | {event.doc} |" for event in Event),
    ]
    return "\n".join(lines) + "\n"


def _metrics() -> str:
    metrics = Metrics()
    count_logins(metrics)
    count_key_logins(metrics)
    lines = [
        "# Metrics",
        "",
        "`roost metrics` prints them in Prometheus's text form; with a `port` in `[metrics]` of",
        "roost.toml they are at `GET /metrics` on 127.0.0.1 too. Those of the process and of",
        "Python stand beside these.",
        "",
        "| metric | kind | labels | what it is |",
        "|---|---|---|---|",
    ]
    for family in metrics.registry.collect():
        if family.name.startswith("roost_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = ", ".join(f"`{label}`" for label in _labels(metrics, family.name))
            cells = (f"`{name}`", family.type, labels, family.documentation)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _labels(metrics: Metrics, name: str) -> tuple[str, ...]:
    collector = metrics.registry._names_to_collectors[name]  # noqa: SLF001 - nothing public says it
    labels: tuple[str, ...] = getattr(collector, "_labelnames", ())
    return labels


def _command_line() -> str:
    from roost.cli.main import main  # noqa: PLC0415 - the group lists this command too

    lines = ["# The command line", ""]
    for words, command in _walk(("roost",), main):
        context = click.Context(command, info_name=" ".join(words), **_SAME_EVERYWHERE)
        lines += [f"## {' '.join(words)}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def _walk(
    words: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _walk((*words, name), inner)
