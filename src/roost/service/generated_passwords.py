"""Passwords that the server makes: too random to be guessed, and fit to be typed."""

import base64

from roost.ports.random import Random

_OCTETS = 17  # 136 bits: nobody gets through those, however fast the hash
_GROUP = 4


def generate_password(random: Random) -> str:
    """A new password: groups of letters and the digits 2 to 7, none to be taken for another."""
    letters = base64.b32encode(random.octets(_OCTETS)).decode().rstrip("=").lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
