"""The manifest of people recorded twice."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature
from app.core.jobs import DailyAt
from app.core.merging.moving import PEOPLE, Mover
from app.employers.doubles import demo
from app.employers.doubles.jobs import look_for_doubles
from app.employers.doubles.views import blueprint

_PAIRS, _ANEW = _l("Possible duplicates"), _l("They are looked for anew.")

feature = Feature(
    name="doubles",
    blueprint=blueprint,
    demo=demo.load,
    schedule=(DailyAt("05:15", look_for_doubles),),
    movers=(
        Mover("contact_pairs", _PAIRS, "first_id", stays=_ANEW, of=PEOPLE),
        Mover("contact_pairs", _PAIRS, "second_id", stays=_ANEW, of=PEOPLE),
    ),
)
