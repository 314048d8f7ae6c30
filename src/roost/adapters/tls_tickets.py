"""Which context can open a session ticket. RFC 5077 section 4, RFC 8446 section 4.6.1.

A context has one ticket key, drawn at random, and offers no way to give it others. So a new
context is made each day and those of the days before are kept for who comes with one of their
tickets. A ticket begins with the name of its key.
"""

from OpenSSL import SSL

from roost.adapters.client_hello import read_client_hello

# Tickets are sealed with a key of the context; a new one each day bounds what a stolen key opens.
MAX_AGE_SECONDS = 24 * 3600.0
OLDER_KEPT = 7

_TURN_OCTETS = 64 * 1024


class TicketContexts:
    """The contexts of one certificate on one listener: today's, and those of seven days before."""

    def __init__(self, context: SSL.Context, now: float, *, keeps_older: bool) -> None:
        """now: of a monotonic clock, in seconds. keeps_older: off where no tickets are issued."""
        self._keeps_older = keeps_older
        self.newest = context
        self.made = now
        self._older: dict[bytes, tuple[float, SSL.Context]] = {}  # by the name of the ticket key

    @property
    def count(self) -> int:
        """How many there are."""
        return 1 + len(self._older)

    def is_due(self, now: float) -> bool:
        """Whether the newest is a day old."""
        return now - self.made >= MAX_AGE_SECONDS

    def is_over(self, now: float) -> bool:
        """Whether nobody can have a ticket of any of them."""
        return now - self.made >= MAX_AGE_SECONDS * (OLDER_KEPT + 1)

    def rotate(self, context: SSL.Context, now: float) -> None:
        """Seal new tickets with the key of `context` from now on. Costs some milliseconds."""
        if self._keeps_older and (name := name_of_ticket_key(self.newest)):
            self._older[name] = (self.made, self.newest)
        self.newest, self.made = context, now
        kept_since = now - MAX_AGE_SECONDS * (OLDER_KEPT + 1)
        kept = [one for one in self._older.items() if one[1][0] > kept_since]
        self._older = dict(kept[-OLDER_KEPT:])

    def for_ticket(self, key_name: bytes) -> SSL.Context:
        """The context whose key has this name; the newest for any other ticket, or none."""
        found = self._older.get(key_name)
        return found[1] if found else self.newest


def name_of_ticket_key(context: SSL.Context) -> bytes:
    """The name that the tickets of a server's context begin with; b"" when it issues none.

    Found by playing a client that comes a second time.
    """
    client_context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    client_context.set_verify(SSL.VERIFY_NONE)
    known, again = _client(client_context), _client(client_context)
    server = SSL.Connection(context, None)
    server.set_accept_state()
    for _ in range(3):  # two flights of the handshake, then the tickets of TLS 1.3
        _shake(known)
        _carry(known, server)
        _shake(server)
        _carry(server, known)
    _read(known)
    session = known.get_session()
    if session is None:
        return b""
    again.set_session(session)
    _shake(again)
    hello = read_client_hello(again.bio_read(_TURN_OCTETS))
    return hello.ticket_key_name if hello else b""


def _client(context: SSL.Context) -> SSL.Connection:
    client = SSL.Connection(context, None)
    client.set_connect_state()
    return client


def _shake(connection: SSL.Connection) -> None:
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        pass  # the other one has to say something first


def _read(connection: SSL.Connection) -> None:
    try:
        connection.recv(1)
    except SSL.WantReadError:
        pass  # tickets are no octets in clear


def _carry(source: SSL.Connection, target: SSL.Connection) -> None:
    try:
        target.bio_write(source.bio_read(_TURN_OCTETS))
    except SSL.WantReadError:
        pass  # it has nothing to say
