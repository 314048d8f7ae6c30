"""[imap]: reading mail."""

from typing import Annotated

import msgspec

from roost.config.setting import Duration, Size, doc


class ImapConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of IMAP on every port."""

    max_append_size: Annotated[Size, doc("Largest message taken by APPEND.")] = Size("100m")
    login_timeout: Annotated[Duration, doc("Wait for a client to sign in.")] = Duration("1m")
    idle_timeout: Annotated[
        Duration, doc("Wait for the next command or DONE; RFC 9051 asks for 30 minutes.")
    ] = Duration("30m")
