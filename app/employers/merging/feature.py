"""The manifest of merging."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem, Panel
from app.core.jobs import DailyAt
from app.core.merging.moving import Mover
from app.core.permissions import LEADERS, OFFICE, Role
from app.employers.merging import demo
from app.employers.merging.jobs import look_for_duplicates
from app.employers.merging.policy import Permission
from app.employers.merging.queries import open_pairs_of
from app.employers.merging.views import blueprint

_ANEW = _l("They are looked for anew.")
_PAIRS, _KEYS, _MERGES = _l("Possible duplicates"), _l("Keys for matching"), _l("Merges made")

feature = Feature(
    name="merging",
    blueprint=blueprint,
    demo=demo.load,
    navigation=(NavItem(_PAIRS, "merging.index", Permission.VIEW, "intersect", "records", 70),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.DECIDE: (Role.SPECIALIST, *LEADERS),
        Permission.MERGE: LEADERS,
    },
    panels=(
        Panel(
            "duplicates",
            _PAIRS,
            "employers/merging/_panel.html",
            lambda employer, actor: {"pairs": open_pairs_of(employer.id, actor, names_only=True)},
            Permission.VIEW,
            1,
        ),
    ),
    schedule=(DailyAt("05:10", look_for_duplicates),),
    movers=(
        Mover("employer_match_keys", _KEYS, stays=_ANEW),
        Mover("employer_pairs", _PAIRS, "first_id", stays=_ANEW),
        Mover("employer_pairs", _PAIRS, "second_id", stays=_ANEW),
        Mover("employer_merges", _MERGES, "kept_id", stays=_l("Each merge tells what was done then.")),
        Mover("employer_merges", _MERGES, "merged_id", stays=_l("Each merge tells what was done then.")),
    ),
)
