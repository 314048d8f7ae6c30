"""MULTISEARCH. RFC 7377."""

import pytest

from roost.proto.imap import data, flags
from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import (
    AddressField,
    And,
    HasFlag,
    InEnvelope,
    InText,
    SearchReturn,
)
from roost.proto.imap.error import BadCharset, BadSyntax, OverLimit
from roost.proto.imap.ext.mailbox_filter import FilterKind, MailboxFilter
from roost.proto.imap.ext.multisearch import MULTISEARCH, MultiSearch, source
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, MULTISEARCH))
UNSEEN = HasFlag(flags.SEEN, present=False)
FOLDER1 = MailboxFilter(FilterKind.MAILBOXES, ("folder1",))
FOLDER2 = MailboxFilter(FilterKind.SUBTREE, ("folder2",))
SELECTED = MailboxFilter(FilterKind.SELECTED)


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"tag1 ESEARCH " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b'IN (mailboxes "folder1" subtree "folder2") unseen',
         MultiSearch(UNSEEN, sources=(FOLDER1, FOLDER2))),
        (b'IN (mailboxes "folder1" subtree-one "folder2") subject "chad"',
         MultiSearch(InEnvelope(AddressField.SUBJECT, "chad"),
                     sources=(FOLDER1, MailboxFilter(FilterKind.SUBTREE_ONE, ("folder2",))))),
        (b"UNSEEN", MultiSearch(UNSEEN)),
        (b"IN (selected) RETURN (SAVE) UNSEEN", MultiSearch(UNSEEN, SearchReturn(save=True), (SELECTED,))),
        (b"RETURN (MIN COUNT) ALL", MultiSearch(And(), SearchReturn(min=True, count=True))),
        (b"IN (personal inboxes personal) RETURN () CHARSET UTF-8 TEXT x",
         MultiSearch(InText("x"), sources=(MailboxFilter(FilterKind.PERSONAL), MailboxFilter(FilterKind.INBOXES)))),
        (b"IN (mailboxes (folder1 folder1)) UNSEEN", MultiSearch(UNSEEN, sources=(FOLDER1,))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: MultiSearch) -> None:
    assert parse(text) == args


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 13),
        (b"IN", 15),
        (b"IN () ALL", 17),
        (b"IN selected ALL", 16),
        (b"IN (selected-delayed) ALL", 17),
        (b"IN (personal (option)) ALL", 26),
        (b"IN (mailboxes) ALL", 26),
        (b"IN (personal)", 26),
        (b"IN (personal) RETURN (SAVE) ALL", 13),
        (b"IN (personal selected) RETURN (SAVE) ALL", 13),
        (b"IN (personal) FOO", 27),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_errors_have_names() -> None:
    with pytest.raises(BadCharset):
        parse(b"IN (personal) CHARSET KOI8-R ALL")
    with pytest.raises(OverLimit):
        parse(b"IN (" + b" ".join([b"personal"] * 51) + b") ALL")


def test_spells() -> None:
    where = source("folder2/salmon", 23, utf8=False)
    wire = data.esearch(b"tag1", uid=True, numbers=[50003, 50006, 50009], source=where)
    assert wire == (
        b'* ESEARCH (TAG "tag1" MAILBOX folder2/salmon UIDVALIDITY 23) UID ALL 50003,50006,50009\r\n'
    )
