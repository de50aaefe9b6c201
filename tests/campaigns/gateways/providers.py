"""Aliyun and Tencent as they document themselves, on this machine: real servers that check every signature.

Each keeps what it took in `sent` and can be told what to do wrong next.
"""

import hashlib
import hmac
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

ACCESS_ID, SECRET, APP_ID = "access-id", "a secret that is sealed", "1400006666"

Answer = tuple[int, dict[str, Any]]


class Provider(ThreadingHTTPServer):
    """A server of one provider. `faults` are taken one for each request: see `Handler.do_POST`."""

    daemon_threads = True

    def __init__(self, answer: Callable[["Provider", "Handler", bytes], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.sent: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.refuse: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "unavailable":
            self._say(503, {"Code": "ServiceUnavailable", "Message": "later"})
            return
        status, said = self.server.answer(self.server, self, body)
        if fault == "silence":  # taken, and never answered
            time.sleep(1.5)
            self.close_connection = True
            return
        self._say(status, said)

    def _say(self, status: int, said: dict[str, Any]) -> None:
        payload = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """The log is `sent`."""


@contextmanager
def running(answer: Callable[[Provider, Handler, bytes], Answer]) -> Iterator[Provider]:
    server = Provider(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def aliyun(server: Provider, request: Handler, body: bytes) -> Answer:
    """Dysmsapi: the RPC signature (HMAC-SHA1 over all parameters), SendBatchSms and QuerySendDetails."""
    given = dict(parse_qsl(urlsplit(request.path).query, True) + parse_qsl(body.decode(), True))
    signature = given.pop("Signature", "")
    ordered = "&".join(f"{_code(name)}={_code(given[name])}" for name in sorted(given))
    words = f"POST&{_code('/')}&{_code(ordered)}"
    right = b64encode(hmac.new(f"{SECRET}&".encode(), words.encode(), hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(signature, right):
        return 400, {"Code": "SignatureDoesNotMatch", "Message": f"server string to sign is:{words}"}
    if given["Action"] == "QuerySendDetails":
        return 200, _aliyun_details(server, given)
    phones, texts = json.loads(given["PhoneNumberJson"]), json.loads(given["TemplateParamJson"])
    signs = json.loads(given["SignNameJson"])
    assert len(phones) == len(texts) == len(signs) <= 100
    if refused := next((server.refuse[phone] for phone in phones if phone in server.refuse), None):
        return 200, {"Code": refused, "Message": "refused", "RequestId": "R"}
    biz_id = f"biz{len(server.sent)}"
    for phone, values, sign in zip(phones, texts, signs, strict=True):
        one = {"phone": phone, "values": values, "sign": sign, "biz": biz_id, "out": given["OutId"]}
        server.sent.append(one | {"template": given["TemplateCode"]})
    return 200, {"Code": "OK", "Message": "OK", "BizId": biz_id, "RequestId": "R"}


def _aliyun_details(server: Provider, given: dict[str, str]) -> dict[str, Any]:
    rows = [
        {
            "PhoneNum": one["phone"],
            "OutId": one["out"],
            "SendStatus": 3,
            "ErrCode": "DELIVERED",
            "SendDate": "2026-11-22 10:00:00",
            "ReceiveDate": "2026-11-22 10:00:05",
        }
        for one in server.sent
        if one["phone"] == given["PhoneNumber"]
    ]
    return {"Code": "OK", "TotalCount": len(rows), "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}


def tencent(server: Provider, request: Handler, body: bytes) -> Answer:
    """SMS 2021-01-11: TC3-HMAC-SHA256, SendSms, and the queue of statuses."""
    action = str(request.headers["X-TC-Action"])
    if not hmac.compare_digest(str(request.headers["Authorization"]), _tc3(request, body)):
        return 200, _failure("AuthFailure.SignatureFailure")
    given = json.loads(body)
    assert given["SmsSdkAppId"] == APP_ID
    if action == "SendSms":
        return 200, {"Response": {"SendStatusSet": _tencent_taken(server, given), "RequestId": "R"}}
    if action in ("PullSmsSendStatus", "PullSmsSendStatusByPhoneNumber"):
        rows = [
            _tencent_status(one) for one in server.sent if given.get("PhoneNumber") in (None, one["phone"])
        ]
        return 200, {"Response": {"PullSmsSendStatusSet": rows, "RequestId": "R"}}
    return 200, {"Response": {"PullSmsReplyStatusSet": [], "RequestId": "R"}}


def _tencent_taken(server: Provider, given: dict[str, Any]) -> list[dict[str, Any]]:
    statuses = []
    for phone in given["PhoneNumberSet"]:
        code = server.refuse.get(phone[-11:], "Ok")
        serial = f"sid{len(server.sent)}"
        if code == "Ok":
            one = {"phone": phone, "values": given["TemplateParamSet"], "sign": given["SignName"]}
            server.sent.append(one | {"template": given["TemplateId"], "sid": serial})
            server.sent[-1]["context"] = given["SessionContext"]
        statuses.append({"PhoneNumber": phone, "SerialNo": serial, "Code": code, "Fee": 1})
    return statuses


def _tencent_status(one: dict[str, Any]) -> dict[str, Any]:
    at = int(datetime(2026, 11, 22, 2, 0, tzinfo=UTC).timestamp())
    return {
        "PhoneNumber": one["phone"],
        "SubscriberNumber": one["phone"][-11:],
        "SerialNo": one["sid"],
        "ReportStatus": "SUCCESS",
        "Description": "DELIVRD",
        "UserReceiveTime": at,
        "SessionContext": one["context"],
    }


def _failure(code: str) -> dict[str, Any]:
    return {"Response": {"Error": {"Code": code, "Message": "refused"}, "RequestId": "R"}}


def _tc3(request: Handler, body: bytes) -> str:
    stamp = str(request.headers["X-TC-Timestamp"])
    day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    kind, host = request.headers["Content-Type"], request.headers["Host"]
    headers = f"content-type:{kind}\nhost:{host}\n"
    plain = f"POST\n/\n\n{headers}\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/sms/tc3_request"
    words = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(plain.encode()).hexdigest()}"
    key = f"TC3{SECRET}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, words.encode(), hashlib.sha256).hexdigest()
    named = f"Credential={ACCESS_ID}/{scope}, SignedHeaders=content-type;host"
    return f"TC3-HMAC-SHA256 {named}, Signature={signature}"


def _code(text: str) -> str:
    return quote(text, safe="~")
