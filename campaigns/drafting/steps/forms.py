"""The steps of a campaign on one page, a line each; a line without a kind is no step."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange, Optional

from app.core.forms.choices import offered
from campaigns.drafting.models import Campaign, StepCondition, StepKind
from campaigns.drafting.steps import services
from campaigns.drafting.steps.policy import (
    CONDITION_LABELS,
    KIND_LABELS,
    LONGEST_WAIT,
    MOST,
    USUAL,
    WAIT_DAYS,
)
from campaigns.drafting.steps.queries import outlines
from campaigns.drafting.steps.services import Step


class StepsForm(FlaskForm):  # type: ignore[misc]
    """Made by `steps_form`: kind, condition, wait and outline of each line, numbered."""

    @property
    def lines(self) -> list[list[Any]]:
        """The fields of each line."""
        return [
            [self[f"{name}_{n}"] for name in ("kind", "when", "wait", "outline")] for n in range(1, MOST + 1)
        ]

    @property
    def steps(self) -> list[Step]:
        """What was wished, in order."""
        return [
            Step(StepKind(kind.data), StepCondition(when.data), wait.data or 0, outline.data or None)
            for kind, when, wait, outline in self.lines
            if kind.data
        ]


def steps_form(campaign: Campaign) -> StepsForm:
    """With the campaign's steps, or the usual ones where it has none."""
    letters = [("", "—"), *((one.code, one.name) for one in outlines())]
    possible = services.possible(campaign)
    kinds = [
        ("", _l("no step")),
        *((one.value, label) for one, label in KIND_LABELS.items() if one in possible),
    ]
    conditions = [(one.value, label) for one, label in CONDITION_LABELS.items()]
    fields: dict[str, Any] = {}
    for n in range(1, MOST + 1):
        fields |= {
            f"kind_{n}": SelectField(_l("What is done"), choices=offered(kinds)),
            f"when_{n}": SelectField(_l("If"), choices=offered(conditions)),
            f"wait_{n}": IntegerField(_l("After (working days)"), [Optional(), NumberRange(0, LONGEST_WAIT)]),
            f"outline_{n}": SelectField(_l("Letter"), choices=offered(letters)),
        }
    made: StepsForm = type("StepsFormOfCampaign", (StepsForm,), fields)(data=_data(campaign))
    return made


def _data(campaign: Campaign) -> dict[str, Any]:
    days = WAIT_DAYS.value()
    wished: Sequence[Step] = [
        Step(one.kind, one.condition, one.wait_days, one.outline) for one in campaign.follow_steps
    ] or [Step(kind, condition, days) for kind, condition in USUAL if kind in services.possible(campaign)]
    data: dict[str, Any] = {}
    for n in range(1, MOST + 1):
        data |= {f"wait_{n}": days, f"outline_{n}": ""}
    for n, step in enumerate(wished, 1):
        data |= {
            f"kind_{n}": step.kind.value, f"when_{n}": step.condition.value, f"wait_{n}": step.wait_days,
            f"outline_{n}": step.outline or "",
        }  # fmt: skip
    return data
