"""LIST-METADATA: LIST tells the metadata of each mailbox. RFC 9590.

The answer is a METADATA response behind each LIST response; see `ext.metadata`.
"""

from dataclasses import dataclass

from roost.proto.imap.ext.metadata import parse_entry_list
from roost.proto.imap.extension import Extension
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class MetadataReturn:
    """METADATA of RETURN. entries: lower case. RFC 9590."""

    entries: tuple[str, ...]


def parse_metadata_return(cursor: Cursor) -> MetadataReturn:
    """Read what follows METADATA of RETURN."""
    cursor.sp()
    return MetadataReturn(parse_entry_list(cursor))


LIST_METADATA = Extension(
    name="list metadata",
    rfc=9590,
    capabilities=("LIST-METADATA",),
    list_returns={"METADATA": parse_metadata_return},
)
