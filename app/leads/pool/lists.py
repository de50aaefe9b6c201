"""What lists of employers may ask of claimed leads."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, bindparam, select

from app.core.criteria.trees import Field, Kind
from app.employers.models import Employer
from app.leads.ledger.lists import STANDING
from app.leads.ledger.models import Lead
from app.leads.pool.queries import half_idle, lying

_since = bindparam("half_idle", callable_=half_idle, type_=Date())
# the list of leads has the table of stays in its own statement: only the employer is taken from there
_lying = select(Lead.id).where(Lead.employer_id == Employer.id, lying(_since)).correlate(Employer).exists()

#: the same leads that the page of specialists counts
LIES = Field(
    "lead_lies", _l("Has lain for half the time after which it goes back to the pool"), Kind.BOOL, _lying,
    group=STANDING, denied=_l("Has not lain for half the time after which it goes back to the pool"),
)  # fmt: skip
