"""Commands as values: examples of RFC 9051 and RFC 3501, but for FETCH, SEARCH and LIST."""

from datetime import datetime, timedelta, timezone

import pytest

from roost.proto.imap import flags, sequence
from roost.proto.imap.command import Arguments, Bare, Command
from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.imap.core.copy import Copy
from roost.proto.imap.core.enable import Enable
from roost.proto.imap.core.expunge import Expunge
from roost.proto.imap.core.id import Id
from roost.proto.imap.core.idle import is_done
from roost.proto.imap.core.login import Authenticate, Login, parse_sasl_line
from roost.proto.imap.core.mailbox import Create, Mailbox, Rename, SpecialUse
from roost.proto.imap.core.select import Select
from roost.proto.imap.core.status import Status
from roost.proto.imap.core.store import Store, StoreAction
from roost.proto.imap.error import BadMailboxName, BadSyntax, OverLimit, UnknownCommand
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import Flags
from roost.proto.imap.sequence import SAVED
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece

GRAMMAR = Grammar(CORE)
ONE = sequence.parse(b"1")
TWO_TO_FOUR = sequence.parse(b"2:4")
PST = timezone(timedelta(hours=-8))


def parse(*pieces: Piece) -> Command:
    first = pieces[0]
    assert isinstance(first, bytes)
    return GRAMMAR.parse((b"A1 " + first, *pieces[1:]))


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b"CAPABILITY", Bare()),
        (b"noop", Bare()),
        (b"LOGOUT", Bare()),
        (b"STARTTLS", Bare()),
        (b"CHECK", Bare()),
        (b"CLOSE", Bare()),
        (b"UNSELECT", Bare()),
        (b"IDLE", Bare()),
        (b"NAMESPACE", Bare()),
        (b"EXPUNGE", Expunge()),
        (b"UID EXPUNGE 2:4", Expunge(TWO_TO_FOUR)),
        (b"LOGIN SMITH SESAME", Login("SMITH", "SESAME")),
        ('LOGIN "jörg" "a \\"b"'.encode(), Login("jörg", 'a "b')),
        (b"AUTHENTICATE GSSAPI", Authenticate("GSSAPI")),
        (b"AUTHENTICATE plain dGVzdAB0ZXN0AHRlc3Q=", Authenticate("PLAIN", b"test\0test\0test")),
        (b"AUTHENTICATE EXTERNAL =", Authenticate("EXTERNAL", b"")),
        (b"AUTHENTICATE CRAM-MD5 ", Authenticate("CRAM-MD5")),
        (b"ENABLE CONDSTORE x-good-idea Condstore", Enable(("CONDSTORE", "X-GOOD-IDEA"))),
        (b"SELECT INBOX", Select("INBOX")),
        (b"EXAMINE blurdybloop", Select("blurdybloop")),
        (b"CREATE owatagusiam/", Create("owatagusiam")),
        (b"CREATE MySpecial (USE (\\drafts \\Sent))", Create("MySpecial", (SpecialUse(("Drafts", "Sent")),))),
        (b"CREATE Special (USE (\\NotKnown))", Create("Special", (SpecialUse((), known=False),))),
        (b"CREATE Special (USE ())", Create("Special", (SpecialUse(()),))),
        (b"DELETE foo/bar", Mailbox("foo/bar")),
        (b"RENAME inbox old-mail", Rename("INBOX", "old-mail")),
        (b'SUBSCRIBE "#news.comp.mail.mime"', Mailbox("#news.comp.mail.mime")),
        (b"UNSUBSCRIBE ~peter/mail/&U,BTFw-", Mailbox("~peter/mail/台北")),
        (b"STATUS blurdybloop (UIDNEXT MESSAGES)", Status("blurdybloop", ("UIDNEXT", "MESSAGES"))),
        (b"STATUS a (size Size RECENT)", Status("a", ("SIZE", "RECENT"))),
        (b"STORE 2:4 +FLAGS (\\Deleted)", Store(TWO_TO_FOUR, StoreAction.ADD, Flags(flags.DELETED))),
        (b"STORE 1 flags.silent ()", Store(ONE, StoreAction.REPLACE, Flags(), silent=True)),
        (b"UID STORE 1 -FLAGS \\Seen Work", Store(ONE, StoreAction.REMOVE, Flags(flags.SEEN, ("work",)))),
        (b"UID STORE $ +FLAGS.SILENT ($Junk)", Store(SAVED, StoreAction.ADD, Flags(flags.JUNK), silent=True)),
        (b"COPY 2:4 MEETING", Copy(TWO_TO_FOUR, "MEETING")),
        (b"UID COPY 2:4 MEETING", Copy(TWO_TO_FOUR, "MEETING")),
        (b"UID MOVE $ Trash", Copy(SAVED, "Trash")),
        (b"ID NIL", Id()),
        (b"ID ()", Id()),
        (b'ID ("name" "sodr" "OS" NIL)', Id((("name", "sodr"), ("os", None)))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: Arguments) -> None:
    command = parse(text)
    assert command.args == args
    words = text.decode().upper().split()
    assert (command.tag, command.uid) == (b"A1", words[0] == "UID")
    assert command.verb == words[1 if command.uid else 0]


