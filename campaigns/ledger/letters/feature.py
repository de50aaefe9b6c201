"""The manifest of campaigns' letters."""

from app.core.features import Feature
from app.core.jobs import DailyAt, Every
from campaigns.ledger.letters import demo, jobs
from campaigns.ledger.letters.policy import PATIENCE

feature = Feature(
    name="campaign_letters",
    options=(PATIENCE,),
    demo=demo.load,
    schedule=(Every(15, jobs.sweep_letters), DailyAt("06:40", jobs.give_up)),
)
