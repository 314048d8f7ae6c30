"""[imap]: reading mail."""

from typing import Annotated

import msgspec

from roost.config.setting import Duration, Size, doc


class ImapConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of IMAP on every port."""

    max_append_size: Annotated[Size, doc("Largest message taken by APPEND.")] = Size("100m")
    login_timeout: Annotated[Duration, doc("Wait for a client to sign in.")] = Duration("1m")
    literal_timeout: Annotated[
        Duration, doc("Wait for more of a message or literal that a client began to send.")
    ] = Duration("1m")
    message_limit: Annotated[
        int,
        msgspec.Meta(ge=0, le=1_000_000),
        doc(
            "Most messages that one command deals with, which clients that know RFC 9738 are told; "
            "at least 1000, 0: no limit, but that APPEND takes 1000 in any case."
        ),
    ] = 0
    save_limit: Annotated[
        int,
        msgspec.Meta(ge=0, le=1_000_000),
        doc("The same for COPY and APPEND alone; at least 1000, 0: no limit but message_limit."),
    ] = 0
    idle_timeout: Annotated[
        Duration, doc("Wait for the next command or DONE; RFC 9051 asks for 30 minutes.")
    ] = Duration("30m")
