"""The manifest of test sends."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.handing_over import Kept
from app.core.jobs import Every
from campaigns.ledger.trials.jobs import sweep
from campaigns.ledger.trials.policy import A_DAY, GRANTS, Permission
from campaigns.ledger.trials.views import blueprint

feature = Feature(
    name="trials",
    blueprint=blueprint,
    grants=GRANTS,
    options=(A_DAY,),
    kept=(
        Kept("trial_messages.reader_id", _l("Who received a test received it.")),
        Kept("trial_readers.user_id", _l("The number is the person's own.")),
    ),
    schedule=(Every(30, sweep),),
    navigation=(
        NavItem(_l("Readers of tests"), "trials.readers", Permission.LIST, "person-check", "outreach", 92),
    ),
)
