"""Tencent Cloud's SMS service (2021-01-11), spoken to through its official SDK.

It takes filed texts whose values are numbered, one set of values in a request, and knows no keys: it repeats
our claim as SessionContext and gives every message a number of its own (SerialNo). Nothing in doubt is sent
again. Receipts and replies are pushed, or fetched from queues that forget what was fetched.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from campaigns.gateways import addressed
from campaigns.gateways.filed import NOT_FILED, Filed
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

CHINA = ZoneInfo("Asia/Shanghai")

#: Seconds after which the rest of a batch is left for the next: a batch may be many requests, and the lease
#: of a claim must outlive them.
BUDGET = 30.0

#: The most that one request fetches from a queue.
FETCHED = 100

#: Failures of the service itself: what it took before is not known.
IN_DOUBT = ("InternalError", "ServerNetworkError", "FailedOperation.FailResolvePacket")


def client(
    account: GatewayAccount, filed: Sequence[tuple[str, str]], secret: str, timeout: float
) -> "TencentGateway":
    """The client of one account. `timeout` in seconds for an answer."""
    address = urlsplit(str(account.config["endpoint"]))
    http = HttpProfile(protocol=address.scheme, endpoint=address.netloc, reqTimeout=max(1, round(timeout)))
    sdk = SmsClient(
        Credential(account.config["access_id"], secret), "ap-guangzhou", ClientProfile(httpProfile=http)
    )
    return TencentGateway(
        account.code,
        Limits(account.batch, account.per_second),
        Filed(filed),
        sdk,
        str(account.config["app_id"]),
    )


@dataclass(frozen=True)
class TencentGateway:
    """One application of one account."""

    name: str
    limits: Limits
    filed: Filed
    sdk: Any = field(repr=False)
    app_id: str
    idempotent: bool = False
    thanks: str = '{"result":0,"errmsg":"OK"}'

    def submit(self, batch: Sequence[Outgoing]) -> list[Submission]:
        """See `Gateway.submit`: messages of the same words share a request."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[Outgoing]] = {}
        answers: list[Submission] = []
        for message in batch:
            fitted = self.filed.fit(message.text)
            if fitted is None:
                answers.append(Submission(message.key, Answer.REJECTED, NOT_FILED))
            else:
                values = tuple(value for _name, value in fitted.values)
                groups.setdefault((fitted.signature, fitted.number, values), []).append(message)
        until = time.monotonic() + BUDGET
        for (signature, number, values), messages in groups.items():
            if time.monotonic() > until:
                answers += all_answered(messages, Answer.NOT_TAKEN, "OUT_OF_TIME")
            else:
                answers += self._send(signature, number, values, messages)
        return answers

    def query(self, asked: Sequence[Asked]) -> list[Receipt] | None:
        """See `Gateway.query`: each by its phone, from the hour it was handed over."""
        found: list[Receipt] = []
        for one in asked:
            statuses = self._statuses(one)
            if statuses is None:
                return None
            mine = (s for s in statuses if one.gateway_id in (None, s.SerialNo))
            found += [_status(status)._replace(key=one.key) for status in mine if _is_of(status, one)]
        return found

    def pull(self) -> Pulled:
        """Both queues, as far as they can be read."""
        sent = self._emptied("PullSmsSendStatus", "PullSmsSendStatusSet")
        said = self._emptied("PullSmsReplyStatus", "PullSmsReplyStatusSet")
        return Pulled([_status(one) for one in sent], [_answered(one) for one in said])

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """See `Gateway.parse_receipts`: an array of reports, to an address that only Tencent knows."""
        return addressed.read(self.name, callback, _receipt)

    def parse_replies(self, callback: Callback) -> list[Reply]:
        """See `Gateway.parse_replies`: one reply in each push."""
        return addressed.read(self.name, callback, _reply)

    def _send(
        self, signature: str, number: str, values: Sequence[str], messages: Sequence[Outgoing]
    ) -> list[Submission]:
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [f"+86{message.phone}" for message in messages]
        request.SmsSdkAppId, request.TemplateId, request.SignName = self.app_id, number, signature
        request.TemplateParamSet = list(values)
        request.SessionContext = messages[0].claim or messages[0].key
        try:
            said = self.sdk.SendSms(request)
        except TencentCloudSDKException as error:
            failed = _failed(error)
            return all_answered(messages, failed.answer, failed.code or "")
        except (ValueError, KeyError, TypeError):
            return all_answered(messages, Answer.UNKNOWN, "UNREADABLE_ANSWER")
        told = {str(one.PhoneNumber)[-11:]: one for one in said.SendStatusSet or []}
        return [_submission(message, told.get(message.phone)) for message in messages]

    def _statuses(self, one: Asked) -> list[Any] | None:
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        begin = int((one.since or datetime.now(UTC)).timestamp()) - 60
        request.BeginTime, request.EndTime, request.Offset, request.Limit = (
            begin,
            int(time.time()),
            0,
            FETCHED,
        )
        request.PhoneNumber, request.SmsSdkAppId = f"+86{one.phone}", self.app_id
        try:
            return list(self.sdk.PullSmsSendStatusByPhoneNumber(request).PullSmsSendStatusSet or [])
        except (TencentCloudSDKException, ValueError, KeyError, TypeError):
            return None

    def _emptied(self, action: str, named: str) -> list[Any]:
        found: list[Any] = []
        while True:
            request = getattr(models, f"{action}Request")()
            request.Limit, request.SmsSdkAppId = FETCHED, self.app_id
            try:
                some = list(getattr(getattr(self.sdk, action)(request), named) or [])
            except (TencentCloudSDKException, ValueError, KeyError, TypeError):
                return found
            found += some
            if len(some) < FETCHED:
                return found


