"""SORT=DISPLAY: order by the name that a client shows. RFC 5957.

The grammar of SORT looks for the capability; see `ext.sort`.
"""

from roost.proto.imap.extension import Extension

SORT_DISPLAY = Extension(name="sort display", rfc=5957, capabilities=("SORT=DISPLAY",))
