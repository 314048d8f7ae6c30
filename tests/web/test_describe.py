"""The API's description: whole, valid and in step with the handlers."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from roost.app.control import NotAllowed
from roost.base.errors import ServiceError
from roost.web import router
from roost.web.api.admin import ROUTES
from roost.web.describe import openapi, reference
from roost.web.errors import HTTP_STATUS, answer_for
from roost.web.router import Route

# Errors that are 400: what was asked is wrong in itself, whatever the server holds.
PLAIN_400 = {
    "address_foreign",
    "address_invalid",
    "app_password_invalid",
    "body_invalid",
    "domain_invalid",
    "name_invalid",
    "password_invalid",
    "query_invalid",
    "settings_invalid",
    "tls_public_key_invalid",
}


def described() -> dict[str, Any]:
    octets = msgspec.json.encode(openapi(ROUTES, "1.2.3"))
    return msgspec.json.decode(octets)  # type: ignore[no-any-return]


def codes_of(route: Route) -> set[str]:
    said = (inspect.getdoc(route.handler) or "").partition("Errors:")[2]
    return set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", said))


def all_errors(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from all_errors(kind)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_says_what_it_does_in_a_sentence(route: Route) -> None:
    said = inspect.getdoc(route.handler)
    assert said
    first = said.partition("\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")
    parameters = set(re.findall(r"\{(\w+)\}", route.path))
    taken = set(inspect.signature(route.handler).parameters) - {"ctx", "asked"}
    assert taken == parameters | route.query.keys()
    if parameters or route.body is not None:
        takes_nothing_wrong = route.path.endswith(("/stop", "/check"))
        assert codes_of(route) or takes_nothing_wrong


def test_every_documented_error_exists_and_has_its_status() -> None:
    known = {kind.code: kind for kind in all_errors()}
    for route in ROUTES:
        for code in codes_of(route):
            assert code in known
            assert code in HTTP_STATUS or code in PLAIN_400 or known[code].temporary


def test_every_status_belongs_to_an_error() -> None:
    codes = {kind.code for kind in all_errors()} | {ServiceError.code}
    assert NotAllowed.code in codes
    assert router.RouteUnknown.code in codes
    assert set(HTTP_STATUS) <= codes
    assert not set(HTTP_STATUS) & PLAIN_400


def test_a_temporary_error_is_503_and_says_so() -> None:
    class Later(ServiceError):
        code = "later"
        temporary = True

    status, answer = answer_for(Later("soon"))
    assert (status, answer.error.code, answer.error.temporary) == (503, "later", True)


def test_every_reference_leads_somewhere() -> None:
    whole = described()
    found = set(references(whole))
    assert found
    for one in found:
        assert one.startswith("#/components/schemas/")
        assert one.rpartition("/")[2] in whole["components"]["schemas"]


def test_every_operation_has_a_name_of_its_own() -> None:
    operations = [one for path in described()["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(ROUTES)
    assert len(set(names)) == len(names)
    assert all(one["summary"] for one in operations)


def test_every_parameter_of_a_path_is_described() -> None:
    for path, methods in described()["paths"].items():
        wanted = set(re.findall(r"\{(\w+)\}", path))
        for operation in methods.values():
            found = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert found == wanted


def test_a_size_is_text_with_its_default_spelled() -> None:
    quota = described()["components"]["schemas"]["AccountSettings"]["properties"]["quota"]
    assert quota["type"] == "string"
    assert quota["default"] == "0"
    assert re.fullmatch(quota["pattern"], "2G")


def test_a_body_that_may_be_empty_is_not_required() -> None:
    paths = described()["paths"]
    assert paths["/api/admin/stop"]["post"]["requestBody"]["required"] is False
    assert paths["/api/admin/domains"]["post"]["requestBody"]["required"] is True


def test_no_two_routes_fit_the_same_request() -> None:
    shapes = [(route.method, re.sub(r"\{\w+\}", "*", route.path)) for route in ROUTES]
    assert len(set(shapes)) == len(shapes)


def test_the_reference_page_has_every_route_and_field() -> None:
    page = reference(ROUTES)
    for route in ROUTES:
        assert f"## {route.method} {route.path}\n" in page
    assert "`made_from`" in page
