"""[smtp]: receiving and submission."""

from typing import Annotated

import msgspec

from roost.config.setting import Duration, Size, doc


class SmtpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of SMTP on every port. RFC 5321 section 4.5.3."""

    max_message_size: Annotated[Size, doc("Largest message taken.")] = Size("100m")
    max_recipients: Annotated[
        int, msgspec.Meta(ge=100, le=10_000), doc("Most recipients of one message.")
    ] = 1000
    command_timeout: Annotated[Duration, doc("Wait for the next command.")] = Duration("5m")
    data_timeout: Annotated[Duration, doc("Wait for more of a message.")] = Duration("3m")
