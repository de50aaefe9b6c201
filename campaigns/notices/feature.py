"""The manifest of the public notices."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, TimelineKind
from campaigns.notices.services import KIND
from campaigns.notices.views import blueprint

feature = Feature(
    name="notices",
    blueprint=blueprint,
    timeline_kinds=(TimelineKind(KIND, _l("Notice"), "envelope-open"),),
)
