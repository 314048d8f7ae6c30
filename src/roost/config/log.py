"""[log] and [metrics]: what the admin sees."""

from typing import Annotated, Literal

import msgspec

from roost.config.listeners import Port
from roost.config.setting import doc


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log goes to standard error; a service manager keeps it."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], doc("Least important events that are logged.")
    ] = "info"
    format: Annotated[
        Literal["text", "json"], doc("text: key=value pairs for people; json: one object a line.")
    ] = "text"


class MetricsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metrics are always on the control socket; on a loopback port where one is set."""

    port: Annotated[Port | None, doc("Port on 127.0.0.1 for GET /metrics; unset: off.")] = None
