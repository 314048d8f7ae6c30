"""MULTIAPPEND: several messages in one APPEND, all or none. RFC 3502.

The grammar of APPEND looks for the capability and then reads on; see `core.append`.
"""

from roost.proto.imap.extension import Extension

MULTIAPPEND = Extension(name="multiappend", rfc=3502, capabilities=("MULTIAPPEND",))
