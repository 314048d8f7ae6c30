"""[listeners.NAME]: which services on which addresses and ports."""

from typing import Annotated

import msgspec

from roost.config.setting import doc

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class ListenerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of addresses. A service without a port is off there."""

    ips: Annotated[
        tuple[str, ...], doc("IP addresses to listen on; 0.0.0.0 and :: mean every one.")
    ] = ("0.0.0.0", "::")  # noqa: S104 - a mail server is there for everyone
    hostname: Annotated[
        str, doc("Name used in greetings on these addresses; empty: the server's hostname.")
    ] = ""
    smtp: Annotated[Port | None, doc("Port where other servers deliver, usually 25.")] = None
    submission: Annotated[
        Port | None, doc("Port where users send mail with STARTTLS, usually 587.")
    ] = None
    submissions: Annotated[
        Port | None, doc("Port where users send mail with TLS from the start, usually 465.")
    ] = None
    imap: Annotated[Port | None, doc("Port for IMAP with STARTTLS, usually 143.")] = None
    imaps: Annotated[Port | None, doc("Port for IMAP with TLS from the start, usually 993.")] = None
    client_auth: Annotated[
        bool,
        doc("Whether IMAP and submission ask for TLS client certificates, as a way to sign in."),
    ] = True

    def services(self) -> dict[str, int]:
        """The services that are on, with their ports."""
        names = ("smtp", "submission", "submissions", "imap", "imaps")
        return {name: port for name in names if (port := getattr(self, name)) is not None}
