"""Settings of a domain: the shape of a row, never read from roost.toml."""

from typing import Annotated

import msgspec

from roost.config.accounts import ShortText
from roost.config.setting import doc

# What RFC 5321 section 4.1.2 allows in a local part without quotes, but no letter or digit.
Separator = Annotated[str, msgspec.Meta(pattern=r"^[!#$%&'*+/=?^_`{|}~.-]{1,8}$")]


class DomainSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an admin sets for one domain."""

    description: Annotated[
        Annotated[str, msgspec.Meta(max_length=1000)], doc("A note for who looks after it.")
    ] = ""
    disabled: Annotated[
        bool, doc("Whether mail to and from it is put off with a temporary refusal.")
    ] = False
    localpart_separators: Annotated[
        Annotated[tuple[Separator, ...], msgspec.Meta(max_length=8)],
        doc("What parts a local part from a free tag: with +, you+shop reaches you."),
    ] = ("+",)
    localpart_case_sensitive: Annotated[
        bool, doc("Whether You and you are different local parts.")
    ] = False
    catch_all: Annotated[
        ShortText, doc("Local part that takes mail for those nobody has; empty: it is refused.")
    ] = ""
