"""Some handlers of the synthetic department found something wrong on their notice; one was right."""

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.core.workflow.engine import transition
from campaigns.ledger.models import Message
from campaigns.notices import queries
from campaigns.notices.corrections.models import Subject
from campaigns.notices.corrections.services import Proposal, propose
from campaigns.notices.corrections.workflow import CORRECTION
from campaigns.notices.queries import Source, Way

WRITTEN = (
    (Subject.ADDRESS, "创新大道18号3层", "今年6月搬迁"),
    (Subject.MOBILE, "13902100037", "原号码已停用"),
    (Subject.PERSON_NAME, "李文静", "登记的姓名有误"),
)


def load(_demo: Demo) -> None:
    """Written on the notices of readers who had confirmed them; the last one is approved by the owner."""
    query = select(Message).where(Message.confirmed_at.is_not(None), Message.token.is_not(None))
    messages = db.session.scalars(query.order_by(Message.id).limit(len(WRITTEN))).all()
    for message, (subject, wanted, note) in zip(messages, WRITTEN, strict=False):
        notice = queries.find(Source.MESSAGE, message.token or "")
        if notice is None:
            continue
        made = propose(notice, Way.MOBILE, Proposal(subject, wanted, message.employer_id, note=note))
        if subject is Subject.PERSON_NAME and message.employer.owner is not None:
            answers = {"checked": "电话核实，与身份证一致"}
            transition(CORRECTION, made, "approve", message.employer.owner, answers=answers)
