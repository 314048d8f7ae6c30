"""roost logins: who signed in, and who failed to."""

from typing import Any
from urllib.parse import urlencode

import click

from roost.cli.control import Control, columns, path_of

MAX_SHOWN = 100


@click.command()
@click.argument("name", default="")
@click.option("--failed", is_flag=True, help="Only those that did not succeed.")
@click.option("--protocol", type=click.Choice(["imap", "smtp"]), help="Only over this one.")
@click.option("--outcome", help="Only those that ended so, such as wrong_password.")
@click.option("--ip", help="Only from this address.")
@click.option("--all", "whole", is_flag=True, help=f"All of them, not the latest {MAX_SHOWN}.")
@click.pass_obj
def logins(
    ctl: Control,
    name: str,
    *,
    failed: bool,
    protocol: str | None,
    outcome: str | None,
    ip: str | None,
    whole: bool,
) -> None:
    """List logins of the last 30 days, of all or of the account with the name or address NAME.

    The latest come first; those alike are one line with a count.
    """
    given = {"account": name, "protocol": protocol, "outcome": outcome, "ip": ip}
    query = {key: value for key, value in given.items() if value}
    if failed:
        query["failed"] = "true"
    found = _rows(ctl, query, whole=whole)
    ctl.say({"logins": found}, columns([_line(one) for one in found]) if found else "no logins")


def _rows(ctl: Control, query: dict[str, str], *, whole: bool) -> list[Any]:
    rows: list[Any] = []
    after = ""
    while True:
        answer = ctl.get(f"{path_of('logins')}?{urlencode(query | {'after': after})}")
        rows += answer["logins"]
        after = answer["after"]
        if not (after and whole):
            return rows


def _line(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["last"],
        f"{one['count']}x",
        one["outcome"],
        one["protocol"],
        one["mechanism"] or "-",
        one["ip"] or "-",
        one["tls"] or "clear",
        one["name"] or "-",
        one["client"] or "-",
    )
