"""The list of employers, and what criteria may ask of one: our fields, and those features contribute."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from sqlalchemy import Select, and_, func, literal, select, union_all
from wtforms import SelectField

from app.accounts.lists import branch_field, user_field
from app.accounts.models import User
from app.core.code_tables import code_field
from app.core.criteria.fields import Choice
from app.core.criteria.segments import Segment
from app.core.criteria.trees import Field, Fields, Kind, Tree, choices_of, compile_tree, field_map, rule
from app.core.db import db
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.forms.choices import offered
from app.core.listing.page import BulkAction, Empty, Link, ListPage, Quick
from app.core.permissions import Actor, current_actor
from app.employers import services
from app.employers.columns.lists import COLUMNS
from app.employers.models import (
    ACCOUNT_STATUS_LABELS,
    SOURCE_LABELS,
    Contact,
    Employer,
    EmployerContact,
    FormerName,
    Stage,
)
from app.employers.policy import Permission, visible_to
from app.employers.queries import listed, owners_within
from app.employers.search.queries import count_matching, matching

#: the list whose saved views are the segments of employers
LIST = "employers"


def stage_choices(_actor: Actor | None) -> list[Choice]:
    """The stages with the words of the lifecycle's declaration, in its order."""
    lifecycle = current_features().workflows.get("lifecycle")
    if lifecycle is None:
        return [(stage.value, stage.value) for stage in Stage]
    return [(state.name, state.label) for state in lifecycle.states]


_REACHABLE = (
    select(EmployerContact.id)
    .join(Contact)
    .where(
        EmployerContact.employer_id == Employer.id,
        EmployerContact.until.is_(None),
        Contact.mobile.is_not(None),
        Contact.invalid_since.is_(None),
    )
    .exists()
)

IDENTITY, WORK = _l("Identity"), _l("Care")
ACCOUNT, MONEY = _l("Account"), _l("Contributions")

FIELDS: tuple[Field, ...] = (
    Field("name", _l("Employer name"), Kind.TEXT, Employer.name, group=IDENTITY),
    Field(
        "former_name", _l("Former name"), Kind.TEXT, FormerName.name,
        within=lambda found: Employer.former_names.any(found), group=IDENTITY,
    ),
    Field("uscc", _l("Credit code"), Kind.CODE, Employer.uscc, group=IDENTITY),
    Field("registry_type", _l("Registry type"), Kind.TEXT, Employer.registry_type, group=IDENTITY),
    code_field(
        "economic_type", _l("Economic type"), "economic_type", Employer.economic_type, group=IDENTITY,
    ),
    code_field("industry", _l("Industry"), "industry", Employer.industry, group=IDENTITY),
    Field("industry_written", _l("Industry in words"), Kind.TEXT, Employer.industry_written, group=IDENTITY),
    code_field("affiliation", _l("Affiliation"), "affiliation", Employer.affiliation, group=IDENTITY),
    Field("established_on", _l("Established"), Kind.DATE, Employer.established_on, group=IDENTITY),
    Field("business_scope", _l("Business scope"), Kind.TEXT, Employer.business_scope, group=IDENTITY),
    Field("address", _l("Address"), Kind.TEXT, Employer.address, group=IDENTITY),
    Field("area", _l("Area"), Kind.TEXT, Employer.area, group=IDENTITY),
    Field("stage", _l("Stage"), Kind.CHOICE, Employer.stage, choices=stage_choices, group=WORK),
    Field("stage_since", _l("In this stage since"), Kind.MOMENT, Employer.stage_since, group=WORK),
    branch_field("branch", _l("Branch"), Employer.branch_id, group=WORK),
    user_field("owner", _l("Owner"), Employer.owner_id, group=WORK),
    user_field("backup_owner", _l("Backup owner"), Employer.backup_owner_id, group=WORK),
    user_field("first_contact_owner", _l("First contacted by"), Employer.first_contact_owner_id, group=WORK),
    Field("last_contact_on", _l("Last contact"), Kind.DATE, Employer.last_contact_on, group=WORK),
    Field(
        "reachable", _l("Has a mobile number in use"), Kind.BOOL, _REACHABLE, group=WORK,
        denied=_l("Has no mobile number in use"),
    ),
    Field(
        "source", _l("Source"), Kind.CHOICE, Employer.source,
        choices=choices_of(SOURCE_LABELS), group=WORK,
    ),
    Field(
        "eligible", _l("Must contribute"), Kind.BOOL, Employer.eligible, group=WORK,
        denied=_l("Need not contribute"),
    ),
    Field("created_at", _l("Added to the system"), Kind.MOMENT, Employer.created_at, group=WORK),
    Field("account_no", _l("Account number"), Kind.CODE, Employer.employer_account_no, group=ACCOUNT),
    Field(
        "account_status", _l("Account status"), Kind.CHOICE, Employer.account_status,
        choices=choices_of(ACCOUNT_STATUS_LABELS), group=ACCOUNT,
    ),
    Field(
        "account_opened_on", _l("Account opened on"), Kind.DATE, Employer.account_opened_on, group=ACCOUNT,
    ),
    Field(
        "employee_accounts_on", _l("Employee accounts set up on"), Kind.DATE, Employer.employee_accounts_on,
        group=ACCOUNT,
    ),
    Field(
        "online_signed_on", _l("Signed up online on"), Kind.DATE, Employer.online_signed_on, group=ACCOUNT,
    ),
    Field(
        "first_contribution_month", _l("First contribution month"), Kind.PERIOD,
        Employer.first_contribution_month, group=ACCOUNT,
    ),
    Field(
        "first_employee_added_on", _l("First employee added on"), Kind.DATE, Employer.first_employee_added_on,
        group=ACCOUNT,
    ),
    Field("heads", _l("Contributing employees"), Kind.NUMBER, Employer.heads, group=MONEY),
    Field("sealed_heads", _l("Sealed employees"), Kind.NUMBER, Employer.sealed_heads, group=MONEY),
    Field("insured_heads", _l("Insured employees"), Kind.NUMBER, Employer.insured_heads, group=MONEY),
    Field("employer_rate", _l("Employer rate"), Kind.RATE, Employer.employer_rate, group=MONEY),
    Field("employee_rate", _l("Employee rate"), Kind.RATE, Employer.employee_rate, group=MONEY),
    Field("monthly_amount", _l("Monthly amount"), Kind.MONEY, Employer.monthly_amount, group=MONEY),
    Field("paid_through", _l("Paid through"), Kind.PERIOD, Employer.paid_through, group=MONEY),
    Field("arrears_months", _l("Months in arrears"), Kind.NUMBER, Employer.arrears_months, group=MONEY),
    Field("statement_period", _l("Latest statement"), Kind.PERIOD, Employer.statement_period, group=MONEY),
    Field("pay_day", _l("Pay day"), Kind.NUMBER, Employer.pay_day, group=MONEY),
)  # fmt: skip


