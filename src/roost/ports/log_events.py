"""The closed list of log events: the name in the log, and what it tells."""

from enum import Enum
from typing import Self


class Event(Enum):
    """What can stand in the log. A new event is one line here and the call.

    value: the name in the log. doc: a sentence for docs/log_events.md.
    """

    doc: str

    def __new__(cls, name: str, doc: str) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.doc = doc
        return member

    SERVER_STARTED = "server_started", "Every port is open and mail is served."
    SERVER_STOPPING = "server_stopping", "It was told to stop; what is being stored is finished."
    SERVER_STOPPED = "server_stopped", "The last words of a run that ended in good order."
    LISTENING = "listening", "A port is open."
    RUNNING_SLOWER = "running_slower", "Something optional is missing; the reason names it."
    CONNECTION_OPENED = "connection_opened", "A client connected."
    CONNECTION_CLOSED = "connection_closed", "A connection ended: how long it was, how much came."
    CONNECTION_REFUSED = "connection_refused", "A connection was over a limit and not taken."
    TLS_FAILED = "tls_failed", "A TLS handshake failed; the reason is a word, the detail a line."
    LOGIN_DONE = "login_done", "Somebody signed in."
    LOGIN_FAILED = (
        "login_failed",
        "Somebody could not sign in; the reason is a word of a list.",
    )
    CERTIFICATE_KNOWN = (
        "certificate_known",
        "A client presented a certificate whose key is registered for the account.",
    )
    LOGIN_FOREIGN_CHANNEL = (
        "login_foreign_channel",
        "A login is bound to another TLS connection than ours: somebody may sit in between.",
    )
    MESSAGE_RECEIVED = "message_received", "A message came over SMTP and is on the disk."
    MESSAGE_SUBMITTED = "message_submitted", "A user's message is on the disk, to be delivered."
    MESSAGE_REFUSED = "message_refused", "A message or a sender was refused; the reason says why."
    DELIVERY_DONE = "delivery_done", "A queued message reached one recipient."
    DELIVERY_FAILED = "delivery_failed", "An attempt at one recipient failed; it is tried again."
    COMMAND_FAILED = "command_failed", "A bug: a request ended in an exception; see its stack."
    DNS_SERVER_SILENT = (
        "dns_server_silent",
        "A DNS server does not answer, the reason says how; others are asked first for a while.",
    )
    DNS_TRUST_CHANGED = (
        "dns_trust_changed",
        "Whether a resolver is believed to check DNSSEC; DANE needs one that is.",
    )
    LOOKUPS_STOPPED = (
        "lookups_stopped",
        "A check asked more of DNS than it may, or for too long: it counts as a time-out.",
    )
    STORE_OPENED = "store_opened", "The database is open."
    STORE_STEP_DONE = "store_step_done", "The database went one version up."
    STORE_FULL = "store_full", "The disk is full: make room. Mail is refused for the time being."
    STORE_FAILED = "store_failed", "The disk failed: nothing is accepted until the server restarts."
    STORE_WAL_LARGE = "store_wal_large", "The write-ahead log is over its bound: the disk is slow."
    JOB_FAILED = "job_failed", "Work in the background failed and is tried again."
    LOOP_STALLED = "loop_stalled", "The event loop was held up; worst_ms says for how long."
