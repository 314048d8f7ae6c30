"""The extensions beyond the base protocol, one file each; `Grammar((*CORE, *EXTENSIONS))`."""

from roost.proto.imap.extension import Extension

EXTENSIONS: tuple[Extension, ...] = ()
