"""Every stay in the ledger as a list: what the figures lead to."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Field, Fields, Kind, choices_of, field_map
from app.core.links import url_if
from app.core.listing.page import Column, Empty, ListPage
from app.core.listing.parts import Badge
from app.employers.columns.lists import stage_badge
from app.employers.models import SOURCE_LABELS, Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.leads.ledger.lists import OWNER, STANDING, employer_actions, lead_fields
from app.leads.ledger.models import LEFT_LABELS, Lead, Left
from app.leads.ledger.queries import select_stays


def stay_fields() -> Fields:
    """Whatever may be asked of a lead, and when and why it left."""
    return field_map(
        lead_fields().values(),
        (
            Field("found_by", _l("Found by"), Kind.CHOICE, Lead.found_by,
                  choices=choices_of(SOURCE_LABELS), group=STANDING),
            Field("registered_on", _l("Opened its account on"), Kind.DATE, Lead.registered_on,
                  group=STANDING),
            Field("paid_on", _l("First paid on"), Kind.DATE, Lead.paid_on, group=STANDING),
            Field("left_on", _l("Left the ledger on"), Kind.DATE, Lead.left_on, group=STANDING),
            Field("left_why", _l("Left the ledger because"), Kind.CHOICE, Lead.left_why,
                  choices=choices_of(LEFT_LABELS), group=STANDING),
        ),
    )  # fmt: skip


def _left(lead: Lead) -> Badge | None:
    if lead.left_why is None:
        return None
    return LEFT_LABELS[lead.left_why], "good" if lead.left_why is Left.REGISTERED else "done"


def _name(lead: Lead) -> Any:
    return lead.employer.name


def _owner(lead: Lead) -> str | None:
    return lead.employer.owner.name if lead.employer.owner else None


STAYS = ListPage(
    name="lead_stays",
    endpoint="insight.stays",
    title=_l("All leads of all time"),
    lead=_l("Every stay in the ledger: when it began, how far it got, and why it ended."),
    select=select_stays,
    key=Lead.id,
    fields=stay_fields,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="-found_on",
    columns=(
        Column("name", _l("Employer name"), _name, sort=Employer.name,
               link=lambda row: url_if("employers.show", employer_id=row.employer_id)),
        Column("stage", _l("Stage"), badge=lambda row: stage_badge(row.employer), sort=Employer.stage),
        Column("found_on", _l("Found on"), sort=Lead.found_on, falling=True),
        Column("found_by", _l("Found by"), lambda row: SOURCE_LABELS.get(row.found_by, row.found_by),
               sort=Lead.found_by),
        Column("contacted_on", _l("Spoken to"), sort=Lead.contacted_on, falling=True),
        Column("met_on", _l("Met in person"), sort=Lead.met_on, falling=True),
        Column("registered_on", _l("Account opened"), sort=Lead.registered_on, falling=True),
        Column("paid_on", _l("First paid"), sort=Lead.paid_on, falling=True),
        Column("left_on", _l("Left on"), sort=Lead.left_on, falling=True),
        Column("left_why", _l("Why it left"), badge=_left, sort=Lead.left_why),
        Column("owner", _l("Owner"), _owner, options=(OWNER,)),
        Column("uscc", _l("Credit code"), lambda row: row.employer.uscc, sort=Employer.uscc, shown=False),
        Column("insured_heads", _l("Insured employees"), lambda row: row.employer.insured_heads,
               sort=Employer.insured_heads, falling=True, number=True, shown=False),
        Column("address", _l("Address"), lambda row: row.employer.address, shown=False),
    ),
    empty=Empty(_l("No leads yet"), _l("Import the company registry to begin.")),
    more_bulk=employer_actions,
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip
