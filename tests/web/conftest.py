"""The admin API of a server in memory."""

import pytest

from roost.testing.admin_api import AdminApi, new_admin_api


@pytest.fixture
async def api() -> AdminApi:
    return await new_admin_api()


@pytest.fixture
async def filled(api: AdminApi) -> AdminApi:
    """With domain example.org and account anna, which has two addresses."""
    await api("POST", "/domains", {"name": "example.org"})
    await api("POST", "/accounts", {"name": "anna", "address": "anna@example.org"})
    await api("POST", "/addresses", {"address": "info@example.org", "account": "anna"})
    return api
