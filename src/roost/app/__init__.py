"""Builds everything from configuration, starts and stops it."""
