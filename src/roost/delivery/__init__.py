"""Incoming mail, from envelope to mailbox."""
