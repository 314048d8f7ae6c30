"""roost status, stop, check, metrics, cid: the running server."""

import sys
from typing import Any

import click

from roost.cli.control import Control, path_of


@click.command()
@click.pass_obj
def status(ctl: Control) -> None:
    """Tell what runs, where it listens and who is connected."""
    answer = ctl.get(path_of("status"))
    lines = [
        f"roost {answer['version']}, pid {answer['pid']}, since {answer['started']}",
        f"data in {answer['data']}",
    ]
    lines += [f"  {port['service']:12} {_spell(port)}" for port in answer["ports"]]
    open_now = ", ".join(f"{count} {name}" for name, count in answer["connections"].items())
    lines.append(f"connections: {open_now or 'none'}")
    ctl.say(answer, "\n".join(lines))


@click.command()
@click.pass_obj
def stop(ctl: Control) -> None:
    """Stop the server: mail being taken is stored first, clients are told."""
    ctl.say(ctl.call("POST", path_of("stop")), "stopping")


@click.command()
@click.option("--repair", is_flag=True, help="Mend counters and derived rows.")
@click.pass_obj
def check(ctl: Control, *, repair: bool) -> None:
    """Compare every message with its bytes and every counter with its rows.

    Exit status 1 when there are differences that were not mended.
    """
    answer = ctl.call("POST", path_of("check"), {"repair": repair})
    said = "\n".join(answer["differences"])
    ctl.say(answer, said or "no differences")
    if answer["differences"] and not repair:
        sys.exit(1)


@click.command()
@click.pass_obj
def metrics(ctl: Control) -> None:
    """Print the metrics in Prometheus's text form."""
    click.echo(ctl.octets("GET", path_of("metrics")).decode(), nl=False)


@click.command()
@click.argument("connection_id")
@click.pass_obj
def cid(ctl: Control, connection_id: str) -> None:
    """Find a connection: the number that an error reply's CONNECTION_ID stands for."""
    answer = ctl.get(path_of("connections", connection_id))
    ctl.say(
        answer, f"connection {answer['number']}: look for connection={connection_id} in the log"
    )


def _spell(port: dict[str, Any]) -> str:
    ip = f"[{port['ip']}]" if ":" in port["ip"] else port["ip"]
    return f"{ip}:{port['port']}"
