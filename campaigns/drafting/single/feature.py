"""The manifest of sending one record to one employer."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Field, Kind
from app.core.features import Feature
from app.core.merging.moving import Mover
from app.employers.models import Employer
from campaigns.drafting.single.models import SingleSending
from campaigns.drafting.single.queries import employer_told
from campaigns.drafting.single.services import FIELD
from campaigns.drafting.single.views import blueprint

ONE_EMPLOYER = Field(
    FIELD,
    _l("Record number of the employer"),
    Kind.NUMBER,
    Employer.id,
    group=_l("Care"),
    told=employer_told,
)

feature = Feature(
    name="single",
    blueprint=blueprint,
    employer_fields=(ONE_EMPLOYER,),
    movers=(
        Mover(
            SingleSending.__tablename__,
            _l("What was sent to one employer"),
            "record_id",
            stays=_l("It tells which record a campaign sent."),
        ),
    ),
)
