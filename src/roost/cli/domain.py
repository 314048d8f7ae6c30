"""roost domain: the domains mail is taken for."""

import click

from roost.cli.control import Control, path_of


@click.group()
def domain() -> None:
    """Domains that mail is taken for."""


@domain.command()
@click.argument("name")
@click.pass_obj
def add(ctl: Control, name: str) -> None:
    """Take mail for domain NAME from now on."""
    added = ctl.call("POST", path_of("domains"), {"name": name})
    ctl.say(added, f"domain {added['name']} added")


@domain.command("list")
@click.pass_obj
def list_domains(ctl: Control) -> None:
    """List the domains."""
    found = ctl.get_all(path_of("domains"), "domains")
    ctl.say({"domains": found}, "\n".join(row["name"] for row in found) or "no domains")


@domain.command()
@click.argument("name")
@click.pass_obj
def remove(ctl: Control, name: str) -> None:
    """Take no more mail for domain NAME; it must have no addresses."""
    removed = ctl.call("DELETE", path_of("domains", name))
    ctl.say(removed, f"domain {name} removed")
