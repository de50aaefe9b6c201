"""The manifest of recurring rules."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.criteria.fields import kept_for
from app.core.features import Feature, NavItem
from app.core.handing_over import Matter
from app.core.jobs import Every
from app.core.merging.moving import Mover
from campaigns.recurring import demo
from campaigns.recurring.jobs import look
from campaigns.recurring.lists import FIELDS
from campaigns.recurring.models import Rule
from campaigns.recurring.policy import GRANTS, HOUR, Permission
from campaigns.recurring.queries import persons_meant
from campaigns.recurring.services import uses_of
from campaigns.recurring.views import blueprint


def watch(_app: Flask) -> None:
    """A segment that narrows a rule cannot be deleted; whoever an occasion is about is written to."""
    signals.segment_deleting.connect(uses_of)
    signals.persons_meant.connect(persons_meant)


feature = Feature(
    name="recurring",
    blueprint=blueprint,
    employer_criteria=(Rule.criteria,),
    grants=GRANTS,
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    options=(HOUR,),
    schedule=(Every(600, look),),
    navigation=(
        NavItem(_l("Recurring rules"), "recurring.index", Permission.VIEW, "arrow-repeat", "outreach", 34),
    ),
    matters=(
        Matter(
            "campaign_rules",
            _l("Recurring rules"),
            Rule,
            Rule.owner_id,
            lambda: Rule.id > 0,
            Rule.name,
            endpoint="recurring.show",
        ),
    ),
    movers=(
        Mover(
            "campaign_rule_turns",
            _l("Turns of recurring rules"),
            stays=_l("Who had a turn had it as it was."),
        ),
        Mover("campaign_rules", _l("Recurring rules"), "segment_id", stays=_l("It refers to segments.")),
    ),
    init=watch,
    demo=demo.load,
)
