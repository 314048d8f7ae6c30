"""/api/admin: one file a noun, each with its ROUTES."""

from roost.web.api.admin import accounts, addresses, domains, imap, revisions, server
from roost.web.router import Route

ROUTES: tuple[Route, ...] = (
    *server.ROUTES,
    *domains.ROUTES,
    *accounts.ROUTES,
    *addresses.ROUTES,
    *imap.ROUTES,
    *revisions.ROUTES,
)
