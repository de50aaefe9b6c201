"""The manifest of the public notices."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, Outside, TimelineKind
from app.core.personal.retaining import Retention
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import PHONE
from campaigns.notices.policy import LINK_MONTHS, OPTIONS
from campaigns.notices.queries import old_links
from campaigns.notices.services import KIND, forget_links
from campaigns.notices.views import blueprint

feature = Feature(
    name="notices",
    blueprint=blueprint,
    outside=Outside("/n", "campaigns/notices/failure.html", lambda: {"phone": PHONE, "department": None}),
    options=OPTIONS,
    retention=(
        Retention(
            "links",
            _l("Links of notices"),
            _l("Counted from the message: what names its notice page is deleted; the message stays."),
            old_links,
            forget_links,
            months=12,
            least=LINK_MONTHS,
            batch=1000,
        ),
    ),
    timeline_kinds=(TimelineKind(KIND, _l("Notice"), "envelope-open", Permission.VIEW),),
)
