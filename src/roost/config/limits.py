"""[limits]: bounds on connections and disk."""

from typing import Annotated

import msgspec

from roost.config.setting import Size, doc


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds that protect the machine; those per address scale 1:3:9 over /32, /26 and /21."""

    max_connections: Annotated[
        int, msgspec.Meta(ge=10), doc("Most connections at once, all services together.")
    ] = 10_000
    max_connections_per_address: Annotated[
        int, msgspec.Meta(ge=1), doc("Most connections at once from one IPv4 address or IPv6 /64.")
    ] = 30
    max_new_connections_per_minute: Annotated[
        int, msgspec.Meta(ge=1), doc("Most new connections a minute from one address.")
    ] = 300
    exempt_loopback: Annotated[
        bool, doc("Whether connections from this machine count towards no limit per address.")
    ] = False
    min_free_space: Annotated[
        Size, doc("Free space below which no mail is taken; at least twice the largest message.")
    ] = Size("1g")
    default_quota: Annotated[
        Size, doc("Most message octets of an account that has no limit of its own; 0: no limit.")
    ] = Size(0)
