"""One IMAP connection: octets become commands, commands run in order, answers leave in order.

A task runs while there is something to do and ends when the input is used up, so that an idle
client holds none. While it runs, input waits in the reader, and reading stops when too much of it
does.
"""

import asyncio
from collections.abc import Callable

from roost.ports.bus import Hint, Type
from roost.ports.log_events import Event as LogEvent
from roost.ports.net import ConnectionLost, Wire
from roost.proto.imap import response
from roost.proto.imap.core import CORE
from roost.proto.imap.core.idle import is_done
from roost.proto.imap.error import BadSyntax, LineTooLong
from roost.proto.imap.ext import EXTENSIONS
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import (
    CommandRead,
    Event,
    LineRead,
    LiteralAsked,
    MessageChunk,
    Reader,
)
from roost.service.login import Login, is_valid
from roost.session.imap import hearing
from roost.session.imap.conversation import Conversation, Refused
from roost.session.imap.dispatch import HANDLERS, refusal, run_command, spell_failure
from roost.session.imap.general import has_certificate
from roost.session.imap.incoming import Appending
from roost.session.imap.notify import tell_news
from roost.session.imap.opening import greet, identify
from roost.session.imap.patience import Patience
from roost.session.imap.ports import ImapPort
from roost.session.sign_in import LoginPace

GRAMMAR = Grammar((*CORE, *EXTENSIONS))
MAX_BAD_COMMANDS = 20


