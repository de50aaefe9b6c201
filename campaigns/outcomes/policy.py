"""The table of outcomes: which task follows, whose it is and by when; a department sets the last two."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from app.core.permissions import LEADERS, OFFICE, Grantable, Grants, Role


class Outcome(StrEnum):
    """What may come back from a message, a letter or a step of a campaign."""

    DEAD_NUMBER = "dead_number"
    REPLY = "reply"
    WANTS_VISIT = "wants_visit"
    WANTS_CALL = "wants_call"
    CORRECTION = "correction"
    NOT_ARRIVED = "not_arrived"
    NO_ANSWER = "no_answer"
    LETTER_REFUSED = "letter_refused"
    LETTER_RETURNED = "letter_returned"


class Who(IntEnum):
    """Whose the task is; the number is what the department's setting holds."""

    NO_TASK = 0
    OWNER = 1
    BACKUP = 2
    LEADER = 3
    ANYBODY = 4


WHO_LABELS: Sequence[tuple[int, Any]] = (
    (Who.OWNER.value, _l("the employer's owner")),
    (Who.BACKUP.value, _l("the backup, or else the owner")),
    (Who.LEADER.value, _l("the manager of the branch, or else the owner")),
    (Who.ANYBODY.value, _l("nobody yet: whoever of the branch takes it")),
    (Who.NO_TASK.value, _l("no task")),
)


class Permission(Grantable):
    VIEW = "outcomes:view", _l("See which task follows from which outcome of a campaign")
    EDIT = "outcomes:edit", _l("Set whose the tasks are that follow from outcomes, and their deadlines")


GRANTS: Grants = {
    Permission.VIEW: (*OFFICE, Role.SYSTEM_ADMIN),
    #: of leaders those of the whole department, as for all its figures (settings.policy)
    Permission.EDIT: (*LEADERS, Role.SYSTEM_ADMIN),
}


@dataclass(frozen=True)
class Rule:
    """One line of the table. `kind` is of `tasks.lists.KIND_LABELS`."""

    outcome: Outcome
    label: Any
    kind: str
    who: Option
    days: Option


def _rule(
    outcome: Outcome, label: Any, kind: str, days: int, who: Who = Who.OWNER, name: str | None = None
) -> Rule:
    return Rule(
        outcome,
        label,
        kind,
        Option(
            f"outcomes.{outcome.value}_who",
            _l("%(outcome)s: whose task", outcome=label),
            usual=who.value,
            low=0,
            high=len(Who) - 1,
            choices=WHO_LABELS,
        ),
        Option(
            name or f"outcomes.{outcome.value}_days",
            _l("%(outcome)s: working days for the task", outcome=label),
            usual=days,
            low=1,
            high=60,
            unit=_l("working days"),
        ),
    )


RULES: dict[Outcome, Rule] = {
    rule.outcome: rule
    for rule in (
        _rule(Outcome.DEAD_NUMBER, _l("The mobile number does not exist"), "verify_contact", 3),
        _rule(Outcome.REPLY, _l("A reply by SMS"), "callback", 3),
        _rule(Outcome.WANTS_VISIT, _l("A visit is asked for"), "visit_request", 2),
        _rule(Outcome.WANTS_CALL, _l("A call is asked for"), "callback", 2),
        _rule(Outcome.CORRECTION, _l("A correction is proposed"), "correction", 3, name="notices.check_days"),
        _rule(Outcome.NOT_ARRIVED, _l("Nothing arrived, after the last step"), "campaign_step", 5),
        _rule(Outcome.NO_ANSWER, _l("No answer within the time of a step"), "campaign_step", 5),
        _rule(Outcome.LETTER_REFUSED, _l("The letter was refused"), "letter_hand_over", 3),
        _rule(
            Outcome.LETTER_RETURNED,
            _l("The letter came back"),
            "letter_address",
            3,
            name="letters.address_days",
        ),
    )
}

OPTIONS = tuple(option for rule in RULES.values() for option in (rule.who, rule.days))
