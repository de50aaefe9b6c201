"""From a provider's code to what it asks of us. Codes differ by operator, so the map can be overridden."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.db import db
from app.core.errors import DomainError, NotFound
from campaigns.gateways.filed import NOT_FILED
from campaigns.gateways.models import GatewayCode
from campaigns.gateways.protocol import FailureClass

#: Why a message was not delivered, or why the system paused a campaign.
FAILURES: dict[FailureClass, Any] = {
    FailureClass.DEAD_NUMBER: _l("The number does not exist"),
    FailureClass.TEMPORARY: _l("Phone switched off or out of reach"),
    FailureClass.OPT_OUT: _l("The number refuses messages"),
    FailureClass.CONTENT: _l("Text or signature refused"),
    FailureClass.FLOW_CONTROL: _l("Too many messages at once"),
    FailureClass.ACCOUNT: _l("The gateway account is blocked or has no balance"),
    FailureClass.OTHER: _l("Another reason"),
}

#: Why the system may pause a campaign; the last two are no codes of a gateway.
TOO_MANY_FAIL, TYPESETTING = "too_many_fail", "typesetting"
HOLDS: dict[str, Any] = {
    **{failure.value: label for failure, label in FAILURES.items()},
    TOO_MANY_FAIL: _l("Too many messages are not delivered"),
    TYPESETTING: _l("The letters cannot be set in type; the log of the server says why"),
}

#: What the system does about each class.
REACTIONS: dict[FailureClass, Any] = {
    FailureClass.DEAD_NUMBER: _l("The contact is marked and its owner gets a task to find the right number."),
    FailureClass.TEMPORARY: _l("Counted as not delivered; before the hand-over it is tried again later."),
    FailureClass.OPT_OUT: _l("Counted as not delivered; the employer's timeline says so."),
    FailureClass.CONTENT: _l("The campaign is paused and its approver gets a task for today."),
    FailureClass.FLOW_CONTROL: _l("The account rests for a moment; the message goes out later."),
    FailureClass.ACCOUNT: _l("Another account takes over; without one the campaign is paused, with a task."),
    FailureClass.OTHER: _l("Counted as not delivered; enter the code here once you know what it means."),
}

#: Codes that the three operators and the large resellers share, and those of our own HTTP client.
SHIPPED = {
    **dict.fromkeys(
        (
            "MK:0000",
            "MK:0001",
            "MK:0005",
            "MK:0012",
            "MI:0210",
            "MOBILE_NUMBER_ILLEGAL",
            "isv.MOBILE_NUMBER_ILLEGAL",
            "IncorrectPhoneNumber",
        ),
        FailureClass.DEAD_NUMBER,
    ),
    **dict.fromkeys(("EXPIRED", "MK:0010", "MI:0024", "UNDELIV", "UNREACHABLE"), FailureClass.TEMPORARY),
    **dict.fromkeys(
        ("MBBLACK", "DBBLACK", "BLACKLIST", "isv.BLACK_KEY_CONTROL_LIMIT", "PhoneNumberInBlacklist"),
        FailureClass.OPT_OUT,
    ),
    **dict.fromkeys(
        (
            "XA:0003",
            "SMS_CONTENT_ILLEGAL",
            "SMS_SIGNATURE_ILLEGAL",
            "SMS_TEMPLATE_ILLEGAL",
            NOT_FILED,
            "isv.SMS_CONTENT_ILLEGAL",
            "isv.SMS_SIGNATURE_ILLEGAL",
            "isv.SMS_TEMPLATE_ILLEGAL",
            "isv.TEMPLATE_MISSING_PARAMETERS",
            "isv.TEMPLATE_PARAMS_ILLEGAL",
            "ContainSensitiveWord",
            "SignatureIncorrectOrUnapproved",
            "TemplateIncorrectOrUnapproved",
            "TemplateParamSetNotMatchApprovedTemplate",
        ),
        FailureClass.CONTENT,
    ),
    **dict.fromkeys(
        (
            "MI:0061",
            "BUSINESS_LIMIT_CONTROL",
            "FLOW_CONTROL",
            "isv.BUSINESS_LIMIT_CONTROL",
            "Throttling",
            "Throttling.User",
            "DeliveryFrequencyLimit",
            "RequestLimitExceeded",
        ),
        FailureClass.FLOW_CONTROL,
    ),
    **dict.fromkeys(
        (
            "OUT_OF_SERVICE",
            "DAY_LIMIT_CONTROL",
            "AMOUNT_NOT_ENOUGH",
            "SIGNATURE_REFUSED",
            "ACCOUNT_REFUSED",
            "isv.OUT_OF_SERVICE",
            "isv.DAY_LIMIT_CONTROL",
            "isv.AMOUNT_NOT_ENOUGH",
            "isv.ACCOUNT_NOT_EXISTS",
            "isv.ACCOUNT_ABNORMAL",
            "isp.RAM_PERMISSION_DENY",
            "InvalidAccessKeyId.NotFound",
            "InvalidAccessKeySecret",
            "SignatureDoesNotMatch",
            "InsufficientBalanceInSmsPackage",
            "SignatureFailure",
            "SecretIdNotFound",
            "SmsSdkAppIdVerifyFail",
            "UnauthorizedOperation",
            "DailyLimit",
        ),
        FailureClass.ACCOUNT,
    ),
}


def classify(gateway: str, codes: Iterable[str | None]) -> dict[str | None, FailureClass]:
    """The class of each code as this department understands it; one query however many codes."""
    wanted = set(codes)
    own = select(GatewayCode.code, GatewayCode.failure).where(
        GatewayCode.gateway == gateway, GatewayCode.code.in_([code for code in wanted if code])
    )
    overrides = {code: failure for code, failure in db.session.execute(own)} if wanted - {None} else {}
    return {code: overrides.get(code or "") or SHIPPED.get(code or "", FailureClass.OTHER) for code in wanted}


def reclassify(gateway: str, code: str, failure: FailureClass, note: str = "") -> None:
    """Override one code for one gateway; DomainError for a code that no provider could send."""
    if not code.isascii() or not code.isprintable() or not 1 <= len(code) <= 40 or " " in code:
        raise DomainError(_l("A code has 1 to 40 letters, digits and signs, without spaces."))
    db.session.merge(GatewayCode(gateway=gateway, code=code, failure=failure, note=note))
    db.session.flush()


def forget(gateway: str, code: str) -> None:
    """Takes an override back: the shipped meaning counts again. Raises NotFound where there is none."""
    found = db.session.get(GatewayCode, (gateway, code))
    if found is None:
        raise NotFound(_l("This code has no meaning of its own here."))
    db.session.delete(found)
    db.session.flush()


def known(gateway: str) -> list[tuple[str, FailureClass, GatewayCode | None]]:
    """Every code with its class, by code; with the override that says so, where there is one."""
    own = {
        one.code: one for one in db.session.scalars(select(GatewayCode).where(GatewayCode.gateway == gateway))
    }
    classes = SHIPPED | {code: one.failure for code, one in own.items()}
    return [(code, classes[code], own.get(code)) for code in sorted(classes)]
