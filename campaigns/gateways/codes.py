"""From a provider's code to what it asks of us. Codes differ by operator, so the map can be overridden."""

from collections.abc import Iterable

from sqlalchemy import select

from app.core.db import db
from campaigns.gateways.models import GatewayCode
from campaigns.gateways.protocol import FailureClass

#: Codes that the three operators and the large resellers share, and those of our own HTTP client.
SHIPPED = {
    **dict.fromkeys(
        ("MK:0000", "MK:0001", "MK:0005", "MK:0012", "MI:0210", "MOBILE_NUMBER_ILLEGAL"),
        FailureClass.DEAD_NUMBER,
    ),
    **dict.fromkeys(("EXPIRED", "MK:0010", "MI:0024", "UNDELIV", "UNREACHABLE"), FailureClass.TEMPORARY),
    **dict.fromkeys(("MBBLACK", "DBBLACK", "BLACKLIST"), FailureClass.OPT_OUT),
    **dict.fromkeys(
        ("XA:0003", "SMS_CONTENT_ILLEGAL", "SMS_SIGNATURE_ILLEGAL", "SMS_TEMPLATE_ILLEGAL"),
        FailureClass.CONTENT,
    ),
    **dict.fromkeys(("MI:0061", "BUSINESS_LIMIT_CONTROL", "FLOW_CONTROL"), FailureClass.FLOW_CONTROL),
    **dict.fromkeys(
        ("OUT_OF_SERVICE", "DAY_LIMIT_CONTROL", "AMOUNT_NOT_ENOUGH", "SIGNATURE_REFUSED", "ACCOUNT_REFUSED"),
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
    """Override one code for one gateway."""
    db.session.merge(GatewayCode(gateway=gateway, code=code, failure=failure, note=note))
    db.session.flush()
