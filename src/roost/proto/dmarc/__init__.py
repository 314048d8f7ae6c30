"""DMARC: whether the domain that people see answers for a message. RFC 9989, RFC 7489."""
