"""What a text may say, by the class of its message; and the ready texts a department starts from."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.config import current_settings
from app.core.clock import today
from app.core.errors import DomainError
from campaigns.channels.sms import text as sms
from campaigns.drafting.content.models import LINK, VARIABLES, Facts
from campaigns.drafting.models import Campaign, MessageClass

#: 96 bits: nobody guesses one, and it is short enough for an SMS.
TOKEN_BYTES = 12
#: how many characters such a token has in an address
TOKEN_LENGTH = 16

#: What only a notice about the employer's own account may mention: a greeting may not carry it.
ACCOUNT_VARIABLES = frozenset({"months", "paid_through", "amount", "heads", "deadline"})

MESSAGE_CLASS_LABELS = {
    MessageClass.SERVICE: _l("Service notice"),
    MessageClass.GREETING: _l("Greeting"),
    MessageClass.PUBLICITY: _l("Publicity"),
}

_NOTICE = re.compile(rf"(/n/)[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_BRACE = re.compile(r"\{([^{}]*)\}|[{}]")


def new_token() -> str:
    """An unguessable name for one message's notice; the ledger makes one for each message it plans."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def notice_link(token: str) -> str:
    """The address that {link} becomes; its length is the same for every message."""
    return f"{current_settings().public_url}/n/{token}"


def conceal(text: str) -> str:
    """A text as colleagues see it: the personal part of its link is the reader's alone."""
    return _NOTICE.sub(r"\1…", text)


def values(used: Iterable[str], facts: Sequence[Facts]) -> dict[str, str]:
    """The variables `used` as text, for one message about all these employers; those without a value are
    left out, and so is the link, which the ledger fills in."""
    written = {}
    for name in used:
        variable = VARIABLES[name]
        value = variable.read(facts)
        if value is not None and (text := variable.write(value)):
            written[name] = text
    return written


def missing(used: Iterable[str], given: Mapping[str, str]) -> list[str]:
    """The variables that a text needs and nobody knows."""
    return [name for name in used if name != LINK and not given.get(name)]


def objections(campaign: Campaign, on: date | None = None) -> list[Any]:
    """Everything that keeps the campaign's text from being sent, at once; an empty list lets it pass."""
    text = campaign.template_text
    reasons: list[Any] = [*_braces(text)]
    if not reasons:
        reasons += _checked_by_the_channel(campaign)
    used = set(sms.placeholders(text))
    if "deadline" in used and campaign.deadline is None:
        reasons.append(_l("The text uses {deadline}: please give the day."))
    if campaign.deadline is not None and campaign.deadline < (on or today()):
        reasons.append(_l("The deadline has passed already."))
    if campaign.message_class is not MessageClass.SERVICE and used & ACCOUNT_VARIABLES:
        names = ", ".join(sorted(used & ACCOUNT_VARIABLES))
        reasons.append(
            _l("Only a service notice may speak of the employer's account: take out %(names)s.", names=names)
        )
    if campaign.message_class is MessageClass.GREETING and LINK in used:
        reasons.append(_l("A greeting carries no link."))
    return reasons


def check(campaign: Campaign) -> None:
    """Raises DomainError with every objection to the text."""
    if reasons := objections(campaign):
        raise DomainError(_l("This text cannot be sent:"), reasons)


def says_how_to_leave(message_class: MessageClass) -> bool:
    """Operators require the way out on publicity; a service notice is owed and carries none."""
    return message_class is MessageClass.PUBLICITY


def _braces(text: str) -> list[Any]:
    """Objections to what stands in braces: an unknown variable, or a brace that belongs to none."""
    reasons: list[Any] = []
    unknown = []
    for match in _BRACE.finditer(text):
        if match.group(1) is None:
            reasons = [_l("A brace stands alone: write variables as {employer}.")]
        elif match.group(1) not in VARIABLES:
            unknown.append("{" + match.group(1) + "}")
    if unknown:
        reasons.append(_l("There is no variable %(names)s.", names=", ".join(dict.fromkeys(unknown))))
    return reasons


def _checked_by_the_channel(campaign: Campaign) -> list[Any]:
    try:
        sms.check(campaign.signature, campaign.template_text)
    except DomainError as refusal:
        return list(refusal.reasons)
    return []


@dataclass(frozen=True)
class ReadyText:
    """A text to start from. Texts are Chinese whatever language the officer reads."""

    name: str
    label: Any
    message_class: MessageClass
    text: str


READY_TEXTS: tuple[ReadyText, ...] = (
    ReadyText(
        "arrears",
        _l("Arrears reminder"),
        MessageClass.SERVICE,
        "{handler}您好，{employer}住房公积金缴至{paid_through}，现欠缴{months}个月，请尽快补缴。"
        "详情及预约上门服务：{link} 咨询{phone}",
    ),
    ReadyText(
        "arrears_deadline",
        _l("Arrears reminder with a deadline"),
        MessageClass.SERVICE,
        "{handler}您好，{employer}已欠缴住房公积金{months}个月，预计{amount}，请于{deadline}前补缴；"
        "确有困难的可申请缓缴或降低缴存比例。查看通知：{link} 咨询{phone}",
    ),
    ReadyText(
        "registration",
        _l("Please register"),
        MessageClass.SERVICE,
        "{handler}您好，经核对{employer}尚未办理住房公积金缴存登记，请于{deadline}前办理缴存登记及职工账户设立。"
        "我部可上门帮办，预约：{link} 咨询{phone}",
    ),
    ReadyText(
        "handler_change",
        _l("Change of handler"),
        MessageClass.SERVICE,
        "{handler}您好，您已登记为{employer}住房公积金经办人，请打开链接核实并确认：{link} "
        "如非本人授权，请致电{phone}",
    ),
    ReadyText(
        "base_adjustment",
        _l("Annual base adjustment"),
        MessageClass.SERVICE,
        "{handler}您好，本年度住房公积金缴存基数调整已开始，请{employer}于{deadline}前办理。"
        "办理指南：{link} 咨询{phone}",
    ),
    ReadyText(
        "spring_festival",
        _l("Spring Festival greeting"),
        MessageClass.GREETING,
        "{handler}您好，值此新春佳节，感谢贵单位对住房公积金工作的支持，祝节日快乐！",
    ),
    ReadyText(
        "mid_autumn",
        _l("Mid-autumn and National Day greeting"),
        MessageClass.GREETING,
        "{handler}您好，值此中秋国庆佳节，感谢贵单位对住房公积金工作的支持，祝节日快乐！",
    ),
    ReadyText(
        "lecture",
        _l("Invitation to a policy lecture"),
        MessageClass.PUBLICITY,
        "{handler}您好，我部将举办住房公积金政策宣讲会，诚邀{employer}参加。报名及议程：{link} 咨询{phone}",
    ),
)


def ready_text(name: str) -> ReadyText:
    """One of the ready texts. Raises DomainError for a name that is none."""
    for ready in READY_TEXTS:
        if ready.name == name:
            return ready
    raise DomainError(_("There is no such text."))
