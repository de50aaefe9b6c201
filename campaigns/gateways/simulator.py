"""A gateway to develop, test and demonstrate against: a real HTTP server in a process of its own.

It does what providers do, on the provider's bad days too: accepts batches, pushes receipts later, twice or
out of order, forgets to answer, resets the connection, asks to slow down. It promises idempotency by key. Its
memory is `simulator_store`. It listens on this machine only. Signed: POST /v1/messages, /v1/query, and for
tests /v1/faults, /v1/replies; open: GET /v1/log, /v1/faults, /health.
"""

import json
import random
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import urllib3
from urllib3.exceptions import HTTPError

from app.config import Settings
from campaigns.gateways.http import HttpGateway
from campaigns.gateways.protocol import Limits
from campaigns.gateways.signing import is_signed, signed_headers
from campaigns.gateways.simulator_store import Faults, Store

NAME = "simulator"

#: The most that the simulator takes in one request.
LARGEST_BATCH = 10_000

#: Seconds after which a refused push of receipts is tried again; then the simulator gives up, as providers
#: do.
PUSH_AGAIN = (1.0, 5.0, 10.0)

PUSH_BATCH = 500
_PHONE = re.compile(r"1\d{10}")


def client(settings: Settings) -> HttpGateway:
    """The product's end of the wire."""
    return HttpGateway(
        name=NAME,
        base_url=settings.gateway_url,
        secret=settings.gateway_secret,
        limits=Limits(settings.gateway_batch, settings.gateway_rate),
        idempotent=True,
        read_timeout=settings.gateway_timeout_seconds,
    )


def store_path(settings: Settings, account: str = NAME) -> Path:
    """The simulator's memory."""
    return settings.home / ("gateway.db" if account == NAME else f"gateway-{account}.db")


