"""What the steps of a campaign came to, employer by employer, with the letters that they issued."""

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.language.i18n import translated
from app.core.links import url_if
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.permissions import Actor
from app.employers.areas.lists import PLACE
from app.employers.models import Employer
from campaigns.channels.letter.issued.lists import reason_of
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.drafting.models import Campaign, CampaignStep
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import EXCLUSION_LABELS
from campaigns.drafting.steps.policy import KIND_LABELS
from campaigns.following import queries
from campaigns.following.models import StepResult, StepRun
from campaigns.following.policy import RESULT_LABELS

REASONS = {str(key): label for key, label in EXCLUSION_LABELS.items()}


def _runs(_actor: Actor | None, campaign: Campaign, *conditions: ColumnElement[bool]) -> Select[StepRun]:
    """The campaign handed in was found in the actor's reach."""
    return queries.of_campaign(campaign.id).where(*conditions)


def _why(run: StepRun) -> Any:
    if run.letter is not None:
        return reason_of(run.letter)
    return (REASONS.get(run.reason) or translated(run.reason)) if run.reason else None


def _letter_state(run: StepRun) -> tuple[Any, str] | None:
    state = LETTER.state_of(run.letter) if run.letter else None
    return (state.label, state.tone) if state else None


def _of_letter(name: str) -> Any:
    return lambda run: getattr(run.letter, name) if run.letter else None


TAKEN = ListPage(
    name="campaign_step_runs",
    title=_l("Follow-up, employer by employer"),
    select=_runs,
    key=StepRun.id,
    default_sort="-at",
    columns=(
        Column(
            "employer", _l("Employer"), lambda r: r.employer.name, sort=Employer.name,
            link=lambda r: url_if("employers.show", employer_id=r.employer_id),
            options=(joinedload(StepRun.employer).load_only(Employer.id, Employer.name),),
        ),
        Column(
            "step", _l("Step"), lambda r: f"{r.step.position}. {KIND_LABELS[r.step.kind]}",
            sort=CampaignStep.position, options=(joinedload(StepRun.step),),
        ),
        Column("result", _l("Result"), badge=lambda r: RESULT_LABELS[r.result], sort=StepRun.result),
        Column(
            "number", _l("Number of the letter"), lambda r: r.letter.number if r.letter else None,
            sort=Letter.serial,
            link=lambda r: url_if("letters.show", id=r.letter_id) if r.letter_id else None,
            options=(joinedload(StepRun.letter),),
        ),
        Column("letter_state", _l("At the post"), badge=_letter_state, sort=Letter.state),
        Column("reason", _l("Reason"), _why),
        Column("at", _l("When"), sort=StepRun.at, falling=True),
        Column("address", _l("Address"), _of_letter("address"), shown=False),
        Column("posted_on", _l("Posted on"), _of_letter("posted_on"), sort=Letter.posted_on, shown=False),
        Column("tracking_no", _l("Tracking number"), _of_letter("tracking_no"), shown=False),
        Column("opened_at", _l("Opened by the reader"), _of_letter("opened_at"), shown=False),
        Column("confirmed_at", _l("Confirmed"), _of_letter("confirmed_at"), shown=False),
        Column("asked_at", _l("Asked for help"), _of_letter("asked_at"), shown=False),
    ),
    fields=(
        Field("step", _l("Step"), Kind.NUMBER, CampaignStep.position),
        Field("kind", _l("What is done"), Kind.CHOICE, CampaignStep.kind, choices=choices_of(KIND_LABELS)),
        Field(
            "result", _l("Result"), Kind.CHOICE, StepRun.result,
            choices=tuple((one.value, label) for one, (label, _tone) in RESULT_LABELS.items()),
        ),
        Field("letter_state", _l("At the post"), Kind.CHOICE, Letter.state, choices=LETTER.choices),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("tracking_no", _l("Tracking number"), Kind.TEXT, Letter.tracking_no),
        Field("opened_at", _l("Opened by the reader"), Kind.MOMENT, Letter.opened_at),
        Field("confirmed_at", _l("Confirmed"), Kind.MOMENT, Letter.confirmed_at),
        Field("asked_at", _l("Asked for help"), Kind.MOMENT, Letter.asked_at),
        branch_field("branch", _l("Branch"), StepRun.branch_id),
        replace(PLACE, expression=StepRun.area_id),
        user_field("owner", _l("Responsible specialist"), StepRun.owner_id),
    ),
    quick=(
        Quick("letters", _l("Letters"), (rule("result", "in", [StepResult.ISSUED.value]),)),
        Quick("impossible", _l("Not possible"), (rule("result", "in", [StepResult.IMPOSSIBLE.value]),)),
    ),
    empty=Empty(
        _l("Nothing was to be done yet"), _l("Steps are taken when their time has passed."),
        icon="signpost-split",
    ),
    export_permission=Permission.VIEW,
    template="campaigns/drafting/list.html",
)  # fmt: skip