class ImapSession:
    """One connection; see roost.ports.net.Session for what the methods mean.

    login: who is signed in from the beginning, None for a client that has to sign in.
    """

    _wire: Wire
    _talk: Conversation

    def __init__(self, port: ImapPort, login: Login | None = None) -> None:
        self._port = port
        self._preauthenticated = login
        self._reader = Reader(message_literals=GRAMMAR.message_literals)
        self._appending: Appending | None = None
        self._more = asyncio.Event()  # something happened while a command waits for a line
        self._waits_for_line = False
        self._has_task = False  # from the spawning of the task to its end
        self._at_work = False  # while the task really runs
        self._held = False
        self._in_literal = False  # of which more must come soon
        self._stopping = False
        self._peer_gone = False
        self._lost = False
        self._to_identify = False  # the client presented a certificate that is not looked up yet
        self._to_greet = False
        self._news = False  # a hint came for the selected mailbox
        self._in_doubt = False  # the account or its password may have changed
        self._idle_tag: bytes | None = None
        self._commands = 0
        self._bad_commands = 0  # one behind the other
        self._patience = Patience(port.clock, port.limits)
        self._unlisten: Callable[[], None] = _nothing

    # What the connection does.

    def opened(self, wire: Wire) -> None:
        """Greet. RFC 9051 section 7.1."""
        self._wire = wire
        pace = LoginPace(self._port.clock)
        self._talk = Conversation(self._port, wire, GRAMMAR, pace, self._next_line, self._listen)
        self._talk.login = self._preauthenticated
        if self._talk.login is None:
            if self._port.refuses_logins(wire):
                self._leave("too many logins failed, try again later", response.UNAVAILABLE)
                return
            self._patience.follow(signed_in=False)
        self._listen()
        self._wait()
        if self._talk.login is None and has_certificate(wire):
            self._begin_identifying(greets=True)
        else:
            greet(self._talk)

    def receive(self, octets: bytes) -> None:
        """Read commands and work them off."""
        self._reader.feed(octets)
        self._more.set()
        if self._patience.is_limited:
            self._wait()  # one that says an octet now and then does not stay for ever
        if self._talk.leaving:
            return
        if not self._has_task:
            self._start()
        elif not self._held and len(self._reader) > self._port.limits.buffered_octets:
            self._held = True
            self._wire.hold()

    def tls_started(self) -> None:
        """Forget all that was said in clear. RFC 9051 section 6.2.1."""
        self._reader.clear()
        self._talk.client_id = ""
        self._wait()
        if has_certificate(self._wire):
            self._begin_identifying(greets=False)

    def peer_closed(self) -> None:
        """Close, after the answers to what came."""
        self._peer_gone = True
        self._more.set()
        if not self._has_task:
            self._wire.close()

    def timed_out(self) -> None:
        """Take leave; a client that waits for us gets its whole time again."""
        if self._has_task and not self._waits_for_line:
            self._wire.wait_at_most(self._patience.whole(in_literal=self._in_literal))
        else:
            self._leave("nothing came for too long")

    def stop(self) -> None:
        """Take leave, after the answer to what is being worked on."""
        self._stopping = True
        self._more.set()
        if not self._has_task:
            self._leave("the server is stopping", response.UNAVAILABLE)

    def lost(self) -> None:
        """Let go of the mailbox and of a message that was coming, once nobody is at work there."""
        self._lost = True
        if not self._at_work:
            self._let_go()

    # The task.

    def _start(self) -> None:
        self._has_task = True
        self._wire.spawn(self._run())

    async def _run(self) -> None:
        self._at_work = True
        try:
            await self._work_off()
        except LineTooLong:
            self._leave("the command is too long", response.TOOBIG)
        except ConnectionLost:
            pass
        finally:
            self._has_task = self._at_work = False
            if self._lost:
                self._let_go()
        self._after_work()

    async def _work_off(self) -> None:
        """Deal with all that came. Octets of one message are taken in even while stopping."""
        while not self._talk.leaving and (self._appending is not None or not self._stopping):
            if self._to_identify:
                await self._identify()
                continue
            if (self._in_doubt or self._login_is_over()) and not await self._may_stay():
                return
            event = self._next_event()
            if event is not None:
                await self._deal_with(event)
            elif self._news and self._may_tell:
                await self._tell_news()
            else:
                return
            await self._wire.room()

    def _begin_identifying(self, *, greets: bool) -> None:
        """Who presented the certificate comes before anything that is said."""
        self._to_identify, self._to_greet = True, greets
        if not self._has_task:
            self._start()

    async def _identify(self) -> None:
        self._to_identify = False
        await identify(self._talk, greets=self._to_greet)
        if self._talk.login is not None:
            self._patience.follow(signed_in=True)
            self._wait()

    async def _may_stay(self) -> bool:
        """Whether who signed in still may; else take leave: mail taken now would be lost."""
        self._in_doubt = False
        login = self._talk.login
        if login is None or await is_valid(self._port.store, self._port.clock, login):
            return True
        self._leave("the account or its password changed, sign in again")
        return False

    def _login_is_over(self) -> bool:
        login = self._talk.login
        expires = login.expires if login is not None else None
        return expires is not None and expires <= self._port.clock.now()

    def _next_event(self) -> Event | None:
        """What comes next; reading goes on when too little waits."""
        event = self._reader.next_event()
        if self._held and len(self._reader) < self._port.limits.buffered_octets // 2:
            self._held = False
            self._wire.resume()
        return event

    def _after_work(self) -> None:
        if self._talk.leaving or self._peer_gone:
            self._wire.close()
        elif self._stopping:
            self._leave("the server is stopping", response.UNAVAILABLE)
        elif self._in_literal != self._reader.in_literal:
            self._in_literal = not self._in_literal
            self._wait()

    async def _deal_with(self, event: Event) -> None:
        match event:
            case CommandRead():
                await self._command(event)
            case LiteralAsked():
                await self._literal(event)
            case MessageChunk(octets):
                await self._take_octets(octets)
            case LineRead(line):
                await self._end_idle(line)
            case _:
                await self._end_message()

    # Commands.

    async def _command(self, read: CommandRead) -> None:
        self._commands += 1
        appending = self._appending
        try:
            command = GRAMMAR.parse(read.pieces, utf8=self._talk.utf8)
        except BadSyntax as error:
            self._bad_command(read, error)
        else:
            self._bad_commands = 0
            if appending is not None and appending.failure is not None:
                self._talk.send(spell_failure(self._talk, command.tag, appending.failure))
            else:
                if appending is None and command.verb in GRAMMAR.message_literals:
                    appending = self._appending = Appending(self._talk)  # CATENATE of URLs
                self._talk.appended = appending.stowed if appending is not None else []
                self._talk.send(await run_command(self._talk, command))
            self._follow(command.tag)
            self._count_logins(command.verb)
        self._drop_message()

    def _count_logins(self, verb: str) -> None:
        """Who guesses passwords is slowed down, then has to connect anew, which is counted too."""
        if verb not in ("LOGIN", "AUTHENTICATE") or self._talk.login is not None:
            return
        over = self._talk.pace.failed(self._wire) or self._port.refuses_logins(self._wire)
        if over and not self._talk.leaving:
            self._leave("too many logins failed, try again later", response.UNAVAILABLE)

    def _follow(self, tag: bytes) -> None:
        """Do what a command asked of the connection."""
        if self._talk.idle_asked:
            self._begin_idle(tag)
        if self._talk.tls_asked:
            self._talk.tls_asked = False
            self._reader.clear()  # what came in clear behind it was never said
            self._wire.start_tls()
        if self._talk.deflate_asked:
            self._begin_deflate()
        if self._talk.watch is not None:
            self._news = True  # what this command left untold, such as removals
        self._patience.follow(signed_in=self._talk.login is not None)
        self._wait(answered=True)

    def _begin_deflate(self) -> None:
        """What the client sends now is deflated; it waits for the answer. RFC 4978 section 3."""
        self._talk.deflate_asked = False
        if self._reader.take_rest():
            self._leave("nothing may follow COMPRESS before its answer")
        else:
            self._talk.is_deflated = True
            self._wire.compress()

    def _bad_command(self, read: CommandRead, error: BadSyntax) -> None:
        """Answer what makes no sense; who begins so speaks another protocol, such as HTTP."""
        self._bad_commands += 1
        if self._commands == 1 and (read.tag is None or read.verb not in HANDLERS):
            self._leave("this is IMAP")
        elif read.tag is None:
            self._talk.send(response.bad(None, error.text))
        else:
            self._talk.send(spell_failure(self._talk, read.tag, error))
        self._leave_if_hopeless()

    def _leave_if_hopeless(self) -> None:
        if self._bad_commands >= MAX_BAD_COMMANDS and not self._talk.leaving:
            self._leave("too many bad commands")

    # Literals, and the messages of APPEND.

    async def _literal(self, asked: LiteralAsked) -> None:
        """Let a literal come, or answer the command that has it."""
        try:
            if asked.too_many:
                raise Refused("one command may not have so many literals", response.LIMIT)
            if asked.too_big:
                raise Refused("the literal is too big", response.TOOBIG, bad=True)
            if asked.message:
                await self._begin_message(asked)
        except ConnectionLost:
            raise
        except Exception as error:
            await self._refuse_literal(asked, error)
            return
        self._reader.accept_literal()
        if asked.synchronising:
            self._talk.send(response.CONTINUE_LITERAL)

    async def _begin_message(self, asked: LiteralAsked) -> None:
        if self._appending is None:
            self._appending = Appending(self._talk)
        command = self._appending.parse(GRAMMAR, asked.pieces)
        if (refused := refusal(self._talk, command)) is not None:
            raise refused
        await self._appending.begin(command, asked.size_octets)

    async def _refuse_literal(self, asked: LiteralAsked, error: Exception) -> None:
        """The tagged answer in place of leave ends the command. RFC 7888 section 4."""
        self._commands += 1
        if asked.too_big or isinstance(error, BadSyntax):
            self._bad_commands += 1
        self._drop_message()
        in_step = self._reader.refuse_literal()
        if asked.tag is None:
            self._talk.send(response.bad(None, "a tag is missing"))
        else:
            self._talk.send(spell_failure(self._talk, asked.tag, error))
        if not in_step:
            self._leave("the literal is too big", response.ALERT)
        self._leave_if_hopeless()

    async def _take_octets(self, octets: bytes) -> None:
        appending = self._appending
        assert appending is not None, "no octets of a message come unless one was let in"
        try:
            await appending.write(octets)
        except Exception as error:
            self._reader.drop_message()
            self._drop_message()
            self._talk.send(spell_failure(self._talk, appending.tag, error))

    async def _end_message(self) -> None:
        appending = self._appending
        assert appending is not None, "no message ends unless one was let in"
        try:
            await appending.end()
        except Exception as error:
            appending.failure = error  # told where the command ends

    def _drop_message(self) -> None:
        """Forget what was not filed of the messages that came, even if the client goes."""
        appending, self._appending = self._appending, None
        if appending is not None:
            self._port.in_background(appending.discard())

    # Waiting for a line, and for news.

    async def _next_line(self) -> bytes:
        """The client's next line, for AUTHENTICATE. Raises ConnectionLost when none will come."""
        self._reader.expect_line()
        self._waits_for_line = True
        try:
            while True:
                self._more.clear()
                event = self._next_event()
                if isinstance(event, LineRead):
                    return event.line
                if self._peer_gone or self._stopping or self._talk.leaving:
                    raise ConnectionLost
                await self._more.wait()
        finally:
            self._waits_for_line = False

    def _listen(self) -> None:
        """Hear of changes in the account of who signed in, and in that of the selected mailbox."""
        self._unlisten()
        self._unlisten = _nothing
        if self._talk.login is not None and not self._lost:
            self._unlisten = hearing.listen(self._talk, self._hear)

    def _hear(self, hint: Hint) -> None:
        if Type.SETTINGS in hint.types and hearing.is_own(self._talk, hint):
            self._in_doubt = True
            if not (self._has_task or self._is_ending):
                self._start()
        if not hearing.concerns(self._talk, hint):
            return
        self._news = True
        if self._may_tell and not (self._has_task or self._is_ending):
            self._start()

    @property
    def _may_tell(self) -> bool:
        """Whether news may be told now that no command runs. RFC 5465 section 3.1."""
        if self._idle_tag is not None:
            return True
        return self._talk.watch is not None and self._appending is None

    @property
    def _may_expunge(self) -> bool:
        """Whether they may be news of removals. RFC 5465 sections 4 and 6.1."""
        watch = self._talk.watch
        return self._idle_tag is not None or (watch is not None and not watch.is_delayed)

    def _begin_idle(self, tag: bytes) -> None:
        self._talk.idle_asked = False
        self._idle_tag = tag
        self._news = True
        self._reader.expect_line()

    async def _tell_news(self) -> None:
        self._news = False
        try:
            await tell_news(self._talk, may_expunge=self._may_expunge)
        except ConnectionLost:
            raise
        except Exception as error:
            self._port.log.error(LogEvent.COMMAND_FAILED, error=error, connection=self._wire.id)
            self._leave("internal error", response.SERVERBUG)

    async def _end_idle(self, line: bytes) -> None:
        """DONE, or what must not be said while idling. RFC 9051 section 6.3.13."""
        tag = self._idle_tag
        assert tag is not None, "a line is asked for by IDLE, or by a command that takes it itself"
        if is_done(line):
            await self._tell_news()
            self._talk.send(response.ok(tag, "IDLE ended"))
            self._wait()
        else:
            self._talk.send(response.bad(tag, "only DONE ends IDLE"))
            self._leave("only DONE ends IDLE")
        self._idle_tag = None

    # The end.

    def _let_go(self) -> None:
        """Nobody is there any more."""
        self._unlisten()
        self._unlisten = _nothing
        if self._talk.view is not None:
            self._port.in_background(self._talk.deselect())
        appending, self._appending = self._appending, None
        if appending is not None:
            self._port.in_background(appending.discard())

    @property
    def _is_ending(self) -> bool:
        return self._talk.leaving or self._peer_gone or self._stopping or self._lost

    def _leave(self, text: str, code: response.Code | None = None) -> None:
        self._talk.leaving = True
        self._more.set()
        self._wire.send(response.bye(text, code))
        self._wire.close()

    def _wait(self, *, answered: bool = False) -> None:
        """Wait for what comes next, and take leave if nobody signed in in time.

        answered: a command was just answered; else who waits for an answer gets it first.
        """
        left = self._patience.left(in_literal=self._in_literal)
        if left > 0:
            self._wire.wait_at_most(left)
        elif not self._talk.leaving and (answered or self._waits_for_line or not self._has_task):
            self._leave("signing in took too long")


def _nothing() -> None:
    """Stands where there is nothing to stop."""
