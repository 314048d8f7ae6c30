"""PREVIEW: the first words of a message, which its row holds from the start. RFC 8970.

LAZY makes no difference, since nothing is to be waited for (section 4.1).
"""

from collections.abc import Hashable, Mapping
from types import MappingProxyType

from roost.proto.imap.ext.preview import PreviewItem, preview_item
from roost.session.imap.column_item import ColumnItem, ItemMaker
from roost.session.imap.conversation import Conversation


def _item(talk: Conversation) -> ColumnItem:
    utf8 = talk.utf8

    def spell(text: str) -> bytes:
        return preview_item(text, utf8=utf8)

    return ColumnItem(b"%b", ("preview",), spell)


FETCH_ITEMS: Mapping[Hashable, ItemMaker] = MappingProxyType(
    {PreviewItem(lazy=False): _item, PreviewItem(lazy=True): _item}
)
