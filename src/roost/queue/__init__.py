"""Outgoing mail: plan, attempt, retry."""
