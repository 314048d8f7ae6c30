"""/api/admin: one file a noun, each with its ROUTES."""

from roost.web.api.admin import accounts, addresses, domains, revisions, server
from roost.web.router import Route

ROUTES: tuple[Route, ...] = (
    *server.ROUTES,
    *domains.ROUTES,
    *accounts.ROUTES,
    *addresses.ROUTES,
    *revisions.ROUTES,
)
