"""One client's state, as the verbs see it: who it is, what it selected and enabled, and its ear."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace

from roost.base.ids import AccountId
from roost.ports.net import Wire
from roost.proto.imap.ext.notify import EventKind
from roost.proto.imap.extension import Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.state import State
from roost.service.login import Login
from roost.session.imap.own_changes import OwnChanges
from roost.session.imap.places import Place, place_of
from roost.session.imap.ports import ImapPort
from roost.session.imap.view import View
from roost.session.imap.watch import Watch
from roost.session.sign_in import LoginPace
from roost.store.stowed import Stowed

IMAP4REV2 = "IMAP4REV2"
UTF8_ACCEPT = "UTF8=ACCEPT"
CONDSTORE = "CONDSTORE"
QRESYNC = "QRESYNC"
UIDONLY = "UIDONLY"


@dataclass(frozen=True, slots=True)
class Done:
    """A verb did well: the tagged OK. Failures are raised as ServiceError or Refused.

    removed: whether messages left the selected mailbox by it; who knows QRESYNC is then told
    HIGHESTMODSEQ once they are told (RFC 7162 section 3.2.7).
    """

    text: str
    code: Code | None = None
    removed: bool = False


class Refused(Exception):
    """A verb fails for a reason of IMAP's own: the tagged NO, or BAD, with this code and text."""

    def __init__(self, text: str, code: Code | None = None, *, bad: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.bad = bad


@dataclass(slots=True)
class Conversation:
    """State of one connection.

    login: None before signing in. by_key: who the client's certificate says it is, None without;
    signed in or not. view: the selected mailbox. enabled: by ENABLE, upper case.
    by_uid: whether the running command came as UID verb, so that its news name uids.
    pace: slows down whose logins fail.
    next_line: gives the client's next line, for AUTHENTICATE; raises ConnectionLost.
    selection_changed: to be called when `view` became another.
    appended: the messages of the APPEND that runs.
    idle_asked, tls_asked, deflate_asked: what the connection does once the tagged answer has left.
    is_deflated: COMPRESS is on (RFC 4978).
    metadata_told: the modseq up to which changed metadata was told of, None where the client did
    not enable that (RFC 5464); own_metadata: those of its own changes, which it knows of.
    rights_in_doubt: what the client may do with the selected mailbox may have changed.
    key_in_doubt: the access key of the selected mailbox may be another (RFC 4467).
    client_id: what the client said of itself with ID, for the log.
    progress: how many messages the running command dealt with, of how many (RFC 9585).
    watch: what NOTIFY asked for, None before the first one. own: the changes that the client made
    itself and was not answered yet, None where nobody asks which these are.
    """

    port: ImapPort
    wire: Wire
    grammar: Grammar
    pace: LoginPace
    next_line: Callable[[], Awaitable[bytes]]
    selection_changed: Callable[[], None]
    login: Login | None = None
    by_key: Login | None = None
    view: View | None = None
    enabled: set[str] = field(default_factory=set)
    by_uid: bool = False
    leaving: bool = False
    client_id: str = ""
    appended: list[Stowed] = field(default_factory=list)
    idle_asked: bool = False
    tls_asked: bool = False
    deflate_asked: bool = False
    metadata_told: int | None = None
    own_metadata: set[int] = field(default_factory=set)
    is_deflated: bool = False
    progress: tuple[int, int | None] | None = None
    key_in_doubt: bool = False
    watch: Watch | None = None
    own: OwnChanges | None = None
    rights_in_doubt: bool = False

    @property
    def state(self) -> State:
        """Which commands are legal now. RFC 9051 section 3."""
        if self.leaving:
            return State.LOGOUT
        if self.login is None:
            return State.NOT_AUTHENTICATED
        return State.AUTHENTICATED if self.view is None else State.SELECTED

    @property
    def user(self) -> Login:
        """Who is signed in; only for verbs that are legal after login."""
        assert self.login is not None, "the state table lets nobody here who is not signed in"
        return self.login

    @property
    def selected(self) -> View:
        """The selected mailbox; only for verbs that are legal in the selected state."""
        assert self.view is not None, "the state table lets nobody here without a mailbox"
        return self.view

    @property
    def hears_news(self) -> bool:
        """Whether there may be something to tell behind a command."""
        asked = (self.view, self.watch, self.own, self.metadata_told)
        return any(one is not None for one in asked)

    @property
    def is_rev2(self) -> bool:
        """Whether the client enabled IMAP4rev2."""
        return IMAP4REV2 in self.enabled

    @property
    def utf8(self) -> bool:
        """Whether mailbox names and quoted strings are UTF-8. RFC 6855, RFC 9051 section 5.1."""
        return self.is_rev2 or UTF8_ACCEPT in self.enabled

    @property
    def tells_modseq(self) -> bool:
        """Whether FETCH tells MODSEQ unasked. RFC 7162 section 3.2."""
        return CONDSTORE in self.enabled or QRESYNC in self.enabled

    @property
    def tells_vanished(self) -> bool:
        """Whether VANISHED is said in place of EXPUNGE. RFC 7162 section 3.2.10, RFC 9586."""
        return QRESYNC in self.enabled or UIDONLY in self.enabled

    @property
    def tells_uid(self) -> bool:
        """Whether news of a message name its uid. NOTIFY wants it: RFC 5465 section 5.1."""
        notified = self.watch is not None and EventKind.FLAG_CHANGE in self.watch.selected
        return self.by_uid or self.is_rev2 or self.tells_modseq or notified

    @property
    def hidden(self) -> frozenset[str]:
        """Capabilities that this account's clients are not told of, upper case."""
        return self.login.hidden_capabilities if self.login is not None else frozenset()

    async def place(self, name: str) -> Place:
        """Where a mailbox name leads this client."""
        return await place_of(self.port.store, self.user.account, name)

    def came_to(self, done: int, goal: int | None = None) -> None:
        """Note how far the running command is, for who waits for it."""
        self.progress = (done, goal)

    def send(self, octets: bytes) -> None:
        """Put octets into the output."""
        if octets:
            self.wire.send(octets)

    async def room(self) -> None:
        """Return when the client has taken enough of the output; before more than some 64 KiB.

        Raises ConnectionLost.
        """
        await self.wire.room()

    def note_own_changes(self) -> None:
        """From now on it is known which changes are the client's own."""
        if self.own is None:
            self.own = OwnChanges(self.port.store, self._accounts)
            self.port = replace(self.port, store=self.own)

    def forget_own_changes(self) -> None:
        """Nobody asks any more which changes are the client's own."""
        if self.own is not None:
            self.port = replace(self.port, store=self.own.plain)
            self.own = None

    def _accounts(self) -> Collection[AccountId]:
        """Its own, and the one whose mailbox is selected."""
        account = self.user.account
        return {account, self.view.ref.account if self.view is not None else account}

    async def deselect(self) -> None:
        """No mailbox is selected any more."""
        view, watch = self.view, self.watch
        own = view is not None and view.ref.account == self.user.account
        if view is not None and own and watch is not None and watch.groups:
            watch.left[view.ref] = view.said
        self.view = None
        self.key_in_doubt = self.rights_in_doubt = False
        self.selection_changed()
