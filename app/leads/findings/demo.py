"""What specialists of the synthetic department found out about their leads."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.core.db import db
from app.core.demo import Demo
from app.employers.models import Employer, Stage
from app.leads.findings.models import LeadFinding, Subject

FOUND = (
    (Subject.STRUCTURE, "两名自然人股东，下设一家门店，无分支机构。", "企查查"),
    (Subject.CONDITION, "正常经营，近一年无行政处罚，年报已公示。", "企查查"),
    (Subject.HEADS, "现场在岗约二十五人，其中劳务派遣六人。", "上门走访"),
    (Subject.ADDRESS, "已迁至创业路，与登记住所不一致。", "电话核实"),
)


def load(demo: Demo) -> None:
    query = select(Employer.id, Employer.owner_id).where(
        Employer.stage == Stage.ENGAGED, Employer.owner_id.is_not(None)
    )
    rows = [
        {
            "employer_id": employer_id,
            "subject": subject,
            "content": content,
            "source": source,
            "as_of": demo.today - timedelta(days=7 * number + 3),
            "by_id": owner_id,
        }
        for employer_id, owner_id in db.session.execute(query.order_by(Employer.id))
        for number, (subject, content, source) in enumerate(FOUND)
        if (employer_id + number) % 2
    ]
    if rows:
        db.session.execute(insert(LeadFinding), rows)
