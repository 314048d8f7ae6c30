"""JSON schemas of the API's structs.

msgspec cannot spell a default that is a Size or a Duration. So each struct is described by a twin
in which these are what they are on the wire: text with a pattern.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from roost.config.setting import Duration, Size

_TEXTS: tuple[tuple[type, Any], ...] = (
    (Size, Annotated[str, msgspec.Meta(pattern="^-?[0-9]+[kmgtKMGT]?$", examples=["100m"])]),
    (Duration, Annotated[str, msgspec.Meta(pattern="^[0-9]+[smhdw]$", examples=["5m"])]),
)


def schemas_of(types: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The schema of each type, and the components that they refer to."""
    twins: dict[type, type] = {}
    schemas, components = msgspec.json.schema_components(
        [_wire_type(one, twins) for one in types], ref_template="#/components/schemas/{name}"
    )
    return list(schemas), components


def schema_of(wanted: Any) -> dict[str, Any]:
    """The schema of one plain type."""
    schema: dict[str, Any] = msgspec.json.schema(wanted)
    return schema


def _wire_type(wanted: Any, twins: dict[type, type]) -> Any:
    """`wanted` as it is on the wire. twins: those made so far."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return Annotated[(_wire_type(arguments[0], twins), *arguments[1:])]
    if origin is list:
        return list[_wire_type(arguments[0], twins)]  # type: ignore[misc]
    if origin in (Union, UnionType):
        return reduce(or_, (_wire_type(one, twins) for one in arguments))
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _twin(wanted, twins)
    return next((text for special, text in _TEXTS if special is wanted), wanted)


def _twin(struct: type[msgspec.Struct], twins: dict[type, type]) -> type:
    if struct not in twins:
        fields = [_field(one, twins) for one in msgspec.structs.fields(struct)]
        twins[struct] = msgspec.defstruct(
            struct.__name__,
            fields,
            frozen=True,
            kw_only=True,
            namespace={"__doc__": struct.__doc__},
            forbid_unknown_fields=struct.__struct_config__.forbid_unknown_fields,
        )
    return twins[struct]


def _field(field: msgspec.structs.FieldInfo, twins: dict[type, type]) -> tuple[Any, ...]:
    wanted = _wire_type(field.type, twins)
    if field.required:
        return field.encode_name, wanted
    default = field.default
    if isinstance(default, Size | Duration):
        default = default.spell()
    elif isinstance(default, msgspec.Struct):
        default = _wire_type(type(default), twins)()  # a struct of settings, all at their defaults
    return field.encode_name, wanted, default
