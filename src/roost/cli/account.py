"""roost account, address: who has mail here."""

import click

from roost.cli.control import Control, columns, path_of


@click.group()
def account() -> None:
    """Accounts, each with its mailboxes."""


@account.command()
@click.argument("name")
@click.argument("address")
@click.pass_obj
def add(ctl: Control, name: str, address: str) -> None:
    """Make account NAME with its first ADDRESS and the usual mailboxes.

    It has no password yet: `roost password ADDRESS` sets one.
    """
    added = ctl.call("POST", path_of("accounts"), {"name": name, "address": address})
    ctl.say(added, f"account {added['name']} added; set its password: roost password {address}")


@account.command("list")
@click.pass_obj
def list_accounts(ctl: Control) -> None:
    """List the accounts with their addresses and how much they hold."""
    found = ctl.get_all(path_of("accounts"), "accounts")
    lines = [
        (
            row["name"],
            ", ".join(row["addresses"]),
            f"{row['used_messages']} messages, {row['used_octets']} octets",
        )
        for row in found
    ]
    ctl.say({"accounts": found}, columns(lines) or "no accounts")


@account.command()
@click.argument("name")
@click.confirmation_option(prompt="This removes the account with all its mail. Go on?")
@click.pass_obj
def remove(ctl: Control, name: str) -> None:
    """Remove account NAME, its addresses and all its mail.

    For a day `roost revision undo` takes it back.
    """
    removed = ctl.call("DELETE", path_of("accounts", name))
    ctl.say(removed, f"account {name} removed")


@click.group()
def address() -> None:
    """Addresses of accounts."""


@address.command("add")
@click.argument("new_address", metavar="ADDRESS")
@click.argument("account_name", metavar="ACCOUNT")
@click.pass_obj
def add_address(ctl: Control, new_address: str, account_name: str) -> None:
    """Give ACCOUNT one more ADDRESS."""
    body = {"address": new_address, "account": account_name}
    added = ctl.call("POST", path_of("addresses"), body)
    ctl.say(added, f"address {added['address']} added to account {account_name}")


@address.command("list")
@click.pass_obj
def list_addresses(ctl: Control) -> None:
    """List the addresses with their accounts."""
    found = ctl.get_all(path_of("addresses"), "addresses")
    lines = [(row["address"], row["account"]) for row in found]
    ctl.say({"addresses": found}, columns(lines) or "no addresses")


@address.command("remove")
@click.argument("old_address", metavar="ADDRESS")
@click.pass_obj
def remove_address(ctl: Control, old_address: str) -> None:
    """Take ADDRESS away from its account."""
    removed = ctl.call("DELETE", path_of("addresses", old_address))
    ctl.say(removed, f"address {old_address} removed")
