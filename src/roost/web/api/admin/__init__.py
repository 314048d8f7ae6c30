"""/api/admin: one file a noun, each with its ROUTES."""

from roost.web.api.admin import (
    accounts,
    addresses,
    domains,
    imap,
    logins,
    passwords,
    revisions,
    server,
    shares,
    tls_public_keys,
)
from roost.web.router import Route

ROUTES: tuple[Route, ...] = (
    *server.ROUTES,
    *domains.ROUTES,
    *accounts.ROUTES,
    *passwords.ROUTES,
    *logins.ROUTES,
    *addresses.ROUTES,
    *shares.ROUTES,
    *imap.ROUTES,
    *tls_public_keys.ROUTES,
    *revisions.ROUTES,
)
