"""Search keys as conditions on messages. RFC 9051 section 6.4.4.

What only the session knows, sequence numbers, `$` and `\\Recent`, becomes ranges of uids.
"""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from roost.proto.imap.core.search import (
    AddressField,
    And,
    ByDate,
    BySize,
    DateField,
    HasFlag,
    HasKeyword,
    InBody,
    InEnvelope,
    InHeader,
    InNumbers,
    InText,
    InUids,
    IsRecent,
    Not,
    Or,
    SearchKey,
)
from roost.proto.imap.sequence import of_numbers
from roost.service.message_search import AddressHas, HeaderHas, SubjectHas, TextHas
from roost.session.imap import condstore, messagelimit, objectid, savedate, within
from roost.session.imap.conversation import Refused
from roost.session.imap.search_days import days_of, start_of
from roost.session.imap.targets import spans_of
from roost.session.imap.view import View
from roost.store import search_rows
from roost.store.search_rows import (
    AllOf,
    AnyOf,
    Condition,
    HasFlags,
    NotThat,
    ReceivedBetween,
    SentBetween,
    SizeBetween,
    UidIn,
)
from roost.store.sql_lists import spans_of as spans_of_numbers

_LAST = (1 << 63) - 1
_EVERYTHING = AllOf()
_COLUMNS = MappingProxyType(
    {"from": AddressField.FROM, "to": AddressField.TO, "cc": AddressField.CC}
    | {"bcc": AddressField.BCC, "subject": AddressField.SUBJECT}
)


def condition_of(view: View, key: SearchKey, now: datetime) -> Condition:
    """What a search key means in this view. now: what OLDER and YOUNGER are counted from."""
    match key:
        case And(keys):
            return AllOf(tuple(condition_of(view, one, now) for one in keys))
        case Or(left, right):
            return AnyOf((condition_of(view, left, now), condition_of(view, right, now)))
        case Not(inner):
            return NotThat(condition_of(view, inner, now))
    if (reader := _READERS.get(type(key))) is not None:
        return reader(view, key)
    if (by_age := within.SEARCH_KEYS.get(type(key))) is not None:
        return by_age(now, key)
    raise Refused("there is no such search key", bad=True)


def _flag(_view: View, key: HasFlag) -> Condition:
    return _if(HasFlags(key.bit), key.present)


def _keyword(_view: View, key: HasKeyword) -> Condition:
    return _if(search_rows.HasKeyword(key.keyword), key.present)


def _recent(view: View, key: IsRecent) -> Condition:
    return _if(UidIn(tuple(spans_of_numbers(sorted(view.recent)))), key.present)


def _numbers(view: View, key: InNumbers) -> Condition:
    """Numbers of messages that do not exist name none."""
    if key.messages.saved:
        return UidIn(of_numbers(view.saved).ranges)
    return UidIn(tuple(spans_of(view, key.messages.numbers(len(view.uids)))))


def _uids(view: View, key: InUids) -> Condition:
    if key.uids.saved:
        return UidIn(of_numbers(view.saved).ranges)
    return UidIn(key.uids.resolve(view.uids[-1]) if view.uids else ())


def _size(_view: View, key: BySize) -> Condition:
    if key.larger:
        return SizeBetween(min(key.octets + 1, _LAST), _LAST)
    return SizeBetween(0, min(key.octets - 1, _LAST))


def _date(_view: View, key: ByDate) -> Condition:
    low, high = days_of(key.when, key.day)
    if key.field is DateField.SENT:
        return SentBetween(low, high)
    return ReceivedBetween(start_of(low), start_of(high + 1))


def _envelope(_view: View, key: InEnvelope) -> Condition:
    if not key.text:
        return _EVERYTHING
    if key.field is AddressField.SUBJECT:
        return SubjectHas(key.text)
    return AddressHas(key.field.value.lower(), key.text)


def _header(view: View, key: InHeader) -> Condition:
    if key.text and (field := _COLUMNS.get(key.name)) is not None:
        return _envelope(view, InEnvelope(field, key.text))
    return HeaderHas(key.name, key.text)


def _body(_view: View, key: InBody) -> Condition:
    return TextHas(key.text, body_only=True) if key.text else _EVERYTHING


def _text(_view: View, key: InText) -> Condition:
    return TextHas(key.text) if key.text else _EVERYTHING


def _if(condition: Condition, present: bool) -> Condition:
    return condition if present else NotThat(condition)


_READERS: MappingProxyType[type, Callable[[View, Any], Condition]] = MappingProxyType(
    {
        HasFlag: _flag,
        HasKeyword: _keyword,
        IsRecent: _recent,
        InNumbers: _numbers,
        InUids: _uids,
        BySize: _size,
        ByDate: _date,
        InEnvelope: _envelope,
        InHeader: _header,
        InBody: _body,
        InText: _text,
        **condstore.SEARCH_KEYS,
        **messagelimit.SEARCH_KEYS,
        **objectid.SEARCH_KEYS,
        **savedate.SEARCH_KEYS,
    }
)
