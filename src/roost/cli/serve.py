"""roost serve, roost localserve: the server itself."""

import json
import sys
from http.client import HTTPException
from pathlib import Path

import click

from roost.app.modes import Mode, PortsUnusable
from roost.app.modes import localserve as local_mode
from roost.cli.control import (
    DEFAULT_CONFIG,
    SOCKET_NAME,
    Control,
    fail,
    load_config,
    local_data_folder,
    path_of,
)


@click.command()
@click.pass_obj
def serve(config_file: Path | None) -> None:
    """Run the mail server that roost.toml describes."""
    _run(Mode(load_config(config_file or DEFAULT_CONFIG)))


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(readable=False, path_type=Path),
    help="Where to keep the data [default: roost/localserve in the user's data folder].",
)
@click.option("--ip", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port-offset", default=0, show_default=True, help="Added to each port, 1025 and so on."
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
)
def localserve(folder: Path | None, ip: str, port_offset: int, log_level: str) -> None:
    """Run a mail server for a developer: it takes all mail and sends none.

    Mail to any address lands in the account roost@localhost, password roostroost.
    """
    place = (folder or local_data_folder()).absolute()
    try:
        mode = local_mode(place, ip, port_offset, log_level)
    except PortsUnusable as error:
        fail(str(error))
    _run(mode)


def _run(mode: Mode) -> None:
    # Loaded for these two commands only: it is the whole server, and the others shall be quick.
    from roost.app.run import WontStart, run  # noqa: PLC0415

    try:
        status = run(mode)
    except WontStart as error:
        fail(_who_runs(mode) or f"roost did not start: {error}")
    sys.exit(status)


def _who_runs(mode: Mode) -> str:
    """What to say where a server with this data folder runs already; "" when none answers."""
    socket = Path(mode.config.data) / SOCKET_NAME
    try:
        control = Control(lambda: socket, as_json=True, seconds=2.0)
        answer = json.loads(control.try_get(path_of("status")))
        ports = ", ".join(f"{port['service']} {port['port']}" for port in answer["ports"])
        return (
            f"roost runs already with the data in {answer['data']}: process {answer['pid']},"
            f" ports {ports}. Stop it with `roost --socket {socket} stop`, or name another folder"
        )
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return ""
