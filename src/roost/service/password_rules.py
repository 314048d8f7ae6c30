"""Which passwords may be set: not too short, and none that a guesser tries first."""

from collections.abc import Iterable
from importlib import resources
from itertools import pairwise
from string import digits, punctuation

from roost.service.passwords import PasswordInvalid, prepare

MIN_PASSWORD_LENGTH = 8

_TRIMMED = digits + punctuation + " "
_SHORT_PIECE = 4  # what is made of one so short, over and over, is no more than the piece
_COMMON = "common_passwords.txt"


def prepare_new(password: str, known: Iterable[str] = ()) -> str:
    """As `prepare`, for a password that is about to be set.

    known: what everybody knows of its owner: names, addresses. Raises PasswordInvalid.
    """
    prepared = prepare(password)
    if len(prepared) < MIN_PASSWORD_LENGTH:
        raise PasswordInvalid(f"it has fewer than {MIN_PASSWORD_LENGTH} characters")
    folded = prepared.casefold()
    if _is_run(folded) or len(_piece(folded)) <= _SHORT_PIECE:
        raise PasswordInvalid("it repeats or counts up a few characters")
    cores = {folded, _piece(folded), folded.strip(_TRIMMED), _piece(folded.strip(_TRIMMED))}
    if cores & _names(known):
        raise PasswordInvalid("it is the account's name or address, which everybody knows")
    if cores & _common():
        raise PasswordInvalid("it is among those that everybody tries first")
    return prepared


def _names(known: Iterable[str]) -> set[str]:
    """Every name, and each part of an address that somebody might take for a password."""
    found = set()
    for text in known:
        folded = text.casefold()
        local, _, domain = folded.rpartition("@")
        found |= {folded, local, domain, domain.partition(".")[0]}
    return found - {""}


def _is_run(text: str) -> bool:
    """Whether each character is the one after, or each the one before, the last: "12345678"."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _piece(text: str) -> str:
    """The shortest text that `text` is made of when said over and over; itself for most."""
    doubled = text + text
    return text[: doubled.find(text, 1)]


def _common() -> frozenset[str]:
    """The passwords that leaks are full of. Read anew: a password is seldom set."""
    text = resources.files(__package__).joinpath(_COMMON).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
