"""roost password, apppassword: what people and their programs sign in with."""

import sys

import click

from roost.cli.control import Control, columns, fail, path_of

MAX_LINE_OCTETS = 10_000


@click.command()
@click.argument("name")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--generate", is_flag=True, help="Have the server make one, and print it.")
@click.option(
    "--remove-app-passwords", is_flag=True, help="End all app passwords of the account too."
)
@click.pass_obj
def password(
    ctl: Control, name: str, *, from_stdin: bool, generate: bool, remove_app_passwords: bool
) -> None:
    """Set the password of the account with the name or address NAME.

    Whoever signed in with the old one has to sign in again.
    """
    if generate and from_stdin:
        fail("give one password or have one made: --stdin and --generate exclude each other")
    body: dict[str, object] = {"generate": generate, "remove_app_passwords": remove_app_passwords}
    if not generate:
        body["password"] = _ask(from_stdin=from_stdin)
    done = ctl.call("PUT", path_of("accounts", name, "password"), body)
    made = f", shown this once: {done['password']}" if generate else ""
    ctl.say(done, f"password of account {done['account']} set{made}")


@click.group()
def apppassword() -> None:
    """App passwords: one for each program, made by the server."""


@apppassword.command()
@click.argument("name")
@click.argument("label")
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice(["imap", "smtp"]),
    help="What it is good for; may be given more than once [default: all].",
)
@click.option(
    "--expires-in", metavar="TIME", help="How long it is good, such as 90d [default: ever]."
)
@click.option("--reason", default="", help="Why; stands in the revision that this makes.")
@click.pass_obj
def add(
    ctl: Control,
    name: str,
    label: str,
    *,
    protocols: tuple[str, ...],
    expires_in: str | None,
    reason: str,
) -> None:
    """Make an app password for the account with the name or address NAME, and print it.

    LABEL says what it is for, such as "phone".
    """
    body = {"label": label, "protocols": protocols, "expires_in": expires_in, "reason": reason}
    made = ctl.call("POST", path_of("accounts", name, "app-passwords"), body)
    number = made["app_password"]["number"]
    ctl.say(
        made,
        f"app password {number} of account {made['account']}, shown this once: {made['password']}",
    )


@apppassword.command("list")
@click.argument("name")
@click.pass_obj
def list_app_passwords(ctl: Control, name: str) -> None:
    """List the app passwords of the account with the name or address NAME."""
    answer = ctl.get(path_of("accounts", name, "app-passwords"))
    lines = [
        (
            str(one["number"]),
            one["label"],
            " ".join(one["protocols"]) or "all",
            f"made {one['created']}",
            f"until {one['expires']}" if one["expires"] else "for ever",
            f"used {one['last_used']}" if one["last_used"] else "never used",
        )
        for one in answer["app_passwords"]
    ]
    ctl.say(answer, columns(lines) if lines else "no app passwords")


@apppassword.command()
@click.argument("name")
@click.argument("number", type=click.IntRange(min=1))
@click.pass_obj
def remove(ctl: Control, name: str, number: int) -> None:
    """Remove app password NUMBER of the account with the name or address NAME.

    Whoever signed in with it is signed out.
    """
    done = ctl.call("DELETE", path_of("accounts", name, "app-passwords", str(number)))
    ctl.say(done, f"app password {number} removed")


# Hidden: the documentation says `remove`, as for everything else.
apppassword.add_command(
    click.Command(
        "rm",
        callback=remove.callback,
        params=list(remove.params),
        help="Do as `roost apppassword remove`.",
        hidden=True,
    )
)


def _ask(*, from_stdin: bool) -> str:
    if from_stdin:
        return _first_line(sys.stdin.buffer.readline(MAX_LINE_OCTETS))
    typed: str = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    return typed


def _first_line(octets: bytes) -> str:
    try:
        return octets.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        fail("the password on standard input is no UTF-8")
