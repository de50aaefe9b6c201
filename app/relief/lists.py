"""The register of relief, and what criteria over employers may ask of it."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from app.accounts.lists import branch_field
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.relief.models import KIND_LABELS, ReliefDecision
from app.relief.policy import Permission
from app.relief.queries import LAST_MONTH, listed
from app.relief.workflow import OVER, RELIEF_TERM

_employer = select(Employer.name).where(Employer.id == ReliefDecision.employer_id).scalar_subquery()
_branch = select(Employer.branch_id).where(Employer.id == ReliefDecision.employer_id).scalar_subquery()
STATES = {state.name: state for state in RELIEF_TERM.states}
_KIND = choices_of(KIND_LABELS)
_STATE = tuple(RELIEF_TERM.choices)


def _granted(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """Lifts a condition on a decision to one on its employer."""
    return select(ReliefDecision.id).where(ReliefDecision.employer_id == Employer.id, found).exists()


EMPLOYER_FIELDS = tuple(
    Field(name, label, kind, expression, choices=choices, within=_granted, group=_l("Relief"))
    for name, label, kind, expression, choices in (
        ("relief_kind", _l("Kind of relief"), Kind.CHOICE, ReliefDecision.kind, _KIND),
        ("relief_state", _l("State of relief"), Kind.CHOICE, ReliefDecision.state, _STATE),
        ("relief_ends", _l("Last month of relief"), Kind.PERIOD, LAST_MONTH, ()),
    )
)

REGISTER = ListPage(
    name="relief",
    title=_l("Register of relief"),
    lead=_l("Every approved deferment and rate reduction, whether a list or an application brought it."),
    select=listed,
    key=ReliefDecision.id,
    default_sort="-from_month",
    search=lambda words: ReliefDecision.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    fields=(
        Field("kind", _l("Kind of relief"), Kind.CHOICE, ReliefDecision.kind, choices=_KIND),
        Field("state", _l("State"), Kind.CHOICE, ReliefDecision.state, choices=_STATE),
        Field("from_month", _l("First month of relief"), Kind.PERIOD, ReliefDecision.from_month),
        Field("last_month", _l("Last month of relief"), Kind.PERIOD, LAST_MONTH),
        Field("decided_on", _l("Decided on"), Kind.DATE, ReliefDecision.decided_on),
        Field("heads", _l("Employees"), Kind.NUMBER, ReliefDecision.heads),
        Field("monthly_amount", _l("Amount a month"), Kind.MONEY, ReliefDecision.monthly_amount),
        Field("document_no", _l("Document number"), Kind.TEXT, ReliefDecision.document_no),
        branch_field("branch", _l("Branch"), _branch),
    ),
    columns=(
        Column(
            "employer", _l("Employer"), value=lambda row: row.employer.name, sort=_employer,
            link=lambda row: url_if("relief_register.show", id=row.id),
            options=(joinedload(ReliefDecision.employer).load_only(Employer.id, Employer.name),),
        ),
        Column(
            "kind", _l("Kind of relief"), value=lambda row: KIND_LABELS[row.kind], sort=ReliefDecision.kind,
        ),
        Column(
            "state", _l("State"), sort=ReliefDecision.state,
            badge=lambda row: (STATES[row.state.value].label, STATES[row.state.value].tone),
        ),
        Column("from_month", _l("First month of relief"), sort=ReliefDecision.from_month, falling=True),
        Column(
            "last_month",
            _l("Last month of relief"),
            lambda d: d.last_month if d.months else None,
            sort=LAST_MONTH,
            falling=True,
        ),
        Column("heads", _l("Employees"), sort=ReliefDecision.heads, falling=True, number=True),
        Column(
            "monthly_amount", _l("Amount a month"), sort=ReliefDecision.monthly_amount, falling=True,
            number=True,
        ),
        Column("amount", _l("Amount"), number=True),
        Column("employer_rate", _l("Approved employer rate"), sort=ReliefDecision.employer_rate, shown=False),
        Column("employee_rate", _l("Approved employee rate"), sort=ReliefDecision.employee_rate, shown=False),
        Column("document_no", _l("Document number")),
        Column("decided_on", _l("Decided on"), sort=ReliefDecision.decided_on, falling=True),
    ),
    quick=(
        Quick("running", _l("Running"), (rule("state", "in", ["running"]),)),
        Quick("open", _l("Ended, nothing agreed"), (rule("state", "in", list(OVER)),)),
        Quick("making_up", _l("Making up"), (rule("state", "in", ["resumed"]),)),
    ),
    links=(
        Link(_l("Figures of the register"), "relief_register.figures", Permission.VIEW, "calculator"),
        Link(_l("New application"), "relief.new", Permission.APPLY, "plus-lg", "primary"),
    ),
    empty=Empty(
        _l("No decision is entered yet"), _l("Import the list of decisions, or approve an application."),
        _l("New application"), "relief.new", "umbrella",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
