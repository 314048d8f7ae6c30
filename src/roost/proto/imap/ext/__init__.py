"""The extensions beyond the base protocol, one file each; `Grammar((*CORE, *EXTENSIONS))`."""

from roost.proto.imap.ext.acl import ACL, LIST_MYRIGHTS
from roost.proto.imap.ext.appendlimit import APPENDLIMIT
from roost.proto.imap.ext.catenate import CATENATE
from roost.proto.imap.ext.compress import COMPRESS
from roost.proto.imap.ext.condstore import CONDSTORE
from roost.proto.imap.ext.context import CONTEXT_SEARCH, CONTEXT_SORT
from roost.proto.imap.ext.esort import ESORT
from roost.proto.imap.ext.filters import FILTERS
from roost.proto.imap.ext.inprogress import INPROGRESS
from roost.proto.imap.ext.list_metadata import LIST_METADATA
from roost.proto.imap.ext.messagelimit import MESSAGELIMIT
from roost.proto.imap.ext.metadata import METADATA
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.ext.multisearch import MULTISEARCH
from roost.proto.imap.ext.notify import NOTIFY
from roost.proto.imap.ext.objectid import OBJECTID
from roost.proto.imap.ext.partial import PARTIAL
from roost.proto.imap.ext.preview import PREVIEW
from roost.proto.imap.ext.qresync import QRESYNC
from roost.proto.imap.ext.quota import QUOTA
from roost.proto.imap.ext.replace import REPLACE
from roost.proto.imap.ext.savedate import SAVEDATE
from roost.proto.imap.ext.sort import SORT
from roost.proto.imap.ext.sort_display import SORT_DISPLAY
from roost.proto.imap.ext.thread import THREAD
from roost.proto.imap.ext.uidonly import UIDONLY
from roost.proto.imap.ext.unauthenticate import UNAUTHENTICATE
from roost.proto.imap.ext.urlauth import URL_PARTIAL, URLAUTH, URLAUTH_BINARY
from roost.proto.imap.ext.utf8_accept import UTF8_ACCEPT
from roost.proto.imap.ext.within import WITHIN
from roost.proto.imap.extension import Extension

EXTENSIONS: tuple[Extension, ...] = (
    ACL,
    APPENDLIMIT,
    CATENATE,
    COMPRESS,
    CONDSTORE,
    CONTEXT_SEARCH,
    CONTEXT_SORT,
    ESORT,
    FILTERS,
    INPROGRESS,
    LIST_METADATA,
    LIST_MYRIGHTS,
    MESSAGELIMIT,
    METADATA,
    MULTIAPPEND,
    MULTISEARCH,
    NOTIFY,
    OBJECTID,
    PARTIAL,
    PREVIEW,
    QRESYNC,
    QUOTA,
    REPLACE,
    SAVEDATE,
    SORT,
    SORT_DISPLAY,
    THREAD,
    UIDONLY,
    UNAUTHENTICATE,
    URLAUTH,
    URLAUTH_BINARY,
    URL_PARTIAL,
    UTF8_ACCEPT,
    WITHIN,
)
