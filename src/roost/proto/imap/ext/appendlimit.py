"""APPENDLIMIT: how large a message may be. RFC 7889."""

from typing import Final

from roost.proto.imap.extension import Extension

STATUS_ITEM: Final = "APPENDLIMIT"  # in octets, NIL for no limit


def append_limit_capability(octets: int) -> str:
    """What CAPABILITY lists instead of plain APPENDLIMIT if all mailboxes have one limit.

    RFC 7889 section 2.
    """
    return f"APPENDLIMIT={octets}"


APPENDLIMIT = Extension(
    name="appendlimit", rfc=7889, capabilities=("APPENDLIMIT",), status_items=(STATUS_ITEM,)
)
