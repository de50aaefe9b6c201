"""The synthetic department has followed up whoever its campaigns did not reach, or did not hear from."""

from sqlalchemy import select

from app.accounts.models import User
from app.core.db import db
from app.core.demo import Demo
from app.core.workflow.engine import transition
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.following import queries, services
from campaigns.following.models import StepRun

#: of the letters of the steps so many are with the post; the first arrived, the second came back
POSTED = 3


def load(demo: Demo) -> None:
    """The steps were approved with the campaigns; some days have passed since."""
    for campaign_id in queries.to_follow():
        for step_id, employer_id in services.follow(campaign_id):
            services.send_letter(step_id, employer_id)
        services.follow(campaign_id)
    _post(demo)
    db.session.flush()


def _post(demo: Demo) -> None:
    actor = db.session.scalars(select(User).where(User.username == "manager")).one()
    letters = select(Letter).join(StepRun, StepRun.letter_id == Letter.id).order_by(Letter.id)
    for n, letter in enumerate(db.session.scalars(letters.limit(POSTED)).all()):
        answers = {"posted_on": demo.today, "tracking_no": f"XA90{n:07d}CN"}
        transition(LETTER, letter, "post", actor, answers=answers)
        if n == 0:
            told = {"settled_on": demo.today, "received_by": "前台签收"}
            transition(LETTER, letter, "deliver", actor, answers=told)
        elif n == 1:
            told = {"settled_on": demo.today, "reason": "moved"}
            transition(LETTER, letter, "return", actor, answers=told)
