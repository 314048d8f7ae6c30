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
from roost.proto.imap.core.search import names_numbers
from roost.proto.imap.error import LineTooLong
from roost.proto.imap.state import BEFORE_LOGIN, SELECTED, WRONG_STATE, may_expunge
from roost.service.rights import Right
from roost.session.imap import (
    acl,
    append,
    compress,
    condstore,
    context,
    copy,
    expunge,
    fetch,
    filters,
    general,
    idle,
    login,
    mailbox,
    metadata,
    multisearch,
    notify,
    quota,
    replace,
    search,
    select,
    sort,
    status,
    store,
    thread,
    uidonly,
    unauthenticate,
    urlauth,
)
from roost.session.imap import list as listing
from roost.session.imap.conversation import QRESYNC, Conversation, Done, Refused
from roost.session.imap.errors import spell_bug, spell_error
from roost.session.imap.inprogress import with_progress

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
        "SORT": sort.sort,
        "ESEARCH": multisearch.multi_search,
        "CANCELUPDATE": context.cancel_update,
        "THREAD": thread.thread,
        "COPY": copy.copy,
        "MOVE": copy.move,
        "COMPRESS": compress.compress,
        "UNAUTHENTICATE": unauthenticate.unauthenticate,
        "GETQUOTA": quota.get_quota,
        "GETQUOTAROOT": quota.get_quota_root,
        "SETQUOTA": quota.set_quota,
        "REPLACE": replace.replace,
        "GETMETADATA": metadata.get_metadata,
        "SETMETADATA": metadata.set_metadata,
        "SETACL": acl.set_acl,
        "DELETEACL": acl.delete_acl,
        "GETACL": acl.get_acl,
        "LISTRIGHTS": acl.list_rights,
        "MYRIGHTS": acl.tell_my_rights,
        "GENURLAUTH": urlauth.generate,
        "URLFETCH": urlauth.url_fetch,
        "RESETKEY": urlauth.reset_key,
        "NOTIFY": notify.notify,
    }
)


_LEAVES = ("CLOSE", "UNSELECT")


async def run_command(talk: Conversation, command: Command) -> bytes:
    """Do what a client asks; returns the tagged answer, b"" for IDLE, whose answer comes later.

    Untagged data leave while the command runs. Raises ConnectionLost, and LineTooLong in place of a
    line that the command waits for.
    """
    talk.by_uid = command.uid
    outcome = await _outcome(talk, command)
    if not talk.leaving and talk.hears_news:
        await _tell_news(talk, command)
    return b"" if talk.idle_asked else _spell(talk, command, outcome)


def refusal(talk: Conversation, command: Command) -> Refused | None:
    """Why a command is not legal now, None when it is. RFC 9051 section 3, RFC 9586."""
    legal = talk.grammar.states[command.verb]
    if talk.state in legal:
        return uidonly.refusal(talk, command)
    if legal == BEFORE_LOGIN and talk.login is not None:
        # Who was let in by a certificate did not ask for it, and may try EXTERNAL all the same.
        return Refused("you are logged in already", bad=talk.by_key is None)
    return Refused(WRONG_STATE[talk.state], bad=True)


async def _outcome(talk: Conversation, command: Command) -> Done | Exception:
    try:
        if (refused := refusal(talk, command)) is not None:
            raise refused
        await acl.look_again(talk)
        if (refused := _unreadable(talk, command)) is not None:
            raise refused
        command = await filters.spelled_out(talk, command)
        condstore.notice(talk, command)
        return await with_progress(talk, command, HANDLERS[command.verb](talk, command))
    except (ConnectionLost, LineTooLong):
        raise
    except Exception as error:
        return error


def _unreadable(talk: Conversation, command: Command) -> Refused | None:
    """Why nothing can be done with the selected mailbox, None where it can. RFC 4314, 5.1.1."""
    if talk.view is None or Right.READ in talk.view.rights:
        return None
    of_mailbox = talk.grammar.states[command.verb] == SELECTED and command.verb not in _LEAVES
    return (
        Refused("you may not read this mailbox any more", response.NOPERM) if of_mailbox else None
    )


def _spell(talk: Conversation, command: Command, outcome: Done | Exception) -> bytes:
    """The tagged answer. HIGHESTMODSEQ in it covers the news told before it."""
    if isinstance(outcome, Exception):
        return spell_failure(talk, command.tag, outcome)
    code = outcome.code
    if outcome.removed and QRESYNC in talk.enabled and talk.view is not None:
        code = response.highest_modseq_code(talk.view.said)
    return response.ok(command.tag, outcome.text, code)


def spell_failure(talk: Conversation, tag: bytes, error: Exception) -> bytes:
    """The tagged answer for whatever went wrong; a bug of ours goes to the log."""
    spelled = spell_error(tag, error, talk.wire.id)
    if spelled is not None:
        return spelled
    talk.port.log.error(Event.COMMAND_FAILED, error=error, connection=talk.wire.id)
    return spell_bug(tag, talk.wire.id)


async def _tell_news(talk: Conversation, command: Command) -> None:
    """What the command did stands, so that its answer does not depend on the news."""
    may = may_expunge(command.verb, uid=command.uid)
    if may and command.uid and (key := getattr(command.args, "key", None)) is not None:
        may = not names_numbers(key)  # RFC 7162 section 3.2.10.2
    try:
        await notify.tell_news(talk, may_expunge=may)
    except ConnectionLost:
        raise
    except Exception as error:
        talk.port.log.error(Event.COMMAND_FAILED, error=error, connection=talk.wire.id)
