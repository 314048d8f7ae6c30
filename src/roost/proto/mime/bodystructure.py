"""BODY and BODYSTRUCTURE as IMAP spells them, in 7-bit octets. RFC 9051 section 7.5.2."""

from roost.proto.mime.envelope import wire_string
from roost.proto.mime.parameter import Params
from roost.proto.mime.structure import Part

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def body(part: Part) -> bytes:
    """The BODY of a part: its structure without extension data."""
    return structures(part)[0]


def bodystructure(part: Part) -> bytes:
    """The BODYSTRUCTURE of a part, with all extension data.

    8-bit values become encoded words in UTF-8; a parameter of that kind is spelled as in
    RFC 2231, `name*` with `utf-8''` and percent signs, which is what clients expect there.
    Names that mean the same in any case are upper case, as in the examples of the RFC.
    """
    return structures(part)[1]


def structures(part: Part) -> tuple[bytes, bytes]:
    """BODY and BODYSTRUCTURE of a part, made together since they share most of their octets."""
    short: list[bytes] = []
    full: list[bytes] = []
    _write(part, short, full)
    return b"".join(short), b"".join(full)


def _write(part: Part, short: list[bytes], full: list[bytes]) -> None:
    """Add both forms; the recursion is as deep as the scanner lets messages be."""
    if part.is_multipart:
        _add(b"(", short, full)
        for child in part.children:
            _write(child, short, full)
        _add(b" " + wire_string(part.subtype.upper()), short, full)
        full += (b" ", _params(part.params))
    else:
        _add(_basic_fields(part), short, full)
        if part.is_message:
            _add(b" %b " % (part.envelope or b"NIL"), short, full)
            _write(part.children[0], short, full)
        if part.is_message or part.type == b"text":
            _add(b" %d" % part.lines, short, full)
        full += (b" ", wire_string(part.md5))
    short.append(b")")
    full.append(_shared_extension(part) + b")")


def _add(piece: bytes, short: list[bytes], full: list[bytes]) -> None:
    short.append(piece)
    full.append(piece)


def _basic_fields(part: Part) -> bytes:
    """What every part but a multipart has, after the opening parenthesis."""
    return b"(%b %b %b %b %b %b %d" % (
        wire_string(part.type.upper()),
        wire_string(part.subtype.upper()),
        _params(_with_charset(part)),
        wire_string(part.id),
        wire_string(part.description),
        wire_string(part.encoding.upper()),
        part.end - part.body_start,
    )


def _with_charset(part: Part) -> Params:
    """The parameters; text that names no charset is in US-ASCII: RFC 2046 section 4.1.2."""
    if part.type != b"text" or any(name == b"charset" for name, _ in part.params):
        return part.params
    return ((b"charset", b"us-ascii"), *part.params)


def _shared_extension(part: Part) -> bytes:
    """Disposition, language and location, which end the extension data of every part."""
    if part.disposition is None and not part.language and part.location is None:
        return b" NIL NIL NIL"
    disposition = b"NIL"
    if part.disposition is not None:
        kind, params = part.disposition
        disposition = b"(%b %b)" % (wire_string(kind.upper()), _params(params))
    return b" %b %b %b" % (disposition, _language(part.language), wire_string(part.location))


def _language(tags: tuple[bytes, ...]) -> bytes:
    return b"(" + b" ".join(map(wire_string, tags)) + b")" if tags else b"NIL"


def _params(params: Params) -> bytes:
    if not params:
        return b"NIL"
    return b"(" + b" ".join(_param(name, value) for name, value in params) + b")"


def _param(name: bytes, value: bytes) -> bytes:
    name = name.upper()
    if not value.isascii():
        name, value = name + b"*", b"utf-8''" + _percent(value)
    return wire_string(name) + b" " + wire_string(value)


def _percent(value: bytes) -> bytes:
    """8-bit octets as RFC 2231 section 4 spells them: in UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        value = value.decode("cp1252", "replace").encode()
    return b"".join(b"%c" % octet if octet in _UNRESERVED else b"%%%02X" % octet for octet in value)