def _failed(error: Any) -> Submission:
    """What a request means that was not answered with statuses; for no message in particular."""
    code = str(error.get_code() or "")
    if code == "ClientNetworkError":
        return addressed.broken(str(error.get_message()))
    if not code or code.startswith(IN_DOUBT):
        return Submission("", Answer.UNKNOWN, _short(code) or "NO_ANSWER")
    return Submission("", Answer.REJECTED, _short(code))


def _submission(message: Outgoing, status: Any | None) -> Submission:
    if status is None:
        return Submission(message.key, Answer.UNKNOWN, "NOT_ANSWERED")
    if status.Code == "Ok":
        return Submission(message.key, Answer.ACCEPTED, gateway_id=str(status.SerialNo or "") or None)
    code = str(status.Code or "")
    doubt = not code or code.startswith(IN_DOUBT)
    return Submission(message.key, Answer.UNKNOWN if doubt else Answer.REJECTED, _short(code))


def _short(code: str) -> str:
    """The last word of a code such as FailedOperation.ContainSensitiveWord: it says all, and fits."""
    return code.rpartition(".")[2][:40]


def _is_of(status: Any, one: Asked) -> bool:
    """Of a message whose number we never learned, only the claim proves that a status is its own."""
    return bool(one.gateway_id) or (bool(one.claim) and status.SessionContext == one.claim)


def _status(one: Any) -> Receipt:
    outcome = Outcome.DELIVERED if one.ReportStatus == "SUCCESS" else Outcome.FAILED
    code = str(one.Description or "")[:40] or None
    at = datetime.fromtimestamp(int(one.UserReceiveTime or 0), UTC)
    return Receipt("", outcome, code, at, str(one.SubscriberNumber), str(one.SerialNo))


def _answered(one: Any) -> Reply:
    at = datetime.fromtimestamp(int(one.ReplyTime), UTC)
    phone = str(one.SubscriberNumber)
    signature = str(one.SignName or "").strip("【】")
    return Reply(f"{phone}:{int(one.ReplyTime)}", phone, str(one.ReplyContent), at, signature)


def _receipt(item: Mapping[str, Any]) -> Receipt:
    outcome = Outcome.DELIVERED if item["report_status"] == "SUCCESS" else Outcome.FAILED
    at = datetime.strptime(str(item["user_receive_time"]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    code = str(item.get("errmsg") or "")[:40] or None
    return Receipt("", outcome, code, at, str(item["mobile"]), str(item["sid"]))


def _reply(item: Mapping[str, Any]) -> Reply:
    at = datetime.fromtimestamp(int(item["time"]), UTC)
    signature = str(item.get("sign") or "").strip("【】")
    return Reply(
        f"{item['mobile']}:{int(item['time'])}", str(item["mobile"]), str(item["text"]), at, signature
    )
