"""ServiceErrors as JSON over HTTP. One shape: {"error": {"code", "message", "temporary"}}."""

from types import MappingProxyType

import msgspec

from roost.base.errors import ServiceError


class ErrorBody(msgspec.Struct, frozen=True):
    """What went wrong. code is stable; message is for people."""

    code: str
    message: str
    temporary: bool = False


class ErrorAnswer(msgspec.Struct, frozen=True):
    """The body of every answer that is no success."""

    error: ErrorBody


# What each error of a request is in HTTP. Not here: what is temporary (503), and what is wrong
# with the request itself (400), which is every other.
HTTP_STATUS: MappingProxyType[str, int] = MappingProxyType(
    {
        "not_allowed": 403,
        "login_disabled": 403,
        "route_unknown": 404,
        "domain_unknown": 404,
        "account_unknown": 404,
        "address_unknown": 404,
        "tls_public_key_unknown": 404,
        "revision_unknown": 404,
        "mailbox_unknown": 404,
        "share_unknown": 404,
        "connection_unknown": 404,
        "app_password_unknown": 404,
        "method_not_allowed": 405,
        "domain_exists": 409,
        "account_exists": 409,
        "address_exists": 409,
        "tls_public_key_exists": 409,
        "login_address_in_use": 409,
        "share_exists": 409,
        "domain_in_use": 409,
        "address_in_use": 409,
        "address_is_last": 409,
        "undo_impossible": 409,
        "too_many_app_passwords": 409,
        "stale_revision": 409,
        "body_too_large": 413,
        "upgrade_required": 426,
        "internal": 500,
    }
)


def answer_for(error: ServiceError) -> tuple[int, ErrorAnswer]:
    """The status and body that tell of `error`."""
    status = HTTP_STATUS.get(error.code, 503 if error.temporary else 400)
    return status, ErrorAnswer(ErrorBody(error.code, str(error), error.temporary))


def internal_error(request_id: str) -> tuple[int, ErrorAnswer]:
    """What is told of a bug: nothing but the id that finds its log line."""
    return 500, ErrorAnswer(ErrorBody("internal", f"internal error, see {request_id} in the log"))
