"""The manifest of rosters."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature
from app.core.personal.retaining import Retention
from campaigns.channels.worklist.roster import queries, services
from campaigns.channels.worklist.roster.forms import ROSTER

feature = Feature(
    name="roster",
    import_specs=(ROSTER,),
    retention=(
        Retention(
            "drive_people",
            _l("People of the rosters of drives"),
            _l("Counted from the end of the drive, or from its last day: names and numbers go, counts stay."),
            queries.people_over,
            services.forget_people,
            months=6,
            least=1,
            batch=1000,
        ),
        Retention(
            "drive_notes",
            _l("What other offices said in drives"),
            _l("Counted from the end of the drive, or from its last day."),
            queries.notes_over,
            services.forget_notes,
            months=12,
            least=1,
            batch=1000,
        ),
    ),
)
