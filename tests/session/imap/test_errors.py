"""How each error is told: code and text, and nothing of what the client sent."""

import pytest

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.proto.imap import response
from roost.proto.imap.error import BadCharset, BadMailboxName, BadSyntax, OverLimit, UnknownCommand
from roost.service import mailbox_errors
from roost.service.login_outcome import LoginDisabled, LoginFailed, LoginLimited
from roost.service.login_queue import LoginBusy
from roost.service.rights import NotPermitted, Right
from roost.session.imap.conversation import Refused
from roost.session.imap.errors import spell_bug, spell_error
from roost.store.engine import StoreFailed, StoreFull
from roost.store.mailboxes import Role
from roost.store.quota import QuotaExceeded
from roost.store.uids import MailboxGone

REF = MailboxRef(AccountId(1), MailboxId(2))


class Unheard(ServiceError):
    """An error that the table does not know."""

    code = "unheard"


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (mailbox_errors.MailboxUnknown(), "NO [NONEXISTENT] "),
        (MailboxGone(REF), "NO [NONEXISTENT] "),
        (mailbox_errors.MailboxExists(), "NO [ALREADYEXISTS] "),
        (mailbox_errors.MailboxHasChildren(), "NO [HASCHILDREN] "),
        (mailbox_errors.MailboxIsInbox(), "NO [CANNOT] "),
        (mailbox_errors.MailboxNameInvalid("secret"), "NO [CANNOT] "),
        (mailbox_errors.MailboxRoleTaken(Role.SENT), "NO [USEATTR] "),
        (mailbox_errors.OverLimit("mailboxes", 1), "NO [LIMIT] "),
        (NotPermitted(Right.READ), "NO [NOPERM] "),
        (QuotaExceeded(AccountId(1), 2, 1), "NO [OVERQUOTA] "),
        (StoreFull(), "NO [UNAVAILABLE] "),
        (StoreFailed(), "NO [UNAVAILABLE] "),
        (LoginFailed(), "NO [AUTHENTICATIONFAILED] "),
        (LoginDisabled("secret"), "NO [CONTACTADMIN] this account may not log in"),
        (LoginBusy(), "NO [UNAVAILABLE] "),
        (LoginLimited(), "NO [UNAVAILABLE] "),
        (Unheard("secret"), "NO this cannot be done (c7)"),
        (BadSyntax("a space is missing", 7), "BAD a space is missing at octet 7"),
        (BadSyntax("a space is missing"), "BAD a space is missing\r\n"),
        (UnknownCommand("there is no such command", 2), "BAD there is no such command at octet 2"),
        (OverLimit("too many keywords", 3), "NO [LIMIT] too many keywords"),
        (BadMailboxName("not UTF-7", 3), "NO [CANNOT] not UTF-7"),
        (BadCharset("unknown", 3), "NO [BADCHARSET (US-ASCII UTF-8)] unknown"),
        (Refused("not so", response.CANNOT), "NO [CANNOT] not so\r\n"),
        (Refused("not so", bad=True), "BAD not so\r\n"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else None,
)
def test_an_error_is_told_by_its_code(error: Exception, start: str) -> None:
    spelled = spell_error(b"t", error, "c7")
    assert spelled is not None
    assert spelled.startswith(f"t {start}".encode())
    assert b"secret" not in spelled
    assert spelled.endswith(b"\r\n")


def test_a_bug_names_the_connection_and_nothing_else() -> None:
    assert spell_error(b"t", ZeroDivisionError("secret"), "c7") is None
    assert spell_bug(b"t", "c7") == b"t NO [SERVERBUG] internal error (c7)\r\n"
