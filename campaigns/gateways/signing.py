"""The signature both ends of the wire agree on: HMAC-SHA256 over time, method, path and body.

The time keeps a recorded request from being replayed tomorrow; the method and path keep it from being
replayed elsewhere.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping

TIMESTAMP_HEADER = "X-Gateway-Timestamp"
SIGNATURE_HEADER = "X-Gateway-Signature"

#: Seconds by which the two clocks may differ.
TOLERANCE = 300


def _digest(secret: str, timestamp: str, method: str, path: str, body: bytes) -> str:
    mac = hmac.new(secret.encode(), f"{timestamp}\n{method}\n{path}\n".encode(), hashlib.sha256)
    mac.update(body)
    return mac.hexdigest()


def signed_headers(secret: str, method: str, path: str, body: bytes) -> dict[str, str]:
    """The headers to send with a JSON request."""
    timestamp = str(int(time.time()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: _digest(secret, timestamp, method, path, body),
    }


def is_signed(secret: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """True if the request carries a fresh and correct signature."""
    timestamp = headers.get(TIMESTAMP_HEADER) or ""
    signature = headers.get(SIGNATURE_HEADER) or ""
    # A signature that is not ASCII would make compare_digest raise instead of answering.
    if not (timestamp.isascii() and timestamp.isdigit() and signature.isascii()):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    return hmac.compare_digest(signature, _digest(secret, timestamp, method, path, body))
