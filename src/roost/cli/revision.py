"""roost revision: who changed what, and taking it back."""

import json
from typing import Any

import click

from roost.cli.control import Control, path_of


@click.group()
def revision() -> None:
    """Changes of domains, accounts and addresses."""


@revision.command("list")
@click.option("--before", default=0, help="Only older ones than this number.")
@click.pass_obj
def list_revisions(ctl: Control, before: int) -> None:
    """List who changed what and when, the newest 100 first."""
    answer = ctl.get(f"{path_of('revisions')}?before={before}")
    lines = [line for one in answer["revisions"] for line in _lines(one)]
    ctl.say(answer, "\n".join(lines) or "no revisions")


@revision.command()
@click.argument("number", type=click.IntRange(min=1))
@click.option("--reason", default="", help="Why; stands in the revision that this makes.")
@click.pass_obj
def undo(ctl: Control, number: int, reason: str) -> None:
    """Make everything that revision NUMBER changed what it was before."""
    made = ctl.call("POST", path_of("revisions", str(number), "undo"), {"reason": reason})
    ctl.say(made, "\n".join(_lines(made)))


def _lines(one: dict[str, Any]) -> list[str]:
    said = f": {one['reason']}" if one["reason"] else ""
    lines = [f"{one['number']}  {one['made']}  {one['actor']}{said}"]
    for change in one["changes"]:
        lines.append(f"    {change['what']} {change['table']} {change['key']}")
        if change["what"] == "changed":
            lines += [
                f"        {each['path']}: {_spell(each['before'])} -> {_spell(each['after'])}"
                for each in change["differences"]
            ]
    return lines


def _spell(value: object) -> str:
    return "unset" if value is None else json.dumps(value, ensure_ascii=False)
