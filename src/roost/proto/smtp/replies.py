"""The replies the machine gives by itself. Codes: RFC 5321 section 4.2.3, RFC 3463, RFC 4954."""

from roost.proto.smtp.data import Fault
from roost.proto.smtp.parameter import too_large_text
from roost.proto.smtp.reply import Reply

SENDER = Reply(250, "2.1.0", "sender ok")
RECIPIENT = Reply(250, "2.1.5", "recipient ok")
STORED = Reply(250, "2.0.0", "message taken")
RESET = Reply(250, "2.0.0", "nothing is left of it")
NOOP = Reply(250, "2.0.0", "still here")
HELP = Reply(214, "2.0.0", "this is a mail server; it speaks RFC 5321")
BYE = Reply(221, "2.0.0", "bye")
STARTTLS = Reply(220, "2.0.0", "go ahead with TLS")
LOGGED_IN = Reply(235, "2.7.0", "logged in")
CANCELLED = Reply(501, "5.7.0", "the login was cancelled")
WRONG_LOGIN = Reply(535, "5.7.8", "wrong user name or password")
CANNOT_VERIFY = Reply(252, "2.0.0", "not told here; send a message and see")
START_MESSAGE = b"354 send the message, end with a dot on a line of its own\r\n"

LINE_TOO_LONG = Reply(500, "5.5.2", "the line is too long")
AUTH_LINE_TOO_LONG = Reply(500, "5.5.6", "the line is too long")
NOT_SMTP = Reply(500, "5.5.2", "this is an SMTP server")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "unknown command")
BAD_BDAT = Reply(501, "5.5.4", "BDAT needs a number of octets, then LAST or nothing")
NO_AUTH = Reply(503, "5.5.1", "there is no login on this port")
NO_STARTTLS = Reply(503, "5.5.1", "TLS cannot be started here and now")
TWICE_AUTH = Reply(503, "5.5.1", "you are logged in already")
AUTH_REQUIRED = Reply(530, "5.7.0", "log in first")
TOO_MANY_RECIPIENTS = Reply(
    452, "4.5.3", "too many recipients, send the others a copy of their own"
)
TOO_MANY_ERRORS = Reply(421, "4.7.0", "too many bad commands in a row")

_FAULTS = {
    Fault.SMUGGLED_END: Reply(500, "5.5.2", "a bare CR or LF stands next to a dot in the message"),
    Fault.BARE_LINE_END: Reply(550, "5.6.0", "the message has a CR or LF that is not part of CRLF"),
    Fault.NUL: Reply(550, "5.6.0", "the message has a NUL octet"),
}


def fault(why: Fault, max_message_octets: int) -> Reply:
    """What is said at the end of a message that cannot be taken."""
    if why is Fault.TOO_LARGE:
        return Reply(552, "5.3.4", too_large_text(max_message_octets))
    return _FAULTS[why]
