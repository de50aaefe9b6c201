"""What a text may say, by the class of its message, and how its variables get their values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.config import current_settings
from app.core.clock import today
from app.core.errors import DomainError
from campaigns.channels.letter.text import Asked, written
from campaigns.channels.sms import text as sms
from campaigns.drafting.content.models import LINK, VARIABLES, Declared, Facts, declared
from campaigns.drafting.letters.policy import letter_objections
from campaigns.drafting.models import Campaign, Channel, MessageClass
from campaigns.drafting.steps import queries as follow_up
from campaigns.gateways import words

#: how many characters an unguessable name of a message's notice has (`random_token`)
TOKEN_LENGTH = 16

#: A token that looks like one; a preview leads nowhere.
SAMPLE_TOKEN = "x" * TOKEN_LENGTH

#: What only a notice about the employer's own account may mention: a greeting may not carry it.
ACCOUNT_VARIABLES = frozenset({"months", "paid_through", "amount", "heads", "deadline"})

MESSAGE_CLASS_LABELS = {
    MessageClass.SERVICE: _l("Service notice"),
    MessageClass.GREETING: _l("Greeting"),
    MessageClass.PUBLICITY: _l("Publicity"),
}

_NOTICE = re.compile(rf"(/n/)[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
_BRACE = re.compile(r"\{([^{}]*)\}|[{}]")


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


@dataclass(frozen=True)
class Filling:
    """Where the values of a text come from: the employer, else the author, else the default."""

    used: tuple[str, ...]
    given: Mapping[str, str]
    defaults: Mapping[str, str]
    #: whether one message may speak for several employers
    joins: bool = True

    def values(self, facts: Sequence[Facts]) -> dict[str, str]:
        """The variables as text for one message about all these employers; without a value: left out."""
        known = values((name for name in self.used if name in VARIABLES), facts)
        return {**self.defaults, **self.given, **known}


def filling(campaign: Campaign) -> Filling:
    """How the campaign's text is filled in. Raises DomainError for an author's value that is none."""
    variables = declared(campaign.template_version).values()
    defaults = {one.name: one.default for one in variables if one.known and one.default}
    given = _given(campaign, variables)
    return Filling(sms.placeholders(campaign.template_text), given, defaults, campaign.joins)


def _given(campaign: Campaign, variables: Iterable[Declared]) -> dict[str, str]:
    """What the author filled in, as people read it."""
    own = [one for one in variables if not one.known]
    raw = campaign.template_values or {}
    asked = [Asked(one.name, one.label, one.kind, True) for one in own]
    return written(asked, {one.name: raw.get(one.name) or one.default for one in own})


def objections(campaign: Campaign, on: date | None = None) -> list[Any]:
    """Everything that keeps the campaign's text from being sent, at once; an empty list lets it pass."""
    if campaign.channel is Channel.LETTER:
        return letter_objections(campaign, on or today())
    text = campaign.template_text
    variables = declared(campaign.template_version)
    reasons: list[Any] = [*_braces(text, variables)]
    if not reasons:
        reasons += _checked_by_the_channel(campaign)
        reasons += _refused_values(campaign, variables.values())
    used = set(sms.placeholders(text))
    if "deadline" in used and campaign.deadline is None:
        reasons.append(_l("The text uses {deadline}: please give the day."))
    if campaign.deadline is not None and campaign.deadline < (on or today()):
        reasons.append(_l("The deadline has passed already."))
    reasons += unlawful(text, campaign.message_class)
    reasons += follow_up.objections(campaign.follow_steps, campaign.deadline, on or today())
    spoken = [campaign.signature, text, *(str(one) for one in (campaign.template_values or {}).values())]
    if campaign.message_class is not MessageClass.SERVICE and campaign.follow_steps:
        reasons.append(_l("Only a service notice is followed up: take the follow-up steps out."))
    return reasons + words.objections("\n".join(spoken))


def unlawful(text: str, message_class: MessageClass) -> list[Any]:
    """What a message of this class may not speak of."""
    used, reasons = set(sms.placeholders(text)), []
    if message_class is not MessageClass.SERVICE and used & ACCOUNT_VARIABLES:
        names = ", ".join(sorted(used & ACCOUNT_VARIABLES))
        reasons.append(
            _l("Only a service notice may speak of the employer's account: take out %(names)s.", names=names)
        )
    if message_class is MessageClass.GREETING and LINK in used:
        reasons.append(_l("A greeting carries no link."))
    return reasons


def _refused_values(campaign: Campaign, variables: Iterable[Declared]) -> list[Any]:
    try:
        _given(campaign, variables)
    except DomainError as refusal:
        return list(refusal.reasons)
    return []


def check(campaign: Campaign) -> None:
    """Raises DomainError with every objection to the text."""
    if reasons := objections(campaign):
        raise DomainError(_l("This text cannot be sent:"), reasons)


def says_how_to_leave(message_class: MessageClass) -> bool:
    """Operators require the way out on publicity; a service notice is owed and carries none."""
    return message_class is MessageClass.PUBLICITY


def stray_braces(text: str) -> list[Any]:
    """An objection to a brace that belongs to no variable."""
    lone = any(match.group(1) is None for match in _BRACE.finditer(text))
    return [_l("A brace stands alone: write variables as {employer}.")] if lone else []


def _braces(text: str, variables: Mapping[str, Declared]) -> list[Any]:
    """Objections to what stands in braces: an unknown variable, or a brace that belongs to none."""
    named = dict.fromkeys(match.group(1) for match in _BRACE.finditer(text) if match.group(1) is not None)
    unknown = ["{" + name + "}" for name in named if name not in VARIABLES and name not in variables]
    reasons = stray_braces(text)
    if unknown:
        reasons.append(_l("There is no variable %(names)s.", names=", ".join(unknown)))
    return reasons


def _checked_by_the_channel(campaign: Campaign) -> list[Any]:
    try:
        text = campaign.template_text.replace(f"{{{LINK}}}", notice_link(SAMPLE_TOKEN))
        sms.check(campaign.signature, text, says_how_to_leave(campaign.message_class))
    except DomainError as refusal:
        return list(refusal.reasons)
    return []
