"""The facts of an envelope in the form that trace fields are made of."""

from roost.delivery.trace import Hop
from roost.session.smtp.transaction import Envelope, LoginT, RouteT


def hop_of(envelope: Envelope[RouteT, LoginT], *, hostname: str, hides_client: bool) -> Hop:
    """The transfer that brought a message.

    hostname: our name. hides_client: for submission, see Hop.
    """
    client, mail = envelope.client, envelope.mail
    only = envelope.recipients[0].address if len(envelope.recipients) == 1 else None
    return Hop(
        hostname=hostname,
        helo=client.hello.name,
        peer=client.peer.ip,
        received_at=envelope.received_at,
        connection_id=client.connection_id,
        extended=client.hello.extended,
        tls=client.tls,
        authenticated=client.used_auth,
        smtputf8=mail.smtputf8,
        require_tls=mail.require_tls,
        hides_client=hides_client,
        recipient=only,
    )
