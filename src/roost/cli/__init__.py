"""The command line: a client of the same API as the pages."""
