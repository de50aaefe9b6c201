"""The columns of the list of employers; those that other lists of employers show as well have names."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Branch, User
from app.accounts.queries import name_of, reaches_several_branches
from app.core.code_tables import label as code_label
from app.core.features import current_features
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import Column
from app.employers.models import (
    ACCOUNT_STATUS_LABELS,
    Contact,
    ContactRole,
    Employer,
)


def stage_badge(row: Employer) -> tuple[object, str]:
    lifecycle = current_features().workflows.get("lifecycle")
    if lifecycle is None:
        return row.stage.value, "neutral"
    state = lifecycle.state_of(row)
    return state.label, state.tone.value


def _handler(row: Employer) -> Contact | None:
    """The present handler, or whoever else is there to speak to."""
    present = [link for link in row.contacts if link.until is None]
    handlers = [link.contact for link in present if link.role is ContactRole.HANDLER]
    return next(iter(handlers or [link.contact for link in present]), None)


def _mobile(row: Employer) -> str | None:
    handler = _handler(row)
    return handler.mobile if handler else None


def _handler_name(row: Employer) -> str | None:
    handler = _handler(row)
    return handler.name if handler else None


def _legal_rep_name(row: Employer) -> str | None:
    present = [link for link in row.contacts if link.until is None]
    return next((link.contact.name for link in present if link.role is ContactRole.LEGAL_REP), None)


_CONTACTS = (selectinload(Employer.contacts),)
_owner_name = select(User.name).where(User.id == Employer.owner_id).scalar_subquery()
_branch_path = select(Branch.path).where(Branch.id == Employer.branch_id).scalar_subquery()


def _code_column(name: str, label: Any, table: str) -> Column:
    """A column that holds a code, shown in words."""
    return Column(
        name, label, value=lambda row: code_label(table, getattr(row, name)) or None,
        sort=getattr(Employer, name), shown=False,
    )  # fmt: skip


def _user_column(name: str, label: Any) -> Column:
    """A column that holds somebody of the department."""
    return Column(
        name, label, value=lambda row: one.name if (one := getattr(row, name)) else None,
        shown=False, options=(name_of(getattr(Employer, name)),),
    )  # fmt: skip


#: of every list of employers
OWNER_COLUMN = Column(
    "owner", _l("Owner"), value=lambda row: row.owner.name if row.owner else None, sort=_owner_name,
    options=(name_of(Employer.owner),),
)  # fmt: skip

COLUMNS: tuple[Column, ...] = (
    Column(
        "name", _l("Employer name"), sort=Employer.name,
        link=lambda row: url_if("employers.show", employer_id=row.id),
    ),
    Column("stage", _l("Stage"), badge=stage_badge, sort=Employer.stage),
    Column("uscc", _l("Credit code"), sort=Employer.uscc, shown=False),
    Column("employer_account_no", _l("Account number"), sort=Employer.employer_account_no),
    Column("heads", _l("Contributing employees"), sort=Employer.heads, falling=True, number=True),
    Column("paid_through", _l("Paid through"), sort=Employer.paid_through, number=True),
    Column(
        "arrears_months", _l("Months in arrears"), sort=Employer.arrears_months, falling=True,
        number=True,
    ),
    Column(
        "monthly_amount", _l("Monthly amount"), sort=Employer.monthly_amount, falling=True, number=True,
        format=formats.money, export=lambda row: row.monthly_amount,
    ),
    OWNER_COLUMN,
    Column(
        "branch", _l("Branch"), value=lambda row: row.branch.name, sort=_branch_path,
        options=(joinedload(Employer.branch).load_only(Branch.id, Branch.name),),
        shown=reaches_several_branches,
    ),
    Column("last_contact_on", _l("Last contact"), sort=Employer.last_contact_on, falling=True),
    Column("data_quality", _l("Data quality"), sort=Employer.data_quality, number=True, shown=False),
    Column("area", _l("Area"), sort=Employer.area, shown=False),
    Column("handler", _l("Handler"), value=_handler_name, shown=False, options=_CONTACTS),
    Column(
        "mobile", _l("Handler's mobile"), value=_mobile, format=formats.masked_phone, export=_mobile,
        personal=True, shown=False, options=_CONTACTS,
    ),
    Column(
        "legal_rep", _l("Legal representative"), value=_legal_rep_name, shown=False, options=_CONTACTS
    ),
    Column("established_on", _l("Established"), sort=Employer.established_on, falling=True, shown=False),
    Column(
        "industry_written", _l("Industry in words"), sort=Employer.industry_written, shown=False
    ),
    Column("registry_type", _l("Registry type"), sort=Employer.registry_type, shown=False),
    *(
        _code_column(name, label, table)
        for name, label, table in (
            ("unit_type", _l("Unit type"), "unit_type"),
            ("economic_type", _l("Economic type"), "economic_type"),
            ("industry", _l("Industry"), "industry"),
            ("affiliation", _l("Affiliation"), "affiliation"),
            ("operating_status", _l("Operating status"), "operating_status"),
            ("operating_status_source", _l("Operating status: source"), "fact_source"),
            ("bank_code", _l("Entrusted bank"), "bank"),
            ("account_closing_reason", _l("Reason for closing the account"), "closing_reason"),
            ("insured_source", _l("Insured employees: source"), "fact_source"),
        )
    ),
    *(
        Column(name, label, sort=getattr(Employer, name), falling=True, shown=False)
        for name, label in (
            ("operating_status_as_of", _l("Operating status: as of")),
            ("insured_as_of", _l("Insured employees: as of")),
            ("first_contribution_month", _l("First contribution month")),
            ("account_closed_on", _l("Account closed on")),
        )
    ),
    *(
        Column(name, label, sort=getattr(Employer, name), shown=False)
        for name, label in (
            ("registered_capital", _l("Registered capital")),
            ("bank_name", _l("Office of the entrusted bank")),
            ("postal_code", _l("Postal code")),
            ("email", _l("E-mail")),
        )
    ),
    Column(
        "account_status", _l("Account status"), sort=Employer.account_status, shown=False,
        value=lambda row: ACCOUNT_STATUS_LABELS[row.account_status] if row.account_status else None,
    ),
    Column(
        "account_balance", _l("Account balance"), sort=Employer.account_balance, falling=True,
        number=True, format=formats.money, export=lambda row: row.account_balance, shown=False,
    ),
    Column("sealed_heads", _l("Sealed employees"), sort=Employer.sealed_heads, falling=True,
           number=True, shown=False),
    Column("pay_day", _l("Pay day"), sort=Employer.pay_day, number=True, shown=False),
    _user_column("backup_owner", _l("Backup owner")),
    _user_column("first_contact_owner", _l("First contacted by")),
    Column("insured_heads", _l("Insured employees"), sort=Employer.insured_heads, falling=True,
           number=True, shown=False),
    Column("employer_rate", _l("Employer rate"), sort=Employer.employer_rate, format=formats.rate,
           number=True, shown=False),
    Column("employee_rate", _l("Employee rate"), sort=Employer.employee_rate, format=formats.rate,
           number=True, shown=False),
    Column("account_opened_on", _l("Account opened on"), sort=Employer.account_opened_on, falling=True,
           shown=False),
    Column("online_signed_on", _l("Signed up online on"), sort=Employer.online_signed_on, falling=True,
           shown=False),
    Column("stage_since", _l("In this stage since"), sort=Employer.stage_since, falling=True,
           format=formats.date, shown=False),
    Column("address", _l("Address"), shown=False),
)  # fmt: skip
