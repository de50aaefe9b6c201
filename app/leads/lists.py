"""The lead ledger (促建任务台账): firms without an account, the most promising first.

New firms come first, then those with more insured employees: the department's order for its sources.
"""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, bindparam, case, func, select

from app.accounts.queries import name_of
from app.core.clock import today
from app.core.criteria import rule
from app.core.features import current_features
from app.core.links import url_if
from app.core.listing import Column, Empty, ListPage
from app.core.permissions import Actor
from app.employers.lists import EMPLOYERS, employer_fields, stage_badge
from app.employers.models import Employer, Stage
from app.employers.policy import Permission as EmployerPermission
from app.employers.policy import visible_to
from app.employers.search.queries import matching

#: a firm counts as new for so long after it was established
NEW_FOR = timedelta(days=365)
#: more than any head count, so that new firms come first
FIRST = 10_000_000

_new_since = bindparam("new_since", callable_=lambda: today() - NEW_FOR, type_=Employer.established_on.type)
_is_new = Employer.established_on >= _new_since
_priority = case((_is_new, FIRST), else_=0) + func.coalesce(Employer.insured_heads, 0)


def select_leads(actor: Actor | None) -> Select[Employer]:
    """Firms in reach that have no account yet and must contribute, as far as is known."""
    stages = (Stage.PROSPECT, Stage.ENGAGED)
    return select(Employer).where(visible_to(actor), Employer.stage.in_(stages))


def why_here(lead: Employer) -> str:
    """Why a lead stands where it stands."""
    reasons = []
    if lead.established_on and lead.established_on >= today() - NEW_FOR:
        reasons.append(_("new firm"))
    if lead.insured_heads:
        reasons.append(_("%(heads)s insured", heads=lead.insured_heads))
    return " · ".join(reasons) or _("no sign of employees yet")


LEADS = ListPage(
    name="leads",
    endpoint="leads.index",
    title=_l("Lead ledger"),
    lead=_l("Firms without an account: new ones first, then by insured employees."),
    select=select_leads,
    key=Employer.id,
    fields=employer_fields,
    default={"match": "all", "rules": [rule("eligible", "yes")]},
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="-priority",
    columns=(
        Column(
            "name",
            _l("Employer name"),
            sort=Employer.name,
            link=lambda row: url_if("employers.show", employer_id=row.id),
        ),
        Column("stage", _l("Stage"), badge=stage_badge, sort=Employer.stage),
        Column("priority", _l("Why here"), value=why_here, sort=_priority, falling=True),
        Column("established_on", _l("Established"), sort=Employer.established_on, falling=True),
        Column(
            "insured_heads", _l("Insured employees"), sort=Employer.insured_heads, falling=True, number=True
        ),
        Column("area", _l("Area"), sort=Employer.area),
        Column("address", _l("Address"), shown=False),
        Column("uscc", _l("Credit code"), sort=Employer.uscc, shown=False),
        Column(
            "owner",
            _l("Owner"),
            value=lambda row: row.owner.name if row.owner else None,
            options=(name_of(Employer.owner),),
        ),
        Column("last_contact_on", _l("Last contact"), sort=Employer.last_contact_on, falling=True),
    ),
    empty=Empty(
        _l("No leads yet"),
        _l("Import the company registry, the bank's list of new accounts or the insurance comparison."),
    ),
    bulk=EMPLOYERS.bulk,
    more_bulk=lambda: current_features().employer_actions,
    export_permission=EmployerPermission.EXPORT,
)
