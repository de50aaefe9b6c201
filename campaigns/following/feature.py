"""The manifest of following up."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, TimelineKind
from app.core.jobs import Every
from app.core.merging.moving import Mover
from campaigns.drafting.policy import Permission
from campaigns.following import demo
from campaigns.following.jobs import follow_all
from campaigns.following.services import KIND
from campaigns.following.views import blueprint

_THEN = _l("It says where the employer was then.")

feature = Feature(
    name="following",
    blueprint=blueprint,
    demo=demo.load,
    schedule=(Every(300, follow_all),),
    timeline_kinds=(TimelineKind(KIND, _l("Follow-up"), "signpost-split", Permission.VIEW),),
    movers=(
        Mover("campaign_step_runs", _l("Follow-up of campaigns"), distinct=("step_id",)),
        *(
            Mover("campaign_step_runs", _l("Follow-up of campaigns"), column, stays=_THEN)
            for column in ("branch_id", "area_id", "owner_id")
        ),
    ),
)
