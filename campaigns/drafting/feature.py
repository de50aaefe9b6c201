"""The manifest of drafting."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, TimelineKind
from campaigns.drafting.policy import GRANTS
from campaigns.drafting.workflow import CAMPAIGN

feature = Feature(
    name="drafting",
    grants=GRANTS,
    workflows=(CAMPAIGN,),
    timeline_kinds=(TimelineKind("campaign", _l("Campaign"), "megaphone"),),
)
