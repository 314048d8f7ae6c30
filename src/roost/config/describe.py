"""The reference page and the sample of roost.toml, made from the structs."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from roost.config.file import doc_of
from roost.config.listeners import Port
from roost.config.server import ServerConfig
from roost.config.setting import Duration, Size

SAMPLE_LISTENER = """\
[listeners.public]
smtp = 25
submission = 587
submissions = 465
imap = 143
imaps = 993
"""


def reference() -> str:
    """Every setting as Markdown: name, type, default, what it does."""
    lines = [
        "# roost.toml",
        "",
        "A restart applies it. Sizes take k, m, g, t; durations s, m, h, d, w.",
    ]
    for title, struct in tables():
        lines += [
            "",
            f"## {title}",
            "",
            "| setting | type | default | what it does |",
            "|---|---|---|---|",
        ]
        for field in msgspec.structs.fields(struct):
            if _is_table(field.type):
                continue
            default = "required" if field.required else f"`{_spell(field.default)}`"
            cells = (f"`{field.encode_name}`", _type_name(field.type), default, doc_of(field.type))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def sample(hostname: str, data: str) -> str:
    """A roost.toml to begin with; settings that have a default stand in comments."""
    # A JSON string is a TOML string.
    lines = [f"hostname = {json.dumps(hostname)}", f"data = {json.dumps(data)}"]
    for title, struct in tables():
        if title == "listeners.NAME":
            lines += ["", SAMPLE_LISTENER.rstrip()]
            continue
        if title != "top of the file":
            lines += ["", f"[{title}]"]
        for field in msgspec.structs.fields(struct):
            if field.required or _is_table(field.type):
                continue
            value = _spell(field.default) if field.default is not None else ""
            lines += [f"# {doc_of(field.type)}", f"#{field.encode_name} = {value}".rstrip()]
    return "\n".join(lines) + "\n"


def tables() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    yield "top of the file", ServerConfig
    for field in msgspec.structs.fields(ServerConfig):
        bare = get_args(field.type)[0]
        if get_origin(bare) is dict:
            yield f"{field.encode_name}.NAME", get_args(bare)[1]
        elif _is_table(field.type):
            yield field.encode_name, bare


def _is_table(wanted: Any) -> bool:
    bare = get_args(wanted)[0]
    return get_origin(bare) is dict or (isinstance(bare, type) and issubclass(bare, msgspec.Struct))


def _type_name(wanted: Any) -> str:
    bare = get_args(wanted)[0]
    if get_origin(bare) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(bare))
    names: dict[Any, str] = {
        str: "text", int: "number", bool: "true or false", Size: "size", Duration: "duration",
        tuple[str, ...]: "list of texts", Port | None: "port",
    }  # fmt: skip
    if get_origin(bare) is Annotated:
        bare = get_args(bare)[0]
    return names[bare]


def _spell(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Size | Duration):
        return f'"{value.spell()}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
