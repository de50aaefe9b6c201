"""A list of the company registry, imported as people do it, so that there is an import to look at."""

import csv
import io

from sqlalchemy import select

from app.accounts.models import User
from app.core.db import db
from app.core.demo import Demo
from app.employers.demo import credit_code
from app.imports import queries, services
from app.imports.running.services import running
from app.leads.forms import REGISTRY

WHO = "specialist"
HEADER = ("企业名称", "统一社会信用代码", "注册日期", "企业类型", "注册地址")
#: numbers of their credit codes; the other employers of the department have lower ones
FIRST = 2001
NAMES = (
    "滨河晨曦软件有限公司",
    "滨河远图测绘有限公司",
    "古林新禾农业科技有限公司",
    "东港云帆供应链有限公司",
    "中塘宏远建材有限公司",
    "创业路青藤教育咨询有限公司",
    "海兴瑞丰冷链物流有限公司",
    "石油新村鑫源油品检测有限公司",
)
#: rows as files bring them, which are rejected
SLIPS = (
    ("滨河旧码贸易有限公司", "91000000000000000X", "2020-03-01", "有限责任公司", "滨河路1号"),
    ("东港来日置业有限公司", "", "2031-01-01", "有限责任公司", "东港路2号"),
)


def load(demo: Demo) -> None:
    """New firms of the last month, and two rows with slips."""
    user = db.session.scalars(select(User).where(User.username == WHO)).unique().one()
    registered = demo.day_in(demo.months[-2]).isoformat()
    rows = [
        (name, credit_code(FIRST + number), registered, "有限责任公司", f"{name[:2]}路{number + 10}号")
        for number, name in enumerate(NAMES)
    ]
    written = io.StringIO()
    csv.writer(written).writerows([HEADER, *rows, *SLIPS])
    batch = services.receive(
        queries.spec_named(REGISTRY.name),
        io.BytesIO(written.getvalue().encode("utf-8-sig")),
        f"registry_{demo.months[-2]}.csv",
        user,
        branch=user.branch,
        apply=True,
    )
    for _step in running(batch.id):
        db.session.flush()
