"""The manifest of reminders."""

from app.contributions.reminding.jobs import every_morning
from app.contributions.reminding.policy import OPTIONS
from app.core.features import Feature
from app.core.jobs import DailyAt

feature = Feature(name="reminding", options=OPTIONS, schedule=(DailyAt("07:10", every_morning),))
