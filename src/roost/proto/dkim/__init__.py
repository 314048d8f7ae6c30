"""DKIM: who answers for a message, and whether it came through unchanged. RFC 6376."""
