"""roost share: who uses the mailboxes of whom."""

from urllib.parse import quote

import click

from roost.cli.control import Control, columns, path_of

_RIGHTS = "What USER may do: none, read, write, admin, or letters of RFC 4314."
_SEND_AS = "Let USER send with the addresses of OWNER."


@click.group()
def share() -> None:
    """Mailboxes that others use as well.

    Mail for several people is an account without a password: make it with `roost account add`, then
    share it with each of them. They find it below "Other Users" in their mail program.
    """


@share.command()
@click.argument("place", metavar="OWNER[/MAILBOX]")
@click.argument("user")
@click.option("--rights", required=True, help=_RIGHTS)
@click.option("--send-as", is_flag=True, help=_SEND_AS)
@click.pass_obj
def add(ctl: Control, place: str, user: str, *, rights: str, send_as: bool) -> None:
    """Let USER use a MAILBOX of OWNER, or all that OWNER has and will have.

    OWNER and USER are addresses.
    """
    owner, mailbox = parts_of(place)
    body = {"owner": owner, "user": user, "mailbox": mailbox, "rights": rights, "send_as": send_as}
    added = ctl.call("POST", path_of("shares"), body)
    ctl.say(added, f"{place} shared with {added['user']}: {_what(added)}")


@share.command("set")
@click.argument("place", metavar="OWNER[/MAILBOX]")
@click.argument("user")
@click.option("--rights", required=True, help=_RIGHTS)
@click.option("--send-as", is_flag=True, help=_SEND_AS)
@click.pass_obj
def set_share(ctl: Control, place: str, user: str, *, rights: str, send_as: bool) -> None:
    """Change what USER may do with what is shared already."""
    body = {"rights": rights, "send_as": send_as, "made_from": None}
    saved = ctl.call("PUT", _path(place, user), body)
    ctl.say(saved, f"{place} shared with {saved['user']}: {_what(saved)}")


@share.command("list")
@click.pass_obj
def list_shares(ctl: Control) -> None:
    """List what is shared with whom."""
    found = ctl.get_all(path_of("shares"), "shares")
    lines = [(_place(row), row["user"], _what(row)) for row in found]
    ctl.say({"shares": found}, columns(lines) or "nothing is shared")


@share.command("rm")
@click.argument("place", metavar="OWNER[/MAILBOX]")
@click.argument("user")
@click.pass_obj
def remove(ctl: Control, place: str, user: str) -> None:
    """End a share with USER; without MAILBOX all that USER has of OWNER."""
    removed = ctl.call("DELETE", _path(place, user))
    ctl.say(removed, f"{place} no longer shared with {user}")


def parts_of(place: str) -> tuple[str, str]:
    """Owner and mailbox: the slash after the @ of an address, or the first of an account name."""
    slash = place.find("/", max(place.find("@"), 0))
    return (place, "") if slash < 0 else (place[:slash], place[slash + 1 :])


def _path(place: str, user: str) -> str:
    owner, mailbox = parts_of(place)
    query = f"?mailbox={quote(mailbox, safe='')}" if mailbox else ""
    return path_of("shares", owner, user) + query


def _place(row: dict[str, str]) -> str:
    return f"{row['owner']}/{row['mailbox']}" if row["mailbox"] else row["owner"]


def _what(row: dict[str, str]) -> str:
    return (row["rights"] or "no rights") + (", send as" if row["send_as"] else "")
