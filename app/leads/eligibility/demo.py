"""Branches and offices among the leads of the synthetic department, which the rules call unclear."""

from sqlalchemy import select

from app.core.db import db
from app.core.demo import Demo
from app.core.language.text import name_key
from app.employers.models import Employer, Stage
from app.employers.search.services import reindex
from app.leads.eligibility.services import judge_all

#: what some leads are called in place of their ending
ENDINGS = ("有限公司滨海分公司", "有限公司第一分公司", "（香港）有限公司滨海代表处")


def load(_demo: Demo) -> None:
    """Renames a few leads as branches, and lets the rules judge."""
    query = select(Employer).where(Employer.stage == Stage.PROSPECT, Employer.name.endswith("有限公司"))
    found = db.session.scalars(query.order_by(Employer.id.desc()).limit(len(ENDINGS))).all()
    for employer, ending in zip(found, ENDINGS, strict=False):
        employer.name = employer.name.removesuffix("有限公司") + ending
        employer.name_key = name_key(employer.name)
    db.session.flush()
    reindex()
    for _first in judge_all():
        db.session.flush()
