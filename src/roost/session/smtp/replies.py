"""How an error is told to an SMTP peer: the one table. RFC 3463, RFC 5321 section 4.2.3."""

from roost.base.errors import ServiceError
from roost.proto.smtp.replies import WRONG_LOGIN
from roost.proto.smtp.reply import Reply

REPLY: dict[str, Reply] = {
    "recipient_unknown": Reply(550, "5.1.1", "no such recipient"),
    "relay_denied": Reply(550, "5.1.1", "no mail for this domain here, relaying denied"),
    "domain_disabled": Reply(450, "4.2.1", "this domain takes no mail at the moment"),
    "account_disabled": Reply(450, "4.2.1", "this recipient takes no mail at the moment"),
    "quota_exceeded": Reply(452, "4.2.2", "mailbox full"),
    "store_full": Reply(452, "4.3.1", "no room for the message at the moment"),
    "store_failed": Reply(451, "4.3.0", "the message cannot be kept at the moment"),
    "blob_gone": Reply(451, "4.3.0", "the message was lost on the way, send it again"),
    "message_refused": Reply(550, "5.7.1", "the message is refused"),
    "message_too_large": Reply(552, "5.3.4", "the message is too large"),
    "mail_loop": Reply(550, "5.4.6", "the message goes round in circles"),
    "sender_refused": Reply(550, "5.7.1", "this sender is refused"),
    "login_failed": WRONG_LOGIN,
    "login_foreign": Reply(535, "5.7.8", "nobody may act for another"),
    "login_disabled": Reply(525, "5.7.13", "this account may not log in"),
    "login_limited": Reply(454, "4.7.0", "too many logins failed, try again later"),
    "login_busy": Reply(454, "4.7.0", "too many logins at the moment, try again"),
    "key_refused": Reply(535, "5.7.8", "the key of this certificate signs nobody in"),
    "identity_foreign": Reply(535, "5.7.8", "this certificate may not act as that identity"),
    "other_account": Reply(535, "5.7.8", "the certificate of this connection is another account's"),
}

# Where a login may send anywhere else but not from here.
SUBMISSION_REPLY: dict[str, Reply] = {
    "relay_denied": Reply(550, "5.7.1", "mail for this domain cannot be sent from here"),
}

INTERNAL = Reply(451, "4.3.0", "internal error, try again later")
REFUSED = Reply(554, "5.3.0", "refused")
TRY_AGAIN = Reply(451, "4.3.0", "try again later")
NO_ROOM = REPLY["store_full"]
NOT_YOURS = Reply(550, "5.7.1", "this login may not send as this address")
TIMED_OUT = Reply(421, "4.4.2", "nothing came for too long")
TOO_SLOW = Reply(421, "4.4.2", "the message takes too long")
TOO_MANY_LOGINS = Reply(421, "4.7.0", "too many logins failed, try again later")
STOPPING = Reply(421, "4.3.2", "the server is stopping, try again soon")


def reply_for(error: Exception, special: dict[str, Reply]) -> Reply:
    """Spell an error for the peer; what is no ServiceError is a mistake of ours.

    special: replies of one kind of port, which come before the common ones. The text is fixed,
    so that nothing of the error itself can reach the peer.
    """
    if not isinstance(error, ServiceError):
        return INTERNAL
    unknown = TRY_AGAIN if error.temporary else REFUSED
    return special.get(error.code) or REPLY.get(error.code, unknown)
