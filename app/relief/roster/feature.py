"""The manifest of rosters of key employers."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.merging.moving import Mover
from app.relief.policy import Permission
from app.relief.roster import demo
from app.relief.roster.lists import ADD
from app.relief.roster.views import bp

feature = Feature(
    name="relief_roster",
    blueprint=bp,
    demo=demo.load,
    navigation=(
        NavItem(
            _l("Key employers surveyed"),
            "relief_roster.index",
            Permission.VIEW,
            "card-checklist",
            "relief",
            62,
        ),
    ),
    employer_actions=(ADD,),
    movers=(Mover("relief_roster_lines", _l("Rosters of key employers"), distinct=("roster_id",)),),
)
