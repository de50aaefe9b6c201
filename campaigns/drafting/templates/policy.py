"""Who reads and who writes templates, and what keeps a draft from being published."""

import hashlib
import json
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.core.permissions import LEADERS, OFFICE, Grantable, Grants
from campaigns.channels.letter.text import Asked, written
from campaigns.channels.sms import text as sms
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.content.models import VARIABLES, Declared, declared
from campaigns.drafting.content.policy import stray_braces, unlawful
from campaigns.drafting.models import MessageClass
from campaigns.gateways import words


class Permission(Grantable):
    VIEW = "sms_templates:view", _l("See the templates of messages")
    WRITE = "sms_templates:write", _l("Write and publish templates of messages")


GRANTS: Grants = {Permission.VIEW: OFFICE, Permission.WRITE: LEADERS}

#: A signature of the usual length, to measure a text that has none yet.
_SIGNATURE = "住房公积金管理部"


def seal(version: SmsVersion) -> str:
    """sha-256 over what a publisher reads: the text, its variables, and for whom one message speaks."""
    read = json.dumps([version.text, version.variables, version.joins], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(read.encode()).hexdigest()


def faults(version: SmsVersion) -> list[Any]:
    """Everything that keeps a wording from being published, at once."""
    text, variables = version.text, declared(version)
    reasons: list[Any] = [*stray_braces(text)]
    try:
        sms.check(_SIGNATURE, text)
    except DomainError as refusal:
        reasons += refusal.reasons
    reasons += unlawful(text, MessageClass(version.template.message_class))
    reasons += words.objections("\n".join([text, *(one.default for one in variables.values())]))
    for one in variables.values():
        reasons += _undeclared(one)
    return reasons


def _undeclared(one: Declared) -> list[Any]:
    """What is missing or wrong about one variable."""
    if one.known:
        fine = one.default.isprintable() and not set("【】{}") & set(one.default)
        return [] if fine else [_l("“%(value)s” cannot be “%(label)s”.", value=one.default, label=one.label)]
    if not one.label:
        return [
            _l(
                "Nothing is known of {%(name)s}: say what authors fill in, or use one of %(known)s.",
                name=one.name,
                known=", ".join(VARIABLES),
            )
        ]
    try:
        written([Asked(one.name, one.label, one.kind, False)], {one.name: one.default})
    except DomainError as refusal:
        return list(refusal.reasons)
    return []
