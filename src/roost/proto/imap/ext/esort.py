"""ESORT: RETURN for SORT. RFC 5267 section 3.1.

The grammar of SORT looks for the capability; see `ext.sort`. MIN and MAX mean the first and the
last in the order that was asked for.
"""

from roost.proto.imap.extension import Extension

ESORT = Extension(name="esort", rfc=5267, capabilities=("ESORT",))