@pytest.mark.parametrize(
    ("pieces", "append"),
    [
        (
            (b"APPEND saved-messages (\\Seen) ", MessageLiteral(310), b""),
            Append("saved-messages", (AppendMessage(Flags(flags.SEEN), None, 310),)),
        ),
        (
            (
                b'APPEND x (a) "07-Feb-1994 21:52:25 -0800" ',
                MessageLiteral(310, binary=True),
            ),
            Append(
                "x",
                (
                    AppendMessage(
                        Flags(0, ("a",)),
                        datetime(1994, 2, 7, 21, 52, 25, tzinfo=PST),
                        310,
                        binary=True,
                    ),
                ),
            ),
        ),
        (
            (b"APPEND ", ArgumentLiteral(b"inbox"), b" ", MessageLiteral(0), b""),
            Append("INBOX", (AppendMessage(Flags(), None, 0),)),
        ),
    ],
    ids=["whole", "cut off at the message", "mailbox as literal, cancelled"],
)
def test_append(pieces: tuple[Piece, ...], append: Append) -> None:
    assert parse(*pieces).args == append


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 3),
        (b"FROB", 3),
        (b"NOOP ", 7),
        (b"NOOP x", 7),
        (b"UID", 6),
        (b"UID NOOP", 3),
        (b"UID UID FETCH 1 FLAGS", 3),
        (b"UID  FETCH", 7),
        (b"EXPUNGE 1", 10),
        (b"UID EXPUNGE", 14),
        (b"UID EXPUNGE x", 15),
        (b"LOGIN a", 10),
        (b"LOGIN a  b", 11),
        (b"LOGIN a b c", 12),
        (b"LOGIN (a) b", 9),
        (b"AUTHENTICATE", 15),
        (b"AUTHENTICATE a/b", 16),
        (b"AUTHENTICATE PLAIN a", 22),
        (b"AUTHENTICATE PLAIN ab=c", 22),
        (b"AUTHENTICATE PLAIN dGVzdA==x", 30),
        (b"AUTHENTICATE PLAIN *", 22),
        (b"ENABLE", 9),
        (b"ENABLE ", 10),
        (b"ENABLE a ", 12),
        (b"SELECT", 9),
        (b"SELECT a b", 12),
        (b"SELECT a (FOO)", 13),
        (b"SELECT a ()", 13),
        (b"SELECT \xff", 10),
        (b"CREATE a (FOO)", 13),
        (b"CREATE a (USE)", 16),
        (b"CREATE a (USE (Drafts))", 17),
        (b"RENAME a", 11),
        (b"STATUS a ()", 13),
        (b"STATUS a (MESSAGES FOO)", 22),
        (b"STATUS a MESSAGES", 12),
        (b"STORE 1 FLAG (a)", 11),
        (b"STORE 1 FLAGS.LOUD (a)", 11),
        (b"STORE 1 FLAGS.SILENT.SILENT (a)", 11),
        (b"STORE 1 *FLAGS (a)", 11),
        (b"STORE 1 FLAGS", 16),
        (b"STORE 1 FLAGS ", 17),
        (b"STORE 1 FLAGS (\\Seen \\Foo)", 24),
        (b"STORE 1 FLAGS \\Seen \\Foo", 23),
        (b"STORE 1 (UNCHANGEDSINCE 5) FLAGS (a)", 12),
        (b"STORE 0 FLAGS (a)", 9),
        (b"COPY 1", 9),
        (b"COPY 1:2:3 a", 8),
        (b"MOVE a b", 8),
        (b"ID", 5),
        (b'ID "a"', 9),
        (b'ID ("a")', 10),
        (b"ID (a b)", 7),
        (b"APPEND a", 11),
        (b"APPEND a text", 12),
        (b"APPEND a (\\Foo) text", 13),
        (b'APPEND a "x" text', 12),
    ],
    ids=lambda value: value.decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset
    assert not any(word in error.value.text for word in ("FROB", "FOO", "LOUD"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"FROB", UnknownCommand),
        (b"SELECT &", BadMailboxName),
        (b"ENABLE" + b" a" * 51, OverLimit),
        (b"ID (" + b" ".join([b'"a" NIL'] * 31) + b")", OverLimit),
        (b'ID ("' + b"a" * 31 + b'" NIL)', OverLimit),
        (b"STORE 1 FLAGS (" + b" ".join(b"k%d" % n for n in range(101)) + b")", OverLimit),
    ],
    ids=["unknown", "name", "many capabilities", "many fields", "long field", "many keywords"],
)
def test_errors_have_names(text: bytes, error: type[BadSyntax]) -> None:
    with pytest.raises(error):
        parse(text)


def test_a_tag_is_needed() -> None:
    for line, offset in ((b"", 0), (b" NOOP", 0), (b"A1", 2), (b"+ NOOP", 0)):
        with pytest.raises(BadSyntax) as error:
            GRAMMAR.parse((line,))
        assert error.value.offset == offset


def test_one_message_unless_multiappend_is_known() -> None:
    with pytest.raises(BadSyntax):
        parse(b"APPEND a ", MessageLiteral(3), b" ", MessageLiteral(4), b"")


@pytest.mark.parametrize(("line", "octets"), [(b"*", None), (b"", b""), (b"dGVzdA==", b"test")])
def test_sasl_lines(line: bytes, octets: bytes | None) -> None:
    assert parse_sasl_line(line) == octets


@pytest.mark.parametrize("line", [b"a", b"dGVzdA", b"d GVzdA==", b"\xff", b"**"])
def test_sasl_lines_that_are_not_base64(line: bytes) -> None:
    with pytest.raises(BadSyntax):
        parse_sasl_line(line)


def test_done_ends_idle() -> None:
    assert is_done(b"done")
    assert not is_done(b"DONE ")
