"""How HubSpot signs the requests it sends, versions 1 and 3 (facts §8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

# The only escapes that are decoded before signing; %20 and the rest stay (facts §8).
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)


def signed_uri(uri: str) -> str:
    """The address as it enters the signature: some escapes decoded, the question mark untouched."""
    return _ESCAPE.sub(lambda found: _DECODED[found.group().upper()], uri)


def signature_v1(secret: str, body: bytes) -> str:
    """Hex SHA-256 of secret and body: no method, no address, no time."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def signature_v3(secret: str, method: str, uri: str, body: bytes, stamp_ms: int) -> str:
    """Base64 HMAC-SHA-256 over method, address, raw body and the request stamp."""
    source = method.encode() + signed_uri(uri).encode() + body + str(stamp_ms).encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()
