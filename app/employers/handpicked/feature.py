"""The manifest of segments chosen by hand."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature
from app.core.merging.moving import Mover
from app.employers.handpicked.lists import ADD, FIELDS, REMOVE

feature = Feature(
    name="handpicked",
    employer_fields=FIELDS,
    employer_actions=(ADD, REMOVE),
    movers=(Mover("segment_members", _l("Segments chosen by hand"), distinct=("segment_id",)),),
)
