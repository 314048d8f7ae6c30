"""The server's side of an SMTP connection, without the connection. RFC 5321.

Octets go in with `receive`, events come out of `next_event`, replies of `take_output`. The machine
answers by itself whatever needs no knowledge of accounts and messages. An event that wants an
answer stops it: `accept` or `refuse`, then ask for the next event. What a client has pipelined
waits inside, so replies keep the order of the commands (RFC 2920).
"""

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.mechanism import Exchange, Secrets
from roost.proto.smtp import replies
from roost.proto.smtp.auth import Authentication, Outcome
from roost.proto.smtp.command import (
    Bdat,
    Hello,
    Mail,
    Rcpt,
    StartTls,
    no_argument,
    parse_bdat,
    parse_hello,
    parse_mail,
    parse_rcpt,
    split_line,
)
from roost.proto.smtp.data import Fault
from roost.proto.smtp.event import (
    Closing,
    Event,
    ExternalAsked,
    LoginAsked,
    LoginBroken,
    MessageBegin,
    MessageChunk,
    MessageEnd,
    SecretsAsked,
    TransactionDropped,
)
from roost.proto.smtp.extension import announce
from roost.proto.smtp.parameter import CommandError
from roost.proto.smtp.reader import MAX_AUTH_LINE_OCTETS, InputReader, LineTooLong
from roost.proto.smtp.reply import Reply, spell_lines
from roost.proto.smtp.server_config import ServerConfig
from roost.proto.smtp.standing import Standing
from roost.proto.smtp.state import AFTER, IN_TRANSACTION, MISSING_STEP, VERBS, Mode, Phase
from roost.proto.smtp.transfer import Transfer


