"""Fields put before the octets of a message that must not change."""

from roost.proto.mime.header import begins_header

ENOUGH_OCTETS = 1000  # of the blob: a field name fits into a line


def join_prefix(prefix: bytes, blob_start: bytes) -> bytes:
    """The prefix to store before a blob, so that prefix + blob is the message with more fields.

    prefix: whole fields, each with its CRLF, or nothing. blob_start: the first 1,000 octets of
    the blob at least, or all of it. If the blob begins neither with a field name nor with an
    empty line, it is a body without header, and the prefix gets the empty line between them. The
    `From ` line of an mbox before the header is no reason to make a body of it: it stays where
    it is, a line that every reader of headers passes over.
    Raises ValueError for a prefix that does not end in CRLF.
    RFC 5322 section 2.1.
    """
    if not prefix:
        return b""
    if not prefix.endswith(b"\r\n"):
        raise ValueError("a prefix is whole fields that end in CRLF")
    return prefix if begins_header(blob_start) else prefix + b"\r\n"
