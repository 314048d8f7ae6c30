"""IMAP over the control socket, for the programs of this machine's admins."""

import asyncio

from roost.base.address import Address
from roost.ports.log_events import Event
from roost.service.login import vouched
from roost.web.context import AdminContext
from roost.web.http_server import TakeOver
from roost.web.router import Route


async def imap(ctx: AdminContext, *, address: str) -> TakeOver:
    """Speak IMAP as the account that has an address, without a password.

    Behind the 101 the connection is an IMAP connection: the greeting is PREAUTH (RFC 9051 section
    7.1.4), LOGOUT or the end of the client's octets ends it.
    Errors: address_invalid, domain_invalid, address_unknown, login_disabled, upgrade_required.
    """
    server = ctx.server
    login = await vouched(server.store, Address.parse(address))

    def take(transport: asyncio.Transport) -> None:
        server.log.info(
            Event.LOGIN_DONE, service="imap", account=login.account, tls=False, by=str(ctx.actor)
        )
        server.serve_imap(transport, login)

    return take


ROUTES = (Route("GET", "/api/admin/imap/{address}", imap, upgrade="imap"),)
