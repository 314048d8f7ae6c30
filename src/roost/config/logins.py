"""[logins]: signing in."""

from typing import Annotated

import msgspec

from roost.config.setting import doc


class LoginsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people sign in, over every protocol; limits scale 1:3:9 over /32, /26 and /21."""

    scram_sha_1: Annotated[
        bool,
        doc("Whether SCRAM-SHA-1 is offered, for old programs; for passwords set from then on."),
    ] = False
    cram_md5: Annotated[
        bool,
        doc("Whether CRAM-MD5 is offered, for older ones; it keeps what is as good as a password."),
    ] = False
    max_failed_per_minute: Annotated[
        int,
        msgspec.Meta(ge=1),
        doc("Most failed logins a minute from one IPv4 address or IPv6 /64."),
    ] = 10
    max_failed_per_day: Annotated[
        int, msgspec.Meta(ge=1), doc("Most failed logins a day from one address.")
    ] = 50
