"""The area as a field of criteria: a place and everything in it."""

from flask_babel import lazy_gettext as _l

from app.core.criteria import Field, Kind
from app.employers.areas.queries import area_choices, areas_below
from app.employers.lists import IDENTITY
from app.employers.models import Employer

PLACE = Field(
    "place", _l("Place in the tree of areas"), Kind.AREA, Employer.area_id,
    choices=area_choices, below=areas_below, group=IDENTITY,
)  # fmt: skip
