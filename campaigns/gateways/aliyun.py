"""Aliyun's SMS service (Dysmsapi 2017-05-25), spoken to through its official core SDK.

It takes filed texts with values (`filed`), up to a hundred in one request, and knows no keys: a hand-over is
named by our claim (OutId), which its receipts repeat. So nothing in doubt is ever sent again; it is asked
about by phone and day. The SDK's own repetitions are off: sending again is the ledger's decision.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from campaigns.gateways import addressed
from campaigns.gateways.filed import NOT_FILED, Filed, Fitted
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.protocol import (
    Answer,
    Asked,
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

#: The clock of its times, which carry no zone.
CHINA = ZoneInfo("Asia/Shanghai")

#: It shares the host and says nothing of what became of the request: the message may have been taken.
IN_DOUBT = frozenset({"isp.SYSTEM_ERROR", "SDK.UnknownServerError", "ServiceUnavailable", "InternalError"})

#: One number that is none fails the whole request, without saying which: then it is halved.
OF_ONE_NUMBER = frozenset({"isv.MOBILE_NUMBER_ILLEGAL"})

STATUS = {1: Outcome.PENDING, 2: Outcome.FAILED, 3: Outcome.DELIVERED}


def client(
    account: GatewayAccount, filed: Sequence[tuple[str, str]], secret: str, timeout: float
) -> "AliyunGateway":
    """The client of one account. `timeout` in seconds for an answer."""
    # its errors repeat the whole request, telephone numbers included
    logging.getLogger("aliyunsdkcore").setLevel(logging.CRITICAL + 1)
    address = urlsplit(str(account.config["endpoint"]))
    sdk = AcsClient(
        account.config["access_id"],
        secret,
        auto_retry=False,
        connect_timeout=5,
        timeout=max(1, round(timeout)),
    )
    return AliyunGateway(
        account.code,
        Limits(account.batch, account.per_second),
        Filed(filed),
        sdk,
        address.netloc,
        address.scheme,
    )


@dataclass(frozen=True)
class AliyunGateway:
    """One account behind `host`."""

    name: str
    limits: Limits
    filed: Filed
    sdk: Any = field(repr=False)
    host: str
    scheme: str = "https"
    idempotent: bool = False
    thanks: str = '{"code":0,"msg":"OK"}'

    def submit(self, batch: Sequence[Outgoing]) -> list[Submission]:
        """See `Gateway.submit`: one request for each filed text among them."""
        groups: dict[str, list[tuple[Outgoing, Fitted]]] = {}
        answers: list[Submission] = []
        for message in batch:
            fitted = self.filed.fit(message.text)
            if fitted is None:
                answers.append(Submission(message.key, Answer.REJECTED, NOT_FILED))
            else:
                groups.setdefault(fitted.number, []).append((message, fitted))
        for number, group in groups.items():
            answers += self._send(number, group)
        return answers

    def query(self, asked: Sequence[Asked]) -> list[Receipt] | None:
        """See `Gateway.query`: each by its phone and day; what is not found there is left out."""
        found: list[Receipt] = []
        for one in asked:
            details = self._details(one)
            if details is None:
                return None
            ours = [d for d in details if (d.get("OutId") or "") in (one.claim, one.key)]
            try:
                found += [_detail(one, detail) for detail in ours]
            except (ValueError, KeyError, TypeError):
                return None
        return found

    def pull(self) -> Pulled:
        """It keeps receipts in a queue of its message service, which is another product; they are pushed."""
        return Pulled()

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """See `Gateway.parse_receipts`: an array of reports, to an address that only Aliyun knows."""
        return addressed.read(self.name, callback, _receipt)

    def parse_replies(self, callback: Callback) -> list[Reply]:
        """See `Gateway.parse_replies`."""
        return addressed.read(self.name, callback, _reply)

    def _send(self, number: str, group: Sequence[tuple[Outgoing, Fitted]]) -> list[Submission]:
        messages = [message for message, _fitted in group]
        said = self._call(
            "SendBatchSms",
            {
                "PhoneNumberJson": _json([message.phone for message in messages]),
                "SignNameJson": _json([fitted.signature for _message, fitted in group]),
                "TemplateCode": number,
                "TemplateParamJson": _json([dict(fitted.values) for _message, fitted in group]),
                "OutId": messages[0].claim or messages[0].key,
            },
        )
        if isinstance(said, Submission):
            return all_answered(messages, said.answer, said.code or "")
        code = str(said.get("Code") or "")
        if code == "OK":
            biz_id = str(said.get("BizId") or "") or None
            return [Submission(message.key, Answer.ACCEPTED, gateway_id=biz_id) for message in messages]
        if code in OF_ONE_NUMBER and len(group) > 1:
            half = len(group) // 2
            return self._send(number, group[:half]) + self._send(number, group[half:])
        return all_answered(
            messages, Answer.UNKNOWN if code in IN_DOUBT or not code else Answer.REJECTED, code[:40]
        )

    def _details(self, one: Asked) -> list[dict[str, Any]] | None:
        if one.since is None:
            return []
        day = one.since.astimezone(CHINA).strftime("%Y%m%d")
        asked = {"PhoneNumber": one.phone, "SendDate": day, "PageSize": "50", "CurrentPage": "1"}
        said = self._call("QuerySendDetails", asked)
        if isinstance(said, Submission) or said.get("Code") != "OK":
            return None
        return list((said.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or [])

    def _call(self, action: str, parameters: Mapping[str, str]) -> dict[str, Any] | Submission:
        """The service's answer; or, as the answer of no message in particular, what a failure means."""
        request = CommonRequest(domain=self.host, version="2017-05-25", action_name=action)
        request.set_method("POST")
        request.set_protocol_type(self.scheme)
        for name, value in parameters.items():
            request.add_body_params(name, value)
        try:
            said = json.loads(self.sdk.do_action_with_exception(request))
        except ServerException as error:
            return _refused(error)
        except ClientException as error:
            return addressed.broken(str(error))
        except ValueError:
            return Submission("", Answer.UNKNOWN, "UNREADABLE_ANSWER")
        return said if isinstance(said, dict) else Submission("", Answer.UNKNOWN, "UNREADABLE_ANSWER")


