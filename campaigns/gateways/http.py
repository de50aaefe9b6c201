"""A gateway spoken to in signed JSON over HTTP: the plain dialect of the simulator and of in-house SMS
platforms.

The only delicate question is what a failed request means. Before the request could have been read, nothing
was sent (`NOT_TAKEN`); from the moment it may have been read, silence proves nothing (`UNKNOWN`). urllib3
tells the two apart.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from campaigns.gateways.protocol import (
    Answer,
    Asked,
    BadCallback,
    Callback,
    Limits,
    Outcome,
    Outgoing,
    Pulled,
    Receipt,
    Reply,
    Submission,
    all_answered,
)
from campaigns.gateways.signing import is_signed, signed_headers

#: Status codes with which a gateway refuses a request before taking any message from it.
REFUSALS = {401: "SIGNATURE_REFUSED", 403: "ACCOUNT_REFUSED", 429: "FLOW_CONTROL"}


#: How far back replies are fetched; those that are known change nothing.
LOOK_BACK = timedelta(days=3)


@dataclass(frozen=True)
class Paths:
    """Where the account's address answers what; an empty one is not offered."""

    submit: str = "/v1/messages"
    query: str = "/v1/query"
    #: gives replies since a time
    replies: str = "/v1/replies/since"


@dataclass(frozen=True)
class HttpGateway:
    """One account behind `base_url`. `read_timeout` in seconds; keep it well under the ledger's lease."""

    name: str
    base_url: str
    secret: str = field(repr=False)
    limits: Limits
    idempotent: bool
    read_timeout: float = 30.0
    paths: Paths = Paths()
    thanks: str = ""
    #: Connections are kept open between batches; retries are off because a retry is the ledger's decision.
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, maxsize=4), repr=False, compare=False
    )

    def submit(self, batch: Sequence[Outgoing]) -> list[Submission]:
        """See `Gateway.submit`."""
        messages = [{"key": m.key, "phone": m.phone, "text": m.text} for m in batch]
        try:
            response = self._post(self.paths.submit, {"messages": messages})
        except (NewConnectionError, ConnectTimeoutError):
            return all_answered(batch, Answer.NOT_TAKEN, "UNREACHABLE")
        except HTTPError as error:
            return all_answered(batch, Answer.UNKNOWN, type(error).__name__)
        if response.status in REFUSALS:
            return all_answered(batch, Answer.NOT_TAKEN, REFUSALS[response.status])
        if response.status != 200:
            return all_answered(batch, Answer.UNKNOWN, f"HTTP_{response.status}")
        return _read_submissions(batch, response.data)

    def query(self, asked: Sequence[Asked]) -> list[Receipt] | None:
        """See `Gateway.query`."""
        if not self.paths.query:
            return None
        try:
            response = self._post(self.paths.query, {"keys": [one.key for one in asked]})
            if response.status != 200:
                return None
            return [_receipt(item) for item in json.loads(response.data)["messages"]]
        except (HTTPError, ValueError, KeyError, TypeError):
            return None

    def pull(self) -> Pulled:
        """The replies of the last days; receipts are asked for by message (`query`)."""
        if not self.paths.replies:
            return Pulled()
        try:
            since = (datetime.now(UTC) - LOOK_BACK).isoformat(timespec="seconds")
            response = self._post(self.paths.replies, {"since": since})
            if response.status != 200:
                return Pulled()
            return Pulled(replies=[_reply(item) for item in json.loads(response.data)["replies"]])
        except (HTTPError, ValueError, KeyError, TypeError):
            return Pulled()

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """See `Gateway.parse_receipts`."""
        try:
            return [_receipt(item) for item in self._checked(callback)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadCallback("not a receipt") from error

    def parse_replies(self, callback: Callback) -> list[Reply]:
        """See `Gateway.parse_replies`."""
        try:
            return [_reply(item) for item in self._checked(callback)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadCallback("not a reply") from error

    def _post(self, path: str, payload: object) -> urllib3.BaseHTTPResponse:
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        url = self.base_url.rstrip("/") + path
        headers = signed_headers(self.secret, "POST", urlsplit(url).path, body)
        timeout = urllib3.Timeout(connect=5.0, read=self.read_timeout)
        return self.pool.request("POST", url, body=body, headers=headers, timeout=timeout, redirect=False)

    def _checked(self, callback: Callback) -> list[Any]:
        if not is_signed(self.secret, callback.method, callback.path, callback.headers, callback.body):
            raise BadCallback("signature")
        try:
            items = json.loads(callback.body)
        except ValueError as error:
            raise BadCallback("not JSON") from error
        if not isinstance(items, list):
            raise BadCallback("not an array")
        return items


def _read_submissions(batch: Sequence[Outgoing], body: bytes) -> list[Submission]:
    """One answer per message; what the gateway left out or garbled is unknown, not refused."""
    try:
        answer = json.loads(body)
        batch_id, results = str(answer["batch"]), {str(item["key"]): item for item in answer["results"]}
        return [_submission(message.key, results.get(message.key), batch_id) for message in batch]
    except (ValueError, KeyError, TypeError):
        return all_answered(batch, Answer.UNKNOWN, "UNREADABLE_ANSWER")


def _submission(key: str, item: dict[str, Any] | None, batch_id: str) -> Submission:
    if item is None:
        return Submission(key, Answer.UNKNOWN, "NOT_ANSWERED")
    if item["accepted"]:
        return Submission(key, Answer.ACCEPTED, gateway_id=batch_id)
    return Submission(key, Answer.REJECTED, str(item["code"]), batch_id)


def _receipt(item: dict[str, Any]) -> Receipt:
    code = item.get("code")
    return Receipt(
        key=str(item["key"]),
        outcome=Outcome(item["outcome"]),
        code=None if code is None else str(code)[:40],
        at=_time(item["at"]),
    )


def _reply(item: dict[str, Any]) -> Reply:
    return Reply(
        id=str(item["id"]),
        phone=str(item["phone"]),
        text=str(item["text"]),
        at=_time(item["at"]),
        signature=str(item.get("signature") or "").strip("【】"),
    )


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
