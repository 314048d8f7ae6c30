"""Numbers in JSON: what JavaScript and the store can both hold."""

from typing import Annotated

import msgspec

RevisionNumber = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
