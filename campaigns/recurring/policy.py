"""Who writes and approves rules, whose one sees, and what an approval of a rule is bound to."""

import hashlib
import json
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.options import Option
from app.core.permissions import LEADERS, OFFICE, Actor, Grantable, Grants, Role, may
from campaigns.channels.letter import text as letters
from campaigns.drafting.models import Exclusion
from campaigns.drafting.policy import HEAD_ABOVE_RECIPIENTS
from campaigns.drafting.policy import Permission as Campaigns
from campaigns.recurring.models import Outcome, Rule, Trigger

TRIGGERS: dict[Trigger, Any] = {
    Trigger.NEW_ARREARS: _l("Each statement: employers newly in arrears"),
    Trigger.RELIEF_ENDING: _l("Relief ends within so many days"),
    Trigger.NEW_HANDLER: _l("A new handler since so many days"),
    Trigger.BASE_WINDOW: _l("Window of the base adjustment: not submitted yet, so many days before its end"),
    Trigger.FESTIVAL: _l("Greeting calendar: so many days before a festival"),
}
OUTCOMES: dict[Outcome, Any] = {
    Outcome.DRAFTED: (_l("Campaign drafted"), "active"),
    Outcome.LAUNCHED: (_l("Launched within the approval"), "good"),
    Outcome.REFUSED: (_l("Not drafted"), "danger"),
}

#: Whoever is left out of a run only for these keeps the turn as long as the occasion lasts: time, or
#: somebody, mends it.
FOR_NOW = (
    Exclusion.FREQUENCY, Exclusion.OVER_CAP, Exclusion.NO_CONTACT, Exclusion.NO_MOBILE, Exclusion.BAD_NUMBER,
    Exclusion.DEAD_NUMBER, Exclusion.UNVERIFIED, Exclusion.MISSING_VALUE, Exclusion.FORBIDDEN_WORD,
    Exclusion.TOO_LONG, Exclusion.NO_ADDRESS, Exclusion.BAD_ADDRESS, Exclusion.DEAD_ADDRESS,
)  # fmt: skip

#: the employer field by which a run's campaign names its audience
FIELD = "campaign_run"

#: by then the statements and terms of the day are in
HOUR = Option(
    "campaigns.rules_hour", _l("Recurring rules look whose turn it is from"), 7, 0, 23, _l("o'clock")
)


class Permission(Grantable):
    VIEW = "recurring:view", _l("See recurring rules and what they did")
    WRITE = "recurring:write", _l("Write, pause and resume recurring rules, and edit the greeting calendar")
    APPROVE = (
        "recurring:approve",
        _l("Approve that recurring rules launch by themselves"),
    )


GRANTS: Grants = {
    Permission.VIEW: OFFICE,
    Permission.WRITE: (Role.SPECIALIST, *LEADERS),
    Permission.APPROVE: LEADERS,
}

#: What of a rule an approval is given for.
SEALED = (
    "name", "trigger", "days", "festival", "segment_id", "criteria", "template_version_id", "template_values",
    "deadline_days", "contact_order", "frequency_days", "verified_only", "hold_out", "send_hour",
    "spread_hours", "working_days_only", "most_recipients", "owner_id",
)  # fmt: skip


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The rules of the branches the actor reaches; within own scope, the actor's own."""
    return in_scope(actor, Rule.branch_id, Rule.owner_id)


def seal(rule: Rule) -> str:
    """sha-256 over everything that decides what goes out, to whom and when."""
    words = letters.wording(rule.letter_version) if rule.letter_version else rule.wording.text
    decided = [words, *(getattr(rule, name) for name in SEALED)]
    if rule.letter_version:
        decided.append(rule.letter_version_id)
    return hashlib.sha256(json.dumps(decided, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def approval_stands(rule: Rule) -> bool:
    """Whether a second person approved the rule as it is."""
    return rule.approved_hash is not None and rule.approved_hash == seal(rule)


def approval_faults(rule: Rule, actor: Actor) -> list[Any]:
    """Why this person may not approve this rule; every reason at once."""
    reasons = []
    if actor.id in (rule.owner_id, *rule.editor_ids):
        reasons.append(_l("You wrote or changed this rule: somebody else has to approve it."))
    if not may(actor, Campaigns.APPROVE) or not may(actor, Campaigns.LAUNCH):
        reasons.append(_l("Only who may approve and launch campaigns can approve this."))
    most = HEAD_ABOVE_RECIPIENTS.value()
    if rule.most_recipients > most and Role.BRANCH_HEAD not in actor.role_set:
        reasons.append(_l("More than %(limit)s recipients: a branch head has to approve it.", limit=most))
    return reasons
