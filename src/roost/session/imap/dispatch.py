"""From a command to its answer: is it legal now, who handles it, what news go with it.

Every command ends the same way, whether it did well or not: the news of the selected mailbox, then
the tagged answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from roost.ports.log_events import Event
from roost.ports.net import ConnectionLost
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.state import BEFORE_LOGIN, WRONG_STATE, may_expunge
from roost.session.imap import (
    append,
    copy,
    expunge,
    fetch,
    general,
    idle,
    login,
    mailbox,
    search,
    select,
    status,
    store,
)
from roost.session.imap import list as listing
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.errors import spell_bug, spell_error
from roost.session.imap.updates import catch_up

Handler = Callable[[Conversation, Command], Awaitable[Done]]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "CAPABILITY": general.capability,
        "NOOP": general.noop,
        "LOGOUT": general.logout,
        "ID": general.identify,
        "ENABLE": general.enable,
        "NAMESPACE": general.namespace,
        "STARTTLS": login.start_tls,
        "LOGIN": login.login,
        "AUTHENTICATE": login.authenticate,
        "SELECT": select.select,
        "EXAMINE": select.examine,
        "CHECK": general.check,
        "CLOSE": select.close,
        "UNSELECT": select.unselect,
        "CREATE": mailbox.create,
        "DELETE": mailbox.delete,
        "RENAME": mailbox.rename,
        "SUBSCRIBE": mailbox.subscribe,
        "UNSUBSCRIBE": mailbox.unsubscribe,
        "LIST": listing.list_mailboxes,
        "LSUB": listing.list_subscribed,
        "STATUS": status.status,
        "APPEND": append.append,
        "IDLE": idle.idle,
        "EXPUNGE": expunge.expunge,
        "FETCH": fetch.fetch,
        "STORE": store.store,
        "SEARCH": search.search,
        "COPY": copy.copy,
        "MOVE": copy.move,
    }
)


async def run_command(talk: Conversation, command: Command) -> bytes:
    """Do what a client asks; returns the tagged answer, b"" for IDLE, whose answer comes later.

    Untagged data leave while the command runs. Raises ConnectionLost and nothing else.
    """
    talk.by_uid = command.uid
    answer = await _answer(talk, command)
    if talk.view is not None and not talk.leaving:
        await _tell_news(talk, command)
    return b"" if talk.idle_asked else answer


def refusal(talk: Conversation, verb: str) -> Refused | None:
    """Why a command is not legal now, None when it is. RFC 9051 section 3."""
    legal = talk.grammar.states[verb]
    if talk.state in legal:
        return None
    if legal == BEFORE_LOGIN and talk.login is not None:
        return Refused("you are logged in already", bad=True)
    return Refused(WRONG_STATE[talk.state], bad=True)


async def _answer(talk: Conversation, command: Command) -> bytes:
    try:
        if (refused := refusal(talk, command.verb)) is not None:
            raise refused
        done = await HANDLERS[command.verb](talk, command)
    except ConnectionLost:
        raise
    except Exception as error:
        return spell_failure(talk, command.tag, error)
    return response.ok(command.tag, done.text, done.code)


def spell_failure(talk: Conversation, tag: bytes, error: Exception) -> bytes:
    """The tagged answer for whatever went wrong; a bug of ours goes to the log."""
    spelled = spell_error(tag, error, talk.wire.id)
    if spelled is not None:
        return spelled
    talk.port.log.error(Event.COMMAND_FAILED, error=error, connection=talk.wire.id)
    return spell_bug(tag, talk.wire.id)


async def _tell_news(talk: Conversation, command: Command) -> None:
    """What the command did stands, so that its answer does not depend on the news."""
    try:
        await catch_up(talk, may_expunge=may_expunge(command.verb, uid=command.uid))
    except ConnectionLost:
        raise
    except Exception as error:
        talk.port.log.error(Event.COMMAND_FAILED, error=error, connection=talk.wire.id)
