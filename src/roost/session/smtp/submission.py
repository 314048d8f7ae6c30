"""Ports 465 and 587: mail of our people, after a login. RFC 6409, RFC 8314."""

from roost.proto.smtp.command import Mail
from roost.proto.smtp.reply import Reply
from roost.session.smtp import replies
from roost.session.smtp.ports import LoginT, RouteT, StowedT
from roost.session.smtp.session import SmtpSession


class SubmissionSession(SmtpSession[RouteT, StowedT, LoginT]):
    """One connection of a mail program."""

    special_replies = replies.SUBMISSION_REPLY

    def _is_refused(self) -> bool:
        return self._services.refuses_logins(self._wire)

    async def _sender_refusal(self, mail: Mail) -> Reply | None:
        """A login sends as itself; the null reverse-path is for receipts (RFC 8098 section 3)."""
        if self._login is None:
            return replies.NOT_YOURS
        mine = await self._services.may_send_as(self._login, mail.reverse_path)
        return None if mine else replies.NOT_YOURS
