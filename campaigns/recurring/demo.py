"""Rules of the synthetic department: two that have run once, and those that wait for their day."""

from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import User
from app.core.criteria.trees import EVERYTHING, rule
from app.core.db import db
from app.core.demo import Demo
from campaigns.channels.letter.queries import current_version, offered
from campaigns.drafting.letters.forms import asked
from campaigns.drafting.models import ContactOrder
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
#: name, days before the festival, festival, outline: one that sends letters
BY_LETTER = ("春节贺函（重点单位）", 10, "春节", "greeting")
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
        made = services.write(wish, author, author.branch)
        made.created_at = demo.moment(demo.today - timedelta(days=30))
        if name in APPROVED:
            services.approve(made, head, seal(made))
        if name in RUN:
            services.run(made, demo.today)
        else:
            made.looked_on = demo.today
    _by_letter(demo, author)


def _by_letter(demo: Demo, author: User) -> None:
    """To the large employers, and never by itself: its runs draft."""
    name, days, festival, code = BY_LETTER
    outline = next((one for one in offered() if one.code == code), None)
    version = current_version(outline) if outline else None
    if version is None:
        return
    large = {"match": "all", "rules": [rule("heads", "ge", "80")]}
    wish = services.Wish(
        name=name, trigger=Trigger.FESTIVAL, days=days, festival=festival, segment_id=None, criteria=large,
        template_version_id=None, template_values={one.name: festival for one in asked(version)},
        letter_version_id=version.id, contact_order=ContactOrder.EMPLOYER,
    )  # fmt: skip
    made = services.write(wish, author, author.branch)
    made.looked_on, made.created_at = demo.today, demo.moment(demo.today - timedelta(days=30))