def _refused(error: Any) -> Submission:
    """An answer that is no 200: refused before anything was taken, unless the service itself failed."""
    code = str(error.get_error_code())
    failed = int(error.get_http_status() or 500) >= 500 or code in IN_DOUBT
    return Submission("", Answer.UNKNOWN if failed else Answer.REJECTED, code[:40])


def _json(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _detail(one: Asked, item: Mapping[str, Any]) -> Receipt:
    outcome = STATUS[int(item["SendStatus"])]
    at = item.get("ReceiveDate") or item["SendDate"]
    return Receipt(one.key, outcome, str(item.get("ErrCode") or "")[:40] or None, _time(at))


def _receipt(item: Mapping[str, Any]) -> Receipt:
    outcome = Outcome.DELIVERED if str(item["success"]).lower() == "true" else Outcome.FAILED
    return Receipt(
        key="",
        outcome=outcome,
        code=str(item.get("err_code") or "")[:40] or None,
        at=_time(item["report_time"]),
        phone=str(item["phone_number"]),
        number=str(item.get("out_id") or item["biz_id"]),
    )


def _reply(item: Mapping[str, Any]) -> Reply:
    at = _time(item["send_time"])
    given = item.get("sequence_id")
    number = str(given) if given else f"{item['phone_number']}:{int(at.timestamp())}"
    signature = str(item.get("sign_name") or "").strip("【】")
    return Reply(number, str(item["phone_number"]), str(item["content"]), at, signature)


def _time(value: Any) -> datetime:
    return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