class Pusher(threading.Thread):
    """Pushes what is due, receipts and replies, to the app."""

    def __init__(self, store: Store, callback_url: str, secret: str, account: str = NAME) -> None:
        super().__init__(name="pusher", daemon=True)
        self._account = account
        self._store, self._callback_url, self._secret = store, callback_url.rstrip("/"), secret
        self._pool = urllib3.PoolManager(retries=False)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until stopped."""
        while not self._stopping.wait(0.1):
            faults = self._store.faults()
            while not faults.receipts_off and self.push_receipts(faults):
                pass
            self._push_replies()

    def stop(self) -> None:
        """After the push that is on its way."""
        self._stopping.set()
        self.join(timeout=5)

    def push_receipts(self, faults: Faults) -> bool:
        """Push one array of due receipts; True if there may be more."""
        due = self._store.due_receipts(time.time(), PUSH_BATCH)
        if not due:
            return False
        keys = [row["key"] for row in due]
        receipts = [receipt_json(row) for row in due] * (2 if faults.receipts_twice else 1)
        if faults.receipts_shuffled:
            random.shuffle(receipts)
        if self._post("receipts", receipts):
            self._store.receipts_pushed(keys)
        else:
            self._store.receipts_refused(keys, PUSH_AGAIN)
        return len(due) == PUSH_BATCH and not self._stopping.is_set()

    def _push_replies(self) -> None:
        due = self._store.due_replies()
        items = [{**row, "at": _iso(row["at"])} for row in due]
        if due and self._post("replies", items):
            self._store.replies_pushed(row["id"] for row in due)

    def _post(self, what: str, items: list[dict[str, Any]]) -> bool:
        path = f"/gateways/{self._account}/{what}"
        body = json.dumps(items, ensure_ascii=False).encode()
        headers = signed_headers(self._secret, "POST", path, body)
        try:
            response = self._pool.request(
                "POST", self._callback_url + path, body=body, headers=headers, timeout=10.0
            )
        except HTTPError:
            return False
        return 200 <= response.status < 300


class Handler(BaseHTTPRequestHandler):
    """One connection of a client; kept open between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # answer in one packet
    server: "Simulator"

    def do_POST(self) -> None:
        """Route a POST."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        routes = {
            "/v1/messages": self._submit,
            "/v1/query": self._query,
            "/v1/faults": self._faults,
            "/v1/replies": self._replies,
            "/v1/replies/since": self._replies_since,
        }
        route = routes.get(self.path)
        if route is None:
            self._answer(404, {"error": "no such address"})
        elif not is_signed(self.server.secret, "POST", self.path, self.headers, body):  # type: ignore[arg-type]
            self._answer(401, {"error": "signature"})
        else:
            try:
                route(json.loads(body))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self._answer(400, {"error": str(error)})

    def do_GET(self) -> None:
        """Route a GET."""
        if self.path == "/v1/log":
            self._answer(200, {"messages": self.server.store.messages()})
        elif self.path == "/v1/faults":
            self._answer(200, vars(self.server.store.faults()))
        elif self.path == "/health":
            self._answer(200, {"status": "ok"})
        else:
            self._answer(404, {"error": "no such address"})

    def _submit(self, payload: dict[str, Any]) -> None:
        messages = payload["messages"]
        if len(messages) > LARGEST_BATCH:
            raise ValueError(f"at most {LARGEST_BATCH} messages in one request")
        fault, faults = self.server.store.take_fault()
        if fault in self._refusals:
            self._refusals[fault](self)
            return
        time.sleep(faults.slow_ms / 1000)
        refused = {m["key"]: faults.reject_code or _refusal(m) for m in messages}
        taken = [m for m in messages if not refused[m["key"]]]
        batch = self.server.store.accept(taken, faults, time.time() + faults.receipt_delay_ms / 1000)
        if faults.receipts_first:
            self.server.pusher.push_receipts(faults)
        if fault:
            self._silences[fault](self)
            return
        results = [{"key": key, "accepted": not code, "code": code or None} for key, code in refused.items()]
        self._answer(200, {"batch": batch, "results": results})

    def _query(self, payload: dict[str, Any]) -> None:
        now = time.time()
        rows = self.server.store.messages([str(key) for key in payload["keys"]])
        self._answer(200, {"messages": [receipt_json(row, pending=row["due"] > now) for row in rows]})

    def _faults(self, payload: dict[str, Any]) -> None:
        self.server.store.set_faults({name: str(value) for name, value in payload.items()})
        self._answer(200, vars(self.server.store.faults()))

    def _replies(self, payload: dict[str, Any]) -> None:
        self._answer(200, {"id": self.server.store.add_reply(str(payload["phone"]), str(payload["text"]))})

    def _replies_since(self, payload: dict[str, Any]) -> None:
        since = datetime.fromisoformat(payload["since"]).timestamp()
        rows = self.server.store.replies_since(since)
        self._answer(200, {"replies": [{**row, "at": _iso(row["at"])} for row in rows]})

    def _answer(self, status: int, payload: object) -> None:
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Drop the connection the hard way, so that the client sees a reset and not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _silence(self) -> None:
        """Keep the client waiting until it gives up."""
        self.connection.settimeout(120)
        with suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    _refusals: ClassVar[dict[str | None, Callable[["Handler"], None]]] = {
        "error_before_accept": lambda self: self._answer(503, {"error": "unavailable"}),
        "reset_before_accept": _reset,
        "flow_control": lambda self: self._answer(429, {"error": "slow down"}),
    }
    _silences: ClassVar[dict[str, Callable[["Handler"], None]]] = {
        "timeout_after_accept": _silence,
        "error_after_accept": lambda self: self._answer(500, {"error": "internal error"}),
        "reset_after_accept": _reset,
    }

    def log_message(self, format: str, *args: object) -> None:
        """The log is the store."""


class Simulator(ThreadingHTTPServer):
    """The server. Raises OSError if the port is taken."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        settings: Settings,
        callback_url: str | None = None,
        account: str = NAME,
        port: int | None = None,
    ) -> None:
        """`account` names it in the product's callback addresses and, if it is another, its memory."""
        super().__init__(("127.0.0.1", settings.gateway_port if port is None else port), Handler)
        self.secret = settings.gateway_secret
        self.store = Store(store_path(settings, account))
        back = callback_url or f"http://127.0.0.1:{settings.port}"
        self.pusher = Pusher(self.store, back, self.secret, account)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for serve_forever, which runs in this very thread.
            signal.signal(number, lambda *_: threading.Thread(target=self.shutdown).start())
        self.pusher.start()
        try:
            self.serve_forever(poll_interval=0.2)
        finally:
            self.pusher.stop()
            self.server_close()
            self.store.close()


def receipt_json(row: dict[str, Any], pending: bool = False) -> dict[str, Any]:
    """A stored message as a receipt on the wire."""
    outcome, code = ("pending", None) if pending else (row["outcome"], row["code"])
    at = row["accepted_at"] if pending else max(row["due"], row["accepted_at"])
    return {"key": row["key"], "phone": row["phone"], "outcome": outcome, "code": code, "at": _iso(at)}


def _refusal(message: dict[str, str]) -> str:
    if not _PHONE.fullmatch(message["phone"]):
        return "MOBILE_NUMBER_ILLEGAL"
    return "" if message["text"].startswith("【") else "SMS_SIGNATURE_ILLEGAL"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
