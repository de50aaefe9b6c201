"""The manifest of the letter channel."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from campaigns.channels.letter.policy import BATCH, GRANTS, PRICE, Permission
from campaigns.channels.letter.views import blueprint

feature = Feature(
    name="outlines",
    blueprint=blueprint,
    grants=GRANTS,
    options=(BATCH, PRICE),
    navigation=(
        NavItem(_l("Outlines of letters"), "outlines.index", Permission.VIEW, "file-text", "outreach", 40),
        NavItem(_l("Letterhead"), "outlines.letterhead", Permission.HEAD, "postcard", "outreach", 91),
    ),
)
