"""roost.toml as a whole: what a restart applies. What changes while running is rows."""

from typing import Annotated

import msgspec

from roost.config.dns import DnsConfig
from roost.config.imap import ImapConfig
from roost.config.limits import LimitsConfig
from roost.config.listeners import ListenerConfig
from roost.config.log import LogConfig, MetricsConfig
from roost.config.logins import LoginsConfig
from roost.config.setting import doc
from roost.config.smtp import SmtpConfig
from roost.config.tls import TlsConfig


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of roost.toml."""

    hostname: Annotated[
        str, doc("Name of this machine in greetings, Received fields and message ids.")
    ]
    data: Annotated[str, doc("Folder that holds everything roost keeps. Made when missing.")]
    user: Annotated[
        str, doc("User that roost runs as after binding its ports as root; empty: no change.")
    ] = ""
    admin_users: Annotated[
        tuple[str, ...],
        doc("Users of this machine who may use the control socket, beside root and roost's own."),
    ] = ()
    listeners: Annotated[
        dict[str, ListenerConfig], doc("Groups of addresses, each with the services on them.")
    ] = {}
    tls: Annotated[TlsConfig, doc("Certificate and key.")] = TlsConfig()
    smtp: Annotated[SmtpConfig, doc("Receiving and submission.")] = SmtpConfig()
    imap: Annotated[ImapConfig, doc("Reading mail.")] = ImapConfig()
    logins: Annotated[LoginsConfig, doc("Signing in.")] = LoginsConfig()
    dns: Annotated[DnsConfig, doc("Whom to ask about names.")] = DnsConfig()
    limits: Annotated[LimitsConfig, doc("Bounds on connections and disk.")] = LimitsConfig()
    log: Annotated[LogConfig, doc("What is logged, and how.")] = LogConfig()
    metrics: Annotated[MetricsConfig, doc("Prometheus metrics over HTTP.")] = MetricsConfig()
