"""What criteria over employers may ask of the runs of rules."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.criteria.trees import Field, Kind
from app.employers.models import Employer
from campaigns.recurring.models import Turn
from campaigns.recurring.policy import FIELD


def _had(found: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Turn.id).where(Turn.employer_id == Employer.id, found).exists()


FIELDS = (
    Field(
        FIELD, _l("Number of a recurring rule's run"), Kind.NUMBER, Turn.run_id, within=_had, group=_l("Care")
    ),
)
