"""What may be registered of a client: public keys that are strong enough, and real origins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from joserfc.jwk import ECKey, KeySet, RSAKey

CURVE = "P-384"  # of ES384
MIN_RSA_BITS = 2048


def usable_key_set(value: Any) -> None:
    """Refuse what is no set of public keys for ES384 or RS384; nothing at all is a client without keys."""
    if value in (None, {}):
        return
    try:
        keys = KeySet.import_key_set(value).keys
    except Exception as error:
        raise ValidationError("This is no JSON Web Key Set: {“keys”: [...]}.") from error
    for key in keys:
        if not isinstance(key, ECKey | RSAKey):
            raise ValidationError("Only EC and RSA keys can be used; a shared secret cannot.")
        if key.is_private:
            raise ValidationError(
                "This holds a private key. Enter the public part only, and replace the key."
            )
        if isinstance(key, ECKey) and key.curve_name != CURVE:
            raise ValidationError("An EC key must be on the curve P-384.")
        if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_BITS:
            raise ValidationError("An RSA key must have 2048 bits or more.")


def web_origin(value: str) -> None:
    """Refuse what is no origin: scheme, host and perhaps a port, in small letters."""
    parts = urlsplit(value)
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or value != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValidationError("An origin is written https://host or https://host:port, without a path.")
    if value != value.lower() or "@" in parts.netloc:
        raise ValidationError("Write the origin in small letters and without a user name.")
