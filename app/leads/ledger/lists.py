"""The lead ledger (促建任务台账): firms without an account, in the order that the department has set."""

from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import bindparam, type_coerce
from sqlalchemy.orm import contains_eager, selectinload

from app.accounts.models import User
from app.core.clock import today
from app.core.criteria.trees import Field, Fields, Kind, field_map, rule
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.listing.parts import Badge
from app.employers.columns.lists import stage_badge
from app.employers.lists import actions_on, employer_fields
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import count_matching, matching
from app.leads.ledger import queries
from app.leads.ledger.models import Lead
from app.leads.ledger.policy import (
    INSURED_BELOW,
    REGISTER_DAYS,
    AccountsDue,
    RegistrationDue,
    due_after,
    new_since,
)
from app.leads.policy import Permission
from app.lifecycle.policy import ACCOUNT_DAYS

REGISTRATION_DUE = type_coerce(Employer.established_on, RegistrationDue)
ACCOUNTS_DUE = type_coerce(Employer.account_opened_on, AccountsDue)
_new_since = bindparam("new_since", callable_=new_since, type_=Employer.established_on.type)
_below = bindparam("insured_below", callable_=INSURED_BELOW.value, type_=Employer.insured_heads.type)
CLOCKS, STANDING = _l("Time limits of the law"), _l("Lead ledger")

#: what lists of employers may ask of the clocks, wherever an employer stands
EMPLOYER_FIELDS = (
    Field("registration_due", _l("Registration due on"), Kind.DATE, REGISTRATION_DUE, group=CLOCKS),
    Field(
        "registration_overdue", _l("Registration is overdue"), Kind.BOOL,
        bindparam("day", callable_=today, type_=RegistrationDue()) > REGISTRATION_DUE, group=CLOCKS,
        denied=_l("Registration is not overdue"),
    ),
    Field("accounts_due", _l("Employee accounts due on"), Kind.DATE, ACCOUNTS_DUE, group=CLOCKS),
    Field(
        "new_firm", _l("Is a new firm"), Kind.BOOL, Employer.established_on >= _new_since, group=STANDING,
        denied=_l("Is no new firm"),
    ),
    Field(
        "small_unit", _l("Is a small unit of the insurance comparison"), Kind.BOOL,
        Employer.insured_heads < _below, group=STANDING,
        denied=_l("Is no small unit of the insurance comparison"),
    ),
)  # fmt: skip
LEAD_FIELDS = (
    Field("found_on", _l("In the ledger since"), Kind.DATE, Lead.found_on, group=STANDING),
    Field("claimed_on", _l("With its owner since"), Kind.DATE, Lead.claimed_on, group=STANDING),
    Field("contacted_on", _l("First spoken to"), Kind.DATE, Lead.contacted_on, group=STANDING),
    Field("met_on", _l("First met in person"), Kind.DATE, Lead.met_on, group=STANDING),
)


def lead_fields() -> Fields:
    """Whatever may be asked of an employer, and of its stay in the ledger."""
    return field_map(employer_fields().values(), LEAD_FIELDS)


def registration_due(employer: Employer) -> Badge | None:
    """How far the day is by which a firm without an account must have registered."""
    due = due_after(employer.established_on, REGISTER_DAYS)
    return None if due is None else (formats.due(due), formats.due_tone(due))


def accounts_due(employer: Employer) -> Badge | None:
    """The same of the accounts of its employees, once it has registered."""
    due = due_after(employer.account_opened_on, ACCOUNT_DAYS)
    return None if due is None else (formats.due(due), formats.due_tone(due))


def _employer(lead: Lead) -> Employer:
    return lead.employer


employer_actions = actions_on(_employer)


def whole(text: str) -> str:
    """Reasons that are never cut short in a list; where they need several lines, each stays on one.

    The dot belongs to the reason before it: alone it would take a line of its own on a phone.
    """
    *others, last = text.split(" · ")
    each = Markup(" ").join(
        Markup("<span>{}</span>").format(one) for one in (*(f"{o} ·" for o in others), last)
    )
    return Markup('<span class="whole">{}</span>').format(each)


def why_shown(lead: Lead) -> str:
    """Why a lead stands where it stands, for a page that is no list."""
    return whole(queries.why_here(lead))


def _of(name: str) -> Any:
    return lambda lead: getattr(lead.employer, name)


#: the owner in the same statement, by name only
OWNER = contains_eager(Lead.employer).joinedload(Employer.owner).load_only(User.id, User.name).lazyload("*")

LEADS = ListPage(
    name="leads",
    endpoint="leads.index",
    title=_l("Lead ledger"),
    select=queries.select_leads,
    key=Lead.id,
    fields=lead_fields,
    search=matching,
    count_found=count_matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="-priority",
    columns=(
        Column(
            "name", _l("Employer name"), _of("name"), sort=Employer.name,
            link=lambda row: url_if("employers.show", employer_id=row.employer_id),
        ),
        Column("stage", _l("Stage"), badge=lambda row: stage_badge(row.employer), sort=Employer.stage),
        Column("priority", _l("Why here"), value=queries.why_here, sort=Lead.rank, falling=True,
               format=whole),
        Column(
            "registration_due", _l("Registration"), badge=lambda row: registration_due(row.employer),
            sort=Employer.established_on,
        ),
        Column("sources", _l("Sources"), queries.named_by, options=(selectinload(Lead.listings),)),
        Column("established_on", _l("Established"), _of("established_on"), sort=Employer.established_on,
               falling=True, shown=False),
        Column(
            "insured_heads", _l("Insured employees"), _of("insured_heads"), sort=Employer.insured_heads,
            falling=True, number=True, shown=False,
        ),
        Column("area", _l("Area"), _of("area"), sort=Employer.area, shown=False),
        Column("address", _l("Address"), _of("address"), shown=False),
        Column("uscc", _l("Credit code"), _of("uscc"), sort=Employer.uscc, shown=False),
        Column(
            "owner", _l("Owner"), value=lambda row: row.employer.owner.name if row.employer.owner else None,
            options=(OWNER,),
        ),
        Column("last_contact_on", _l("Last contact"), _of("last_contact_on"), sort=Employer.last_contact_on,
               falling=True),
        Column("found_on", _l("In the ledger since"), sort=Lead.found_on, falling=True, shown=False),
        Column("claimed_on", _l("With its owner since"), sort=Lead.claimed_on, falling=True, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("pool", _l("Unclaimed"), (rule("owner", "empty"),)),
        Quick("new", _l("New firms"), (rule("new_firm", "yes"),)),
        Quick("small", _l("Small units of the insurance comparison"), (rule("small_unit", "yes"),)),
        Quick("overdue", _l("Registration overdue"), (rule("registration_overdue", "yes"),)),
        Quick("silent", _l("Never spoken to"), (rule("contacted_on", "empty"),)),
    ),
    links=(
        Link(_l("A day of visits"), "route.index", Permission.VIEW, "signpost-2"),
        Link(_l("Enter a tip or referral"), "tips.new", Permission.CLAIM, "megaphone"),
    ),
    empty=Empty(
        _l("No leads yet"),
        _l("Import the company registry, the bank's list of new accounts or the insurance comparison."),
    ),
    more_bulk=employer_actions,
    export_permission=EmployerPermission.EXPORT,
    template="leads/ledger.html",
)  # fmt: skip
