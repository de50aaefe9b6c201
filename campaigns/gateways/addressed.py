"""What the providers have in common that sign no callback and hide behind an SDK.

Their callbacks go to an address that ends with a secret (`accounts.callback_token`). And what their SDKs say
of a failed request is a text; only a few words of it prove that the request was never read.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from campaigns.gateways.accounts import callback_token
from campaigns.gateways.protocol import Answer, BadCallback, Callback, Submission
from campaigns.gateways.registry import UNREACHABLE

T = TypeVar("T")

#: As the connection pool below both SDKs writes it; an address in the text has no spaces to say so with.
NEVER_READ = (
    "Caused by NewConnectionError",
    "Caused by ConnectTimeoutError",
    "Caused by NameResolutionError",
)


def broken(error: str) -> Submission:
    """What a request means that ended without an answer; for no message in particular."""
    if any(words in error for words in NEVER_READ):
        return Submission("", Answer.NOT_TAKEN, UNREACHABLE)
    return Submission("", Answer.UNKNOWN, "NO_ANSWER")


def read(account: str, callback: Callback, one: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """The items of a pushed array, or of a single object. BadCallback without the secret of the address."""
    if not hmac.compare_digest(callback.token.encode(), callback_token(account).encode()):
        raise BadCallback("address")
    try:
        items = json.loads(callback.body)
        return [one(item) for item in (items if isinstance(items, list) else [items])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCallback("unreadable") from error
