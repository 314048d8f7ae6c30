"""What msgspec finds wrong with a value, in words for someone who never saw Python."""

import re
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

# What msgspec says about types, and what people call them.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
    "null": "nothing",
    "datetime": "a date",
}

# Shapes of msgspec's messages, the first that fits counts; {kind} is the first group in words.
_SHAPES = (
    (re.compile(r"Expected `int` >= (-?\d+)"), "a whole number of {0} or more"),
    (re.compile(r"Expected `int` <= (-?\d+)"), "a whole number of {0} or less"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "text of at most {0} characters"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "text of at least {0} characters"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "a list of at most {0} things"),
    (re.compile(r"Expected `str` matching regex .*"), "text of another form"),
    (re.compile(r"Expected `([a-z |]+)`, got `([a-z]+)`"), "{kind}, not {got}"),
)
_CHOICE = re.compile(r"Invalid enum value '?(.*?)'?")


def say(error: msgspec.ValidationError, wanted: Any) -> str:
    """What a value has to be. What is not known here is said as msgspec says it.

    wanted: the type it should have, for the choices it leaves.
    """
    said = str(error).partition(" - at `")[0]
    for shape, words in _SHAPES:
        if found := shape.fullmatch(said):
            groups = found.groups()
            kind = _kind(groups[0]) if groups else ""
            got = _kind(groups[1]) if len(groups) > 1 else ""
            return "it has to be " + words.format(*groups, kind=kind, got=got)
    if found := _CHOICE.fullmatch(said):
        return f'"{found[1]}" is none of {", ".join(_choices(wanted))}'
    return said


def _choices(wanted: Any) -> list[str]:
    bare = get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted
    return [str(one) for one in get_args(bare)] if get_origin(bare) is Literal else []


def _kind(types: str) -> str:
    """Each type in words; what stands for "may be left out" is not said."""
    names = [one for one in types.split(" | ") if one != "null"] or ["null"]
    return " or ".join(_KINDS.get(one, one) for one in names)
