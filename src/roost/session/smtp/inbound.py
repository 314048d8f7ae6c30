"""Port 25: mail for us from other servers, and localserve's port that takes everything.

The two differ in what they are given: the role of the machine, the mechanisms offered, and services
that know every recipient or only ours. RFC 5321.
"""

from roost.session.smtp.ports import LoginT, RouteT, StowedT
from roost.session.smtp.session import SmtpSession


class InboundSession(SmtpSession[RouteT, StowedT, LoginT]):
    """One connection of a server, or of a developer's program."""
