"""Part trees as octets for a column, and moved behind a prefix."""

import msgspec

from roost.proto.mime.structure import Part


def pack(part: Part) -> bytes:
    """The tree as octets: MessagePack arrays, about 60 octets a part and what its header says."""
    return msgspec.msgpack.encode(part)


def unpack(octets: bytes) -> Part:
    """The tree that `pack` made octets of.

    Raises ValueError for anything else.
    """
    try:
        return msgspec.msgpack.decode(octets, type=Part)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError("not a packed part tree") from error


def rebase(part: Part, by: int) -> Part:
    """A copy of a message's tree for the sum of a prefix of `by` octets and that message.

    The prefix joins the header of the root, which therefore begins at 0 still; everything else
    moves. Right if the prefix is whole fields, none of them about MIME.
    """
    moved = _moved(part, by)
    moved.header_start = part.header_start
    return moved


def _moved(part: Part, by: int) -> Part:
    copied = msgspec.structs.replace(
        part,
        header_start=part.header_start + by,
        body_start=part.body_start + by,
        end=part.end + by,
    )
    copied.children = [_moved(child, by) for child in part.children]
    return copied
