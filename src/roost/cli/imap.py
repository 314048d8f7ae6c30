"""roost imap: IMAP on standard input and output."""

import os
import sys
import threading

import click

from roost.cli.control import Control, Switched, fail, path_of

PIECE_OCTETS = 64 * 1024


@click.command()
@click.argument("address")
@click.pass_obj
def imap(ctl: Control, address: str) -> None:
    """Speak IMAP on standard input and output, signed in as the account of ADDRESS.

    For mail programs on this machine, which then need no password:

    \b
      mbsync  Tunnel "roost imap ADDRESS"
      mutt    set tunnel="roost imap ADDRESS"

    LOGOUT or the end of standard input ends it. The server logs who asked for it.
    """
    relay(ctl.switch(path_of("imap", address), "imap"), sys.stdin.fileno(), sys.stdout.fileno())


def relay(server: Switched, source: int, sink: int) -> None:
    """Carry octets both ways until the server closes, or nobody reads the sink.

    source, sink: file descriptors. Each way has a thread, so that neither waits for the other, and
    each reads no more than was taken from it.
    """
    threading.Thread(target=_send, args=(server, source), daemon=True).start()
    try:
        while octets := server.read(PIECE_OCTETS):
            if not _write(sink, octets):
                return
    except OSError as error:
        fail(f"the server broke off: {error.strerror}")


def _send(server: Switched, source: int) -> None:
    try:
        while octets := os.read(source, PIECE_OCTETS):
            server.send(octets)
        server.end()
    except OSError:
        pass  # the server is gone, which its other way tells


def _write(sink: int, octets: bytes) -> bool:
    """Write all; False when nobody is there to read."""
    left = memoryview(octets)
    try:
        while left:
            left = left[os.write(sink, left) :]
    except BrokenPipeError:
        return False
    return True