class Server:
    """One connection.

    connection_id: put behind the text of error replies. tls: whether TLS is on from the start.
    can_start_tls: whether STARTTLS may be offered. bindings: what a login may be bound to.
    has_certificate: whether the client presented one in the handshake. fresh: what an AUTH exchange
    is given anew, its nonce and the time.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        connection_id: str = "",
        tls: bool = False,
        can_start_tls: bool = False,
        bindings: Bindings = NO_BINDINGS,
        has_certificate: bool = False,
        fresh: Callable[[], Exchange] = Exchange,
    ) -> None:
        self._config = config
        self._suffix = f" ({connection_id})" if connection_id else ""
        self._standing = Standing(tls, can_start_tls, bindings, has_certificate)
        self._login = Authentication(config, fresh, self._standing)
        self._input = InputReader()
        self._output = bytearray()
        self._mode = Mode.COMMAND
        self._phase = Phase.CONNECTED
        self._asked: Event | None = None
        self._events: deque[Event] = deque()
        self._is_first_line = True
        self._errors = 0
        self._recipients = 0
        self._smtputf8 = False
        self._transfer: Transfer | None = None

    # What the driver does.

    @property
    def phase(self) -> Phase:
        """How far the client has come."""
        return self._phase

    @property
    def tls(self) -> bool:
        """Whether TLS is on."""
        return self._standing.tls

    @property
    def authenticated(self) -> bool:
        """Whether a login was accepted."""
        return self._standing.authenticated

    @property
    def unfinished_login(self) -> str:
        """The mechanism of an AUTH exchange in which the client has more to say, "" for none."""
        return self._login.unfinished

    @property
    def buffered_octets(self) -> int:
        """How much input waits inside."""
        return len(self._input)

    @property
    def output_octets(self) -> int:
        """How much output waits to be taken."""
        return len(self._output)

    def greet(self) -> None:
        """Say the greeting. RFC 5321 section 4.3.1."""
        self._say(Reply(220, "", f"{self._config.hostname} ESMTP roost"))

    def receive(self, octets: bytes) -> None:
        """Octets from the client, cut anywhere."""
        if self._mode is not Mode.DEAF:
            self._input.feed(octets)

    def take_output(self) -> bytes:
        """What is to be sent; b"" when there is nothing."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def next_event(self) -> Event | None:
        """The next event; None when octets are missing or an answer is awaited."""
        while not self._events:
            if self._asked is not None or not self._step():
                return None
        event = self._events.popleft()
        if type(event) in self._ON_YES:
            self._asked = event
        return event

    def _step(self) -> bool:
        """Use some input; False when there is too little."""
        mode = self._mode
        if mode is Mode.COMMAND or mode is Mode.SASL:
            return self._take_line()
        if mode is Mode.MESSAGE:
            return self._take_message()
        return mode is Mode.MESSAGE_OVER and self._end_of_octets()

    def accept(self, reply: Reply | None = None) -> None:
        """Answer the question asked last with yes. reply: instead of the usual text."""
        asked, self._asked = self._asked, None
        if asked is None:
            raise ValueError("nothing was asked")
        self._errors = 0
        self._ON_YES[type(asked)](self, asked, reply)

    def refuse(self, reply: Reply) -> None:
        """Answer the question asked last with no. A message refused ends its transaction."""
        asked, self._asked = self._asked, None
        if isinstance(asked, MessageBegin) and self._transfer is not None:
            self._transfer.spoil(reply)  # said once the chunk is over
            return
        if isinstance(asked, LoginBroken) and asked.failed and asked.failed.final is not None:
            self._go_on_with_auth(self._login.exchange.tell_failure(asked.failed.final, reply))
            return
        if isinstance(asked, MessageBegin | MessageEnd):
            self._end_transaction()
        self._login.forget()
        self._say(reply)

    def found(self, secrets: Secrets) -> None:
        """Answer SecretsAsked."""
        assert isinstance(self._asked, SecretsAsked), "nobody asked for secrets"
        self._asked = None
        self._go_on_with_auth(self._login.exchange.found(secrets))

    def token_refused(self) -> None:
        """Answer LoginAsked for a token that is no good: the client is told why, then no."""
        assert isinstance(self._asked, LoginAsked), "nobody showed a token"
        self._asked = None
        self._go_on_with_auth(self._login.exchange.token_refused())

    def spoil(self, reply: Reply) -> None:
        """Give out no more of the message that is coming; `reply` is said at its end."""
        assert self._transfer is not None
        self._transfer.spoil(reply)

    def client_identified(self) -> None:
        """The client's certificate says who it is: it needs no AUTH. RFC 4422 appendix A."""
        self._standing.identified = True

    def tls_started(
        self, bindings: Bindings = NO_BINDINGS, *, has_certificate: bool = False
    ) -> None:
        """TLS is on: all the client said is forgotten. RFC 3207 section 4.2."""
        self._standing.secure(bindings, has_certificate=has_certificate)
        self._input.clear()
        self._end_transaction()
        self._phase = Phase.CONNECTED
        self._mode = Mode.COMMAND

    def close(self, reply: Reply) -> None:
        """Say `reply` and hear no more."""
        self._say(reply)
        self._input.clear()
        self._mode = Mode.DEAF
        self._asked = None
        self._events.clear()

    # Lines.

    def _take_line(self) -> bool:
        in_auth = self._mode is Mode.SASL
        try:
            line = self._input.sasl_line() if in_auth else self._input.command_line()
        except LineTooLong as error:
            of_auth = error.max_octets == MAX_AUTH_LINE_OCTETS
            self._fatal(replies.AUTH_LINE_TOO_LONG if of_auth else replies.LINE_TOO_LONG)
            return True
        if line is None:
            return False
        try:
            if in_auth:
                self._mode = Mode.COMMAND
                self._go_on_with_auth(self._login.exchange.answer(line))
            else:
                self._command_line(line)
        except CommandError as error:
            self._complain(error.reply)
        self._is_first_line = False
        return True

    def _command_line(self, line: bytes) -> None:
        if line[-1:] in (b" ", b"\t") and self._config.role.forgives_space:
            line = line.rstrip(b" \t")
        try:
            verb, argument = split_line(line)
        except CommandError:
            if line[:4].upper() == b"BDAT":
                self._fatal(replies.BAD_BDAT)
            elif self._is_first_line:
                self._fatal(replies.NOT_SMTP)
            else:
                raise
            return
        if verb in VERBS:
            self._command(verb, argument)
        elif self._is_first_line:
            self._fatal(replies.NOT_SMTP)
        else:
            self._complain(replies.UNKNOWN_COMMAND)

    def _command(self, verb: str, argument: str | None) -> None:
        refusal = self._refusal(verb)
        if verb == "BDAT":
            self._bdat(argument, refusal)
        elif refusal is not None:
            self._say(refusal)
        else:
            self._ON_COMMAND[verb](self, argument)

    def _refusal(self, verb: str) -> Reply | None:
        """Why the command is out of order now, None when it is not."""
        if verb == "AUTH" and not self._config.mechanisms:
            return replies.NO_AUTH
        if (self._phase, verb) not in AFTER:
            return Reply(503, "5.5.1", MISSING_STEP[self._phase])
        if verb == "RCPT" and self._recipients >= self._config.extensions.max_recipients:
            return replies.TOO_MANY_RECIPIENTS
        return self._standing.refusal(verb, self._config)

    # Commands.

    def _hello(self, verb: str, argument: str | None) -> None:
        any_name = self._config.role.takes_any_name
        self._events.append(parse_hello(verb, argument, any_name=any_name))

    def _accept_hello(self, asked: Hello, _reply: Reply | None) -> None:
        self._end_transaction()
        self._standing.greeted()
        if not asked.extended:
            self._say(Reply(250, "", self._config.hostname))
            return
        lines = announce(
            self._config.extensions,
            starttls=self._standing.can_start_tls and not self.tls,
            tls=self.tls,
            mechanisms=self._login.names(),
        )
        self._output += spell_lines(250, [self._config.hostname, *lines])

    def _starttls(self, argument: str | None) -> None:
        no_argument("STARTTLS", argument)
        self._events.append(StartTls())

    def _accept_starttls(self, _asked: StartTls, _reply: Reply | None) -> None:
        self._say(replies.STARTTLS)
        # What came in clear behind STARTTLS was perhaps put there by someone else.
        self._input.clear()
        self._mode = Mode.DEAF

    def _auth(self, argument: str | None) -> None:
        self._go_on_with_auth(self._login.begin(argument))

    def _go_on_with_auth(self, outcome: Outcome) -> None:
        if isinstance(outcome, bytes):
            self._output += outcome
            self._mode = Mode.SASL
        elif isinstance(outcome, Reply):
            self._say(outcome)
        else:
            self._events.append(outcome)

    def _accept_login(self, _asked: LoginAsked | ExternalAsked, reply: Reply | None) -> None:
        self._standing.authenticated = True
        self._say(reply or replies.LOGGED_IN)

    def _accept_nothing(self, asked: SecretsAsked | LoginBroken, _reply: Reply | None) -> None:
        raise ValueError(f"{type(asked).__name__} cannot be answered with yes")

    def _mail(self, argument: str | None) -> None:
        asked = parse_mail(argument, self._config.extensions)
        if asked.require_tls and not self.tls:
            raise CommandError(523, "5.7.10", "REQUIRETLS needs TLS")
        self._events.append(asked)

    def _accept_mail(self, asked: Mail, reply: Reply | None) -> None:
        self._phase = AFTER[self._phase, "MAIL"]
        self._smtputf8 = asked.smtputf8
        self._say(reply or replies.SENDER)

    def _rcpt(self, argument: str | None) -> None:
        extensions = self._config.extensions
        self._events.append(parse_rcpt(argument, extensions, smtputf8=self._smtputf8))

    def _accept_rcpt(self, _asked: Rcpt, reply: Reply | None) -> None:
        self._phase = AFTER[self._phase, "RCPT"]
        self._recipients += 1
        self._say(reply or replies.RECIPIENT)

    def _rset(self, argument: str | None) -> None:
        no_argument("RSET", argument)
        if self._phase in IN_TRANSACTION:
            self._end_transaction()
            self._events.append(TransactionDropped())
        self._say(replies.RESET)

    def _verify(self, verb: str, argument: str | None) -> None:
        if not argument:
            raise CommandError(501, "5.5.4", f"{verb} needs an argument")
        self._say(replies.CANNOT_VERIFY)

    def _vrfy(self, argument: str | None) -> None:
        self._verify("VRFY", argument)

    def _expn(self, argument: str | None) -> None:
        self._verify("EXPN", argument)

    def _noop(self, _argument: str | None) -> None:
        self._say(replies.NOOP)

    def _help(self, _argument: str | None) -> None:
        self._say(replies.HELP)

    def _quit(self, argument: str | None) -> None:
        no_argument("QUIT", argument)
        self._fatal(replies.BYE)

    # Messages.

    def _data(self, argument: str | None) -> None:
        no_argument("DATA", argument)
        self._events.append(MessageBegin())

    def _bdat(self, argument: str | None, refusal: Reply | None) -> None:
        """Octets follow whether the command is welcome or not. RFC 3030 section 2."""
        try:
            chunk = parse_bdat(argument)
        except CommandError:
            self._fatal(replies.BAD_BDAT)  # nobody knows how much to skip
            return
        most = self._config.extensions.max_message_octets
        if chunk.size_octets > 2 * most:
            # Reading on would take commands for octets of the message for a long time, or for ever.
            self._fatal(replies.fault(Fault.TOO_LARGE, most))
            return
        self._mode = Mode.MESSAGE
        if self._transfer is not None:
            self._transfer.next_chunk(chunk)
            return
        self._transfer = self._new_transfer(chunk)
        if refusal is not None:
            self._transfer.spoil(refusal)
        else:
            self._events.append(MessageBegin())

    def _new_transfer(self, chunk: Bdat | None) -> Transfer:
        return Transfer(
            mend=self._config.role.mends,
            max_octets=self._config.extensions.max_message_octets,
            chunk=chunk,
        )

    def _accept_begin(self, _asked: MessageBegin, _reply: Reply | None) -> None:
        if self._transfer is not None:
            self._phase = AFTER[self._phase, "BDAT"]
            return
        self._transfer = self._new_transfer(None)
        self._mode = Mode.MESSAGE
        self._output += replies.START_MESSAGE

    def _take_message(self) -> bool:
        transfer = self._transfer
        assert transfer is not None
        if transfer.wants_octets and not len(self._input):
            return False
        text = transfer.take(self._input)
        if text:
            self._events.append(MessageChunk(text))
        if transfer.is_over:
            self._mode = Mode.MESSAGE_OVER
        return True

    def _end_of_octets(self) -> bool:
        """Only now, when the driver has dealt with the last octets, it is known what to answer."""
        transfer = self._transfer
        assert transfer is not None
        self._mode = Mode.COMMAND
        if (refusal := transfer.refusal) is not None:
            if self._phase in IN_TRANSACTION:
                self._end_transaction()
                self._events.append(TransactionDropped(refusal.text))
            self._transfer = None
            self._say(refusal)
        elif transfer.is_complete:
            self._events.append(MessageEnd(transfer.size_octets))
        else:
            self._say(Reply(250, "2.0.0", f"{transfer.chunk_octets} octets taken"))
        return True

    def _accept_end(self, _asked: MessageEnd, reply: Reply | None) -> None:
        self._end_transaction()
        self._say(reply or replies.STORED)

    def _end_transaction(self) -> None:
        self._phase = Phase.GREETED
        self._recipients = 0
        self._smtputf8 = False
        self._transfer = None

    # Replies.

    def _say(self, reply: Reply) -> None:
        self._output += reply.spell(self._suffix if reply.is_error else "")

    def _complain(self, reply: Reply) -> None:
        """Answer what is no good command; after too many of them in a row, close."""
        self._say(reply)
        self._errors += 1
        if self._errors >= self._config.max_errors:
            self._fatal(replies.TOO_MANY_ERRORS)

    def _fatal(self, reply: Reply) -> None:
        self.close(reply)
        self._events.append(Closing())

    _ON_COMMAND: ClassVar[dict[str, Callable[["Server", str | None], None]]] = {
        "EHLO": lambda self, argument: self._hello("EHLO", argument),
        "HELO": lambda self, argument: self._hello("HELO", argument),
        "STARTTLS": _starttls,
        "AUTH": _auth,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "HELP": _help,
        "VRFY": _vrfy,
        "EXPN": _expn,
        "QUIT": _quit,
    }
    _ON_YES: ClassVar[dict[type, Callable[["Server", Any, Reply | None], None]]] = {
        Hello: _accept_hello,
        StartTls: _accept_starttls,
        SecretsAsked: _accept_nothing,
        LoginAsked: _accept_login,
        LoginBroken: _accept_nothing,
        ExternalAsked: _accept_login,
        Mail: _accept_mail,
        Rcpt: _accept_rcpt,
        MessageBegin: _accept_begin,
        MessageEnd: _accept_end,
    }
