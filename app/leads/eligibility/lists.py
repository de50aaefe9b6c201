"""What is held of employers' duty as a list; what is unclear first."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import joinedload
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.forms.choices import offered
from app.core.language.i18n import translated
from app.core.language.text import clean
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.listing.parts import Badge, BulkAction
from app.core.permissions import Actor, may, present_actor
from app.employers.columns.lists import stage_badge
from app.employers.lists import stage_choices
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.leads.eligibility import queries
from app.leads.eligibility.models import SPARED, VERDICT_LABELS, Eligibility, Verdict
from app.leads.eligibility.services import decide
from app.leads.policy import Permission


class DecisionForm(FlaskForm):  # type: ignore[misc]
    verdict = SelectField(
        _l("Judgement"), coerce=Verdict,
        choices=offered({one: label for one, label in VERDICT_LABELS.items() if one is not Verdict.UNCLEAR}),
    )  # fmt: skip
    reason = StringField(
        _l("Reason"), [InputRequired(), Length(max=200)], filters=[lambda value: clean(value or "")]
    )


def _badge(held: Eligibility) -> Badge:
    tones = {Verdict.UNCLEAR: "warning", **dict.fromkeys(SPARED, "done")}
    return VERDICT_LABELS[held.verdict], tones.get(held.verdict, "good")


def _where(held: Eligibility) -> str | None:
    """To the decision, for those who may decide; for others to the firm."""
    actor = present_actor()
    decides = actor is not None and may(actor, Permission.CLAIM)
    return url_if("eligibility.decide" if decides else "employers.show", employer_id=held.employer_id)


def _decide(held: Eligibility, actor: Actor, form: Any) -> None:
    decide(held.employer, form.verdict.data, form.reason.data, actor)


ELIGIBILITY = ListPage(
    name="eligibility",
    endpoint="eligibility.index",
    title=_l("Who must contribute"),
    lead=_l("Firms of which a rule or a person has said something; the unclear ones wait for a decision."),
    select=queries.held,
    key=Eligibility.id,
    columns=(
        Column("name", _l("Employer name"), lambda row: row.employer.name, sort=Employer.name,
               link=_where),
        Column("verdict", _l("Duty to contribute"), badge=_badge, sort=Eligibility.verdict),
        Column("reason", _l("Reason"), lambda row: translated(row.reason)),
        Column("stage", _l("Stage"), badge=lambda row: stage_badge(row.employer), sort=Employer.stage),
        Column("uscc", _l("Credit code"), lambda row: row.employer.uscc, sort=Employer.uscc),
        Column("by", _l("Decided by"), lambda row: row.by.name if row.by else None,
               options=(joinedload(Eligibility.by).load_only(User.id, User.name).lazyload("*"),)),
        Column("decided_on", _l("Judged on"), sort=Eligibility.decided_on, falling=True),
    ),
    default_sort="-decided_on",
    default={"match": "all", "rules": [rule("verdict", "in", [Verdict.UNCLEAR.value])]},
    fields=(
        Field("verdict", _l("Duty to contribute"), Kind.CHOICE, Eligibility.verdict,
              choices=choices_of(VERDICT_LABELS)),
        Field("reason", _l("Reason"), Kind.TEXT, Eligibility.reason),
        Field("decided_on", _l("Judged on"), Kind.DATE, Eligibility.decided_on),
        Field("stage", _l("Stage"), Kind.CHOICE, Employer.stage, choices=stage_choices),
        user_field("by", _l("Decided by"), Eligibility.by_id),
        branch_field("branch", _l("Branch"), Employer.branch_id),
    ),
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    quick=(Quick("by_hand", _l("Decided by hand"), (rule("by", "not_empty"),)),),
    links=(Link(_l("Rules"), "eligibility.rules", Permission.VIEW, "list-check"),),
    bulk=(
        BulkAction("decide", _l("Decide"), Permission.CLAIM, act=_decide, form=DecisionForm,
                   icon="check2-circle", undoable=True),
    ),
    empty=Empty(
        _l("No firm to judge yet"), _l("Import the company registry to begin."), _l("Import"), "imports.index"
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
