"""Settings as a row holds them: JSON of the settings that differ from their defaults."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from roost.config.accounts import AccountSettings, AddressSettings
from roost.config.domains import DomainSettings
from roost.config.setting import dec_hook, enc_hook

S = TypeVar("S", bound=msgspec.Struct)

UNSET = "{}"  # the text of settings that are all at their defaults

_encoder = msgspec.json.Encoder(enc_hook=enc_hook)
account_settings = msgspec.json.Decoder(AccountSettings, dec_hook=dec_hook).decode
address_settings = msgspec.json.Decoder(AddressSettings, dec_hook=dec_hook).decode
domain_settings = msgspec.json.Decoder(DomainSettings, dec_hook=dec_hook).decode


def spell(settings: msgspec.Struct) -> str:
    """The JSON text of settings."""
    return _encoder.encode(settings).decode()


def to_builtins(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with their settings structs as plain dicts, as JSON would spell them."""
    plain: dict[str, Any] = msgspec.to_builtins(dict(facts), enc_hook=enc_hook)
    return plain


def convert(plain: object, kind: type[S]) -> S:
    """The settings that `to_builtins` made plain; msgspec.ValidationError when they are none."""
    return msgspec.convert(plain, kind, dec_hook=dec_hook)
