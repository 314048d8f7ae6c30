"""Settings of an account and of an address: shapes of rows, never read from roost.toml."""

from typing import Annotated

import msgspec

from roost.config.setting import Size, doc

CapabilityName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9=+.-]{1,50}\Z")]
ShortText = Annotated[str, msgspec.Meta(max_length=1000)]


class AccountSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an admin sets for one account."""

    full_name: Annotated[ShortText, doc("Name that goes with the account's addresses.")] = ""
    quota: Annotated[
        Size, doc("Most message octets; 0: the server's default_quota, -1: no limit.")
    ] = Size(0)
    login_disabled: Annotated[
        ShortText,
        doc("Said to whoever signs in with the right password, and refuses them; empty: allowed."),
    ] = ""
    no_custom_password: Annotated[
        bool,
        doc("Whether its user may have generated passwords only; an admin may set any."),
    ] = True
    imap_capabilities_disabled: Annotated[
        tuple[CapabilityName, ...],
        msgspec.Meta(max_length=50),
        doc("IMAP capabilities kept from its clients, for one that has a bug with them."),
    ] = ()


class AddressSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set for one address of an account."""

    full_name: Annotated[
        ShortText, doc("Name that goes with the address; empty: the account's.")
    ] = ""
    mailbox: Annotated[
        ShortText, doc("Mailbox that its mail is filed into, made when missing.")
    ] = "INBOX"
