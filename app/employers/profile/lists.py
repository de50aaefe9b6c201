"""What criteria may ask of an employer beyond the plain facts: codes, dated facts and risk flags."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.code_tables import code_field
from app.core.criteria import Field, Kind
from app.employers.lists import ACCOUNT, IDENTITY, MONEY, WORK
from app.employers.models import Employer
from app.employers.profile.models import RiskFlag
from app.employers.profile.policy import Permission
from app.employers.profile.queries import standing

FIELDS = (
    code_field("unit_type", _l("Unit type"), "unit_type", Employer.unit_type, group=IDENTITY),
    code_field(
        "operating_status", _l("Operating status"), "operating_status", Employer.operating_status,
        group=IDENTITY,
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
    Field("account_closed_on", _l("Account closed on"), Kind.DATE, Employer.account_closed_on, group=ACCOUNT),
    Field("insured_as_of", _l("Insured employees: as of"), Kind.DATE, Employer.insured_as_of, group=MONEY),
    Field("account_balance", _l("Account balance"), Kind.MONEY, Employer.account_balance, group=MONEY),
)  # fmt: skip
