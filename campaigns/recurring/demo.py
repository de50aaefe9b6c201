"""Rules of the synthetic department: two that have run once, and those that wait for their day."""

from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import User
from app.core.criteria.trees import EVERYTHING
from app.core.db import db
from app.core.demo import Demo
from campaigns.drafting.templates.queries import named
from campaigns.recurring import services
from campaigns.recurring.models import Trigger
from campaigns.recurring.policy import seal

#: name, trigger, days, festival, template, values, days of the deadline
RULES: tuple[tuple[str, Trigger, int, str, str, dict[str, str], int], ...] = (
    ("新增欠缴提醒", Trigger.NEW_ARREARS, 0, "", "arrears_deadline", {}, 14),
    ("新任经办人确认", Trigger.NEW_HANDLER, 14, "", "handler_change", {}, 0),
    ("缓缴到期前60天提醒", Trigger.RELIEF_ENDING, 60, "", "relief_ending", {}, 30),
    ("基数调整截止前提醒", Trigger.BASE_WINDOW, 10, "", "base_adjustment", {"year": "2026"}, 10),
    ("新春问候", Trigger.FESTIVAL, 2, "春节", "spring_festival", {}, 0),
)
#: those that the head approved to launch by themselves
APPROVED = ("新春问候",)
#: those that have looked already, and drafted a campaign that waits for its author
RUN = ("新增欠缴提醒", "缓缴到期前60天提醒")


def load(demo: Demo) -> None:
    """Written by the manager, one approved by the head; two have drafted."""
    author, head = (
        db.session.scalars(select(User).where(User.username == name)).one() for name in ("manager", "head")
    )
    for name, trigger, days, festival, template, values, deadline in RULES:
        version = named(template)
        if version is None:  # the department took it out of use
            continue
        wish = services.Wish(
            name=name, trigger=trigger, days=days, festival=festival, segment_id=None, criteria=EVERYTHING,
            template_version_id=version.id, template_values=values, deadline_days=deadline,
        )  # fmt: skip
        rule = services.write(wish, author, author.branch)
        if name in APPROVED:
            services.approve(rule, head, seal(rule))
        if name in RUN:
            services.run(rule, demo.today)
        else:
            rule.looked_on = demo.today
        rule.created_at = demo.moment(demo.today - timedelta(days=30))
