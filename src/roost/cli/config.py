"""roost config: look at configuration without a running server."""

from pathlib import Path

import click

from roost.cli.control import DEFAULT_CONFIG, load_config
from roost.config.describe import reference, sample


@click.group()
def config() -> None:
    """The file roost.toml."""


@config.command("check")
@click.argument("file", type=click.Path(readable=False, path_type=Path), required=False)
@click.pass_obj
def check_file(config_file: Path | None, file: Path | None) -> None:
    """Read FILE and say every problem with its line."""
    load_config(file or config_file or DEFAULT_CONFIG)
    click.echo("no problems")


@config.command("sample")
@click.option("--hostname", default="mx.example.org", show_default=True)
@click.option("--data", default="/var/lib/roost", show_default=True)
def print_sample(hostname: str, data: str) -> None:
    """Print a roost.toml to begin with."""
    click.echo(sample(hostname, data), nl=False)


@config.command("reference")
def print_reference() -> None:
    """Print every setting with its type, default and meaning."""
    click.echo(reference(), nl=False)
