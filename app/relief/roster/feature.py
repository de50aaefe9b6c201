"""The manifest of rosters of key employers."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.files.attachable import RecordKind
from app.core.merging.moving import Mover
from app.relief.policy import Permission
from app.relief.roster import demo
from app.relief.roster.lists import ADD
from app.relief.roster.models import ReliefRoster, ReliefRosterLine
from app.relief.roster.policy import lines_visible_to, visible_to
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
    record_kinds=(
        RecordKind(
            "relief_roster", _l("Roster of key employers"), ReliefRoster, visible_to, view=Permission.VIEW,
            attach=Permission.APPLY, remove=Permission.APPLY, employer_id=lambda _roster: None,
            title=lambda roster: roster.title, endpoint="relief_roster.show",
        ),
        RecordKind(
            "relief_roster_line", _l("Survey of a key employer"), ReliefRosterLine, lines_visible_to,
            view=Permission.VIEW, attach=Permission.APPLY, remove=Permission.APPLY,
            employer_id=lambda line: line.employer_id,
            title=lambda line: f"{line.roster.title} · {line.employer.name}", endpoint="relief_roster.line",
        ),
    ),
    movers=(Mover("relief_roster_lines", _l("Rosters of key employers"), distinct=("roster_id",)),),
)  # fmt: skip
