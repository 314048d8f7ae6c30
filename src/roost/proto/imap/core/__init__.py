"""The families of commands that make up IMAP4rev1 and IMAP4rev2."""

from roost.proto.imap.core.append import APPEND
from roost.proto.imap.core.copy import COPY
from roost.proto.imap.core.enable import ENABLE
from roost.proto.imap.core.expunge import EXPUNGE
from roost.proto.imap.core.fetch import FETCH
from roost.proto.imap.core.id import ID
from roost.proto.imap.core.idle import IDLE
from roost.proto.imap.core.list import LIST
from roost.proto.imap.core.login import LOGIN
from roost.proto.imap.core.mailbox import MAILBOX
from roost.proto.imap.core.namespace import NAMESPACE
from roost.proto.imap.core.search import SEARCH
from roost.proto.imap.core.select import SELECT
from roost.proto.imap.core.session import SESSION
from roost.proto.imap.core.status import STATUS
from roost.proto.imap.core.store import STORE
from roost.proto.imap.extension import Extension

CORE: tuple[Extension, ...] = (
    SESSION,
    LOGIN,
    ENABLE,
    SELECT,
    MAILBOX,
    LIST,
    NAMESPACE,
    STATUS,
    APPEND,
    IDLE,
    ID,
    EXPUNGE,
    SEARCH,
    FETCH,
    STORE,
    COPY,
)
