"""What criteria may ask of an employer beyond the plain facts: codes, dated facts and risk flags."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.code_tables import code_field
from app.core.criteria.trees import Field, Kind
from app.employers.lists import ACCOUNT, IDENTITY, MONEY, WORK
from app.employers.models import Employer
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.profile.policy import Permission
from app.employers.profile.queries import standing

FIELDS = (
    code_field("unit_type", _l("Unit type"), "unit_type", Employer.unit_type, group=IDENTITY),
    code_field(
        "operating_status", _l("Operating status"), "operating_status", Employer.operating_status,
        group=IDENTITY,
    ),
    code_field(
        "operating_status_source", _l("Operating status: source"), "fact_source",
        Employer.operating_status_source, group=IDENTITY,
    ),
    Field(
        "registered_capital", _l("Registered capital"), Kind.TEXT, Employer.registered_capital,
        group=IDENTITY,
    ),
    Field("postal_code", _l("Postal code"), Kind.CODE, Employer.postal_code, group=IDENTITY),
    Field("email", _l("E-mail"), Kind.TEXT, Employer.email, group=IDENTITY),
    Field("heard_on", _l("First heard of on"), Kind.DATE, Employer.source_as_of, group=WORK),
    Field("updated_at", _l("Last changed"), Kind.MOMENT, Employer.updated_at, group=WORK),
    Field(
        "noted_on", _l("Service note"), Kind.EVENT, ServiceNote.created_at, group=WORK,
        permission=Permission.VIEW,
        within=lambda found: select(ServiceNote.id)
        .where(ServiceNote.employer_id == Employer.id, found)
        .exists(),
    ),
    Field(
        "operating_status_as_of", _l("Operating status: as of"), Kind.DATE, Employer.operating_status_as_of,
        group=IDENTITY,
    ),
    code_field(
        "risk", _l("Risk flag"), "risk", RiskFlag.code, group=WORK, permission=Permission.VIEW,
        within=lambda found: select(RiskFlag.id)
        .where(RiskFlag.employer_id == Employer.id, standing(), found)
        .exists(),
    ),
    Field("data_quality", _l("Data quality"), Kind.NUMBER, Employer.data_quality, group=WORK),
    code_field("bank", _l("Entrusted bank"), "bank", Employer.bank_code, group=ACCOUNT),
    Field("bank_name", _l("Office of the entrusted bank"), Kind.TEXT, Employer.bank_name, group=ACCOUNT),
    code_field(
        "account_closing_reason", _l("Reason for closing the account"), "closing_reason",
        Employer.account_closing_reason, group=ACCOUNT,
    ),
    Field("account_closed_on", _l("Account closed on"), Kind.DATE, Employer.account_closed_on, group=ACCOUNT),
    code_field(
        "insured_source", _l("Insured employees: source"), "fact_source", Employer.insured_source,
        group=MONEY,
    ),
    Field("insured_as_of", _l("Insured employees: as of"), Kind.DATE, Employer.insured_as_of, group=MONEY),
    Field("account_balance", _l("Account balance"), Kind.MONEY, Employer.account_balance, group=MONEY),
)  # fmt: skip
