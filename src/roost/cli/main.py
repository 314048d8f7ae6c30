"""The roost command."""

import io
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import click

from roost.cli import (
    account,
    config,
    dns,
    docs,
    domain,
    imap,
    logins,
    password,
    revision,
    serve,
    server,
    share,
    spf,
    tlspubkey,
)
from roost.cli.asking import Asking
from roost.cli.control import Control, find_socket

# Every command by heading, in the order of `roost --help`.
COMMANDS: tuple[tuple[str, tuple[click.Command, ...]], ...] = (
    ("Run a server", (serve.serve, serve.localserve, config.config)),
    (
        "Look after it",
        (server.status, server.stop, server.check, server.metrics, server.cid, docs.docs),
    ),
    (
        "Who has mail here",
        (domain.domain, account.account, account.address, share.share, revision.revision),
    ),
    (
        "Mail of an account",
        (imap.imap,),
    ),
    (
        "Who signs in",
        (password.password, password.apppassword, tlspubkey.tlspubkey, logins.logins),
    ),
    ("Ask the world", (dns.dns, spf.spf)),
)

# Commands that speak to no running server.
ALONE = frozenset({"serve", "localserve", "config", "docs"})

# Commands that ask DNS, and no server of ours.
ASKING = frozenset({"dns", "spf"})

# Commands whose answer is in a form of its own.
NOT_JSON = (server.metrics, imap.imap)


class Headed(click.Group):
    """A group whose help lists its commands below headings, in the order of COMMANDS."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with the first sentence of its docstring, not cut."""
        del ctx
        for heading, commands in COMMANDS:
            rows = [(one.name or "", _summary(one)) for one in commands if not one.hidden]
            with formatter.section(heading):
                formatter.write_dl(rows)


@click.group("roost", cls=Headed, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version_of("roost"), message="roost %(version)s")
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(readable=False, path_type=Path),
    envvar="ROOST_CONFIG",
    help="The server's roost.toml [default: $ROOST_CONFIG or /etc/roost/roost.toml].",
)
@click.option(
    "--socket",
    "socket_path",
    type=click.Path(readable=False, path_type=Path),
    envvar="ROOST_SOCKET",
    help="The server's control socket, where it is not the one of roost.toml or localserve.",
)
@click.pass_context
def main(
    ctx: click.Context, *, as_json: bool, config_file: Path | None, socket_path: Path | None
) -> None:
    """A complete mail server.

    `roost localserve` starts one on this machine, to try it or to write mail programs against.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that a terminal cannot show
    if ctx.invoked_subcommand in ALONE:
        ctx.obj = config_file
        return
    if ctx.invoked_subcommand in ASKING:
        ctx.obj = Asking(config_file, as_json)
        return
    ctx.obj = Control(lambda: socket_path or find_socket(config_file), as_json=as_json)


def _summary(command: click.Command) -> str:
    return (command.help or "").strip().partition("\n")[0]


def _print_json(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and isinstance(ctx.obj, Control | Asking):
        ctx.obj.as_json = True


def _offer_json(command: click.Command) -> None:
    """Let --json stand behind a command's name as well as before it."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _offer_json(inner)
        return
    option = click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        callback=_print_json,
        help="Print the answer as JSON.",
    )
    command.params.append(option)


for _heading, _commands in COMMANDS:
    for _command in _commands:
        main.add_command(_command)
        if _command.name not in ALONE and _command not in NOT_JSON:
            _offer_json(_command)
