"""The protocols that a credential may be good for: a closed list."""

IMAP = "imap"
SMTP = "smtp"

PROTOCOLS = (IMAP, SMTP)


def serves(protocols: str, protocol: str) -> bool:
    """Whether a credential for these protocols, one space between, is good for this one."""
    return not protocols or protocol in protocols.split(" ")