def employer_fields() -> Fields:
    """Every field of employers by name, with those contributed through manifests (`employer_fields`)."""
    return field_map(FIELDS, current_features().employer_fields)


def select_employers(tree: Tree, actor: Actor | None) -> Select[Employer]:
    """The employers in the actor's reach that the criteria describe; DomainError for criteria unknown."""
    return select(Employer).where(and_(visible_to(actor), compile_tree(tree, employer_fields(), actor)))


def select_employer_ids(segment: Segment, actor: Actor | None) -> Select[int]:
    """The ids of a segment's employers as this actor sees them; the system sees all."""
    return select_employers(segment.tree, actor).with_only_columns(Employer.id)


def count_employers(tree: Tree, actor: Actor | None) -> int:
    """How many employers the criteria describe, exactly."""
    ids = select_employers(tree, actor).with_only_columns(Employer.id)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def count_segments(saved: Sequence[Segment], actor: Actor | None) -> dict[int, int]:
    """How many employers each segment holds for this actor, in one query; broken segments are left out."""
    counts: list[Select[int, int]] = []
    for segment in saved:
        try:
            ids = select_employer_ids(segment, actor)
        except DomainError:
            continue
        counts.append(select(literal(segment.id), func.count()).select_from(ids.subquery()))
    if not counts:
        return {}
    return {row[0]: row[1] for row in db.session.execute(union_all(*counts))}


class OwnerForm(FlaskForm):  # type: ignore[misc]
    owner_id = SelectField(_l("Owner"), coerce=int)


def _assign_form(**formdata: Any) -> OwnerForm:
    form = OwnerForm(**formdata)
    form.owner_id.choices = offered([(0, "—"), *owners_within(current_actor())])
    return form


def _assign(employer: Employer, actor: Actor, form: FlaskForm) -> int:
    """The owner changes; a backup who becomes the owner is no backup any more."""
    owner = db.session.get(User, form.owner_id.data) if form.owner_id.data else None
    backup = None if employer.backup_owner is owner else employer.backup_owner
    return services.assign(employer, owner, backup, actor)


def tasks_passed_on(count: int) -> str:
    said: str = ngettext("%(num)s open task went along.", "%(num)s open tasks went along.", count)
    return said


EMPLOYERS = ListPage(
    name=LIST,
    endpoint="employers.index",
    title=_l("Employers"),
    select=listed,
    key=Employer.id,
    fields=employer_fields,
    search=matching,
    count_found=count_matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    always_read=(Employer.id, Employer.name, Employer.stage),
    default_sort="-heads",
    columns=COLUMNS,
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("prospects", _l("Prospects"), (rule("stage", "in", ["prospect", "engaged"]),)),
        Quick("arrears", _l("In arrears"), (rule("arrears_months", "ge", "1"),)),
        Quick("large_arrears", _l("10 or more employees"), (rule("heads", "ge", "10"),)),
        Quick("silent", _l("Not contacted in 90 days"), (rule("last_contact_on", "not_in_last_days", "90"),)),
    ),
    links=(
        Link(_l("Start a campaign"), "drafting.new", "campaigns:draft", "megaphone", view="segment"),
        Link(_l("Segments"), "employers.segments", Permission.VIEW, "bookmark"),
        Link(_l("Import"), "imports.index", Permission.EDIT, "upload"),
        Link(_l("New employer"), "employers.new", Permission.EDIT, "plus-lg", "primary"),
    ),
    empty=Empty(
        _l("No employers yet"), _l("Import the business registry or a monthly statement to begin."),
        _l("Import"), "imports.index", "building",
    ),
    bulk=(
        BulkAction(
            "assign", _l("Assign an owner"), Permission.ASSIGN, act=_assign, form=_assign_form,
            icon="person-check", follow_up=tasks_passed_on, undoable=True,
        ),
    ),
    more_bulk=lambda: current_features().employer_actions,
    export_permission=Permission.EXPORT,
    reveal_permission=Permission.REVEAL,
    publish_permission=Permission.PUBLISH,
)  # fmt: skip


def actions_on(
    part: Callable[[Any], Employer], *, but: Collection[str] = ()
) -> Callable[[], Sequence[BulkAction]]:
    """For a list whose rows contain an employer: what may be done to many employers, done to those."""

    def actions() -> Sequence[BulkAction]:
        known = (*EMPLOYERS.bulk, *current_features().employer_actions)
        return [one.on(part) for one in known if one.name not in but]

    return actions
