"""The list of applications for relief."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field, user_field
from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.relief.applications.models import REQUEST_LABELS, ReliefApplication
from app.relief.applications.queries import listed
from app.relief.applications.workflow import APPLICATION
from app.relief.policy import Permission

_employer = select(Employer.name).where(Employer.id == ReliefApplication.employer_id).scalar_subquery()
_branch = select(Employer.branch_id).where(Employer.id == ReliefApplication.employer_id).scalar_subquery()
STATES = {state.name: state for state in APPLICATION.states}

APPLICATIONS = ListPage(
    name="relief_applications",
    title=_l("Applications for relief"),
    select=listed,
    key=ReliefApplication.id,
    default_sort="-id",
    search=lambda words: ReliefApplication.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    fields=(
        Field(
            "request", _l("Asked for"), Kind.CHOICE, ReliefApplication.request,
            choices=choices_of(REQUEST_LABELS),
        ),
        Field("state", _l("State"), Kind.CHOICE, ReliefApplication.state, choices=tuple(APPLICATION.choices)),
        Field("from_month", _l("First month of relief"), Kind.PERIOD, ReliefApplication.from_month),
        Field("to_month", _l("Last month of relief"), Kind.PERIOD, ReliefApplication.to_month),
        Field("decided_on", _l("Decided on"), Kind.DATE, ReliefApplication.decided_on),
        Field("heads", _l("Employees"), Kind.NUMBER, ReliefApplication.heads),
        user_field("made_by", _l("Entered by"), ReliefApplication.made_by_id),
        branch_field("branch", _l("Branch"), _branch),
    ),
    columns=(
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name, sort=_employer,
            link=lambda row: url_if("relief.show", id=row.id),
            options=(joinedload(ReliefApplication.employer).load_only(Employer.id, Employer.name),),
        ),
        Column("id", _l("Number"), sort=ReliefApplication.id, falling=True, number=True),
        Column("request", _l("Asked for"), value=lambda row: REQUEST_LABELS[row.request]),
        Column(
            "state", _l("State"), sort=ReliefApplication.state,
            badge=lambda row: (STATES[row.state.value].label, STATES[row.state.value].tone),
        ),
        Column("from_month", _l("First month of relief"), sort=ReliefApplication.from_month, falling=True),
        Column("to_month", _l("Last month of relief"), sort=ReliefApplication.to_month, falling=True),
        Column("heads", _l("Employees"), sort=ReliefApplication.heads, falling=True, number=True),
        Column("deferred", _l("Deferred"), sort=ReliefApplication.deferred, falling=True, number=True),
        Column(
            "saved", _l("Amount saved"), number=True,
            value=lambda row: row.employer_saves + row.employees_save,
        ),
        Column("document_no", _l("Document number"), sort=ReliefApplication.document_no, shown=False),
        Column("decided_on", _l("Decided on"), sort=ReliefApplication.decided_on, shown=False),
        Column(
            "made_by", _l("Entered by"), value=lambda row: row.made_by.name, shown=False,
            options=(name_of(ReliefApplication.made_by),),
        ),
    ),
    quick=(
        Quick("waiting", _l("Waiting for a decision"), (rule("state", "in", ["submitted", "reviewed"]),)),
        Quick("mine", _l("Mine"), (rule("made_by", "is_me"),)),
        Quick("drafts", _l("Drafts and returned"), (rule("state", "in", ["draft", "returned"]),)),
    ),
    links=(
        Link(_l("New application"), "relief.new", Permission.APPLY, "plus-lg", "primary"),
        Link(_l("Register of relief"), "relief_register.index", Permission.VIEW, "journal-text"),
    ),
    empty=Empty(
        _l("No applications yet"), _l("Start one from an employer's page, or choose the employer here."),
        _l("New application"), "relief.new", "umbrella",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
