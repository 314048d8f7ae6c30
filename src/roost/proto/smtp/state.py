"""The order of commands, as a table. RFC 5321 section 4.1.4."""

from enum import Enum, StrEnum


class Mode(Enum):
    """What the next octets are."""

    COMMAND = "command"
    SASL = "sasl"
    MESSAGE = "message"
    MESSAGE_OVER = "message over"  # it has ended, or a chunk of it; no octet is missing
    DEAF = "deaf"  # until TLS has begun, or for good


class Phase(StrEnum):
    """How far a client has come."""

    __hash__ = str.__hash__  # Enum's own is slow, and every command is looked up by phase

    CONNECTED = "connected"
    GREETED = "greeted"
    HAS_SENDER = "has sender"
    HAS_RECIPIENT = "has recipient"
    IN_CHUNKS = "in chunks"


_ANYWHERE = ("NOOP", "HELP", "VRFY", "EXPN", "QUIT")

# One entry for each legal step; a missing pair is answered 503. What follows is the phase once the
# command was accepted; a command that is refused changes nothing, but for a message that is
# refused at its end: the transaction is over (RFC 5321 section 4.1.1.4).
AFTER: dict[tuple[Phase, str], Phase] = {
    **{(phase, verb): Phase.GREETED for phase in Phase for verb in ("EHLO", "HELO")},
    **{(phase, verb): phase for phase in Phase for verb in _ANYWHERE},
    **{(phase, "RSET"): Phase.GREETED for phase in Phase},
    (Phase.CONNECTED, "RSET"): Phase.CONNECTED,
    (Phase.GREETED, "STARTTLS"): Phase.CONNECTED,  # RFC 3207 section 4.2: all is forgotten
    (Phase.GREETED, "AUTH"): Phase.GREETED,
    (Phase.GREETED, "MAIL"): Phase.HAS_SENDER,
    (Phase.HAS_SENDER, "RCPT"): Phase.HAS_RECIPIENT,
    (Phase.HAS_RECIPIENT, "RCPT"): Phase.HAS_RECIPIENT,
    (Phase.HAS_RECIPIENT, "DATA"): Phase.GREETED,
    (Phase.HAS_RECIPIENT, "BDAT"): Phase.IN_CHUNKS,
    (Phase.IN_CHUNKS, "BDAT"): Phase.IN_CHUNKS,  # GREETED after the last one
}

VERBS = frozenset(verb for _, verb in AFTER)
IN_TRANSACTION = frozenset({Phase.HAS_SENDER, Phase.HAS_RECIPIENT, Phase.IN_CHUNKS})

# What to say where the table has no entry, most telling first.
MISSING_STEP: dict[Phase, str] = {
    Phase.CONNECTED: "say EHLO first",
    Phase.GREETED: "say MAIL FROM first",
    Phase.HAS_SENDER: "there is a sender but no recipient",
    Phase.HAS_RECIPIENT: "there is a transaction already",
    Phase.IN_CHUNKS: "the message is not finished: send BDAT or RSET",
}
