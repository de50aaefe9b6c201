"""Planning a campaign of a million recipients, against a raw INSERT … SELECT of the same finished rows.

PostgreSQL only, as the goal is. The raw statement puts the rows that planning wrote, kept aside meanwhile,
into the emptied ledger: the same rows, indexes and foreign keys. BENCH_PEOPLE sets another number.
"""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack

from sqlalchemy import String, cast, func, insert, literal, select, text

from app import create_app
from app.config import Settings
from app.core.db import db, writing
from app.core.permissions import Role
from app.employers.models import Contact
from campaigns.drafting.models import AudienceMember, Campaign
from campaigns.ledger.models import Message
from campaigns.ledger.services import controlling
from tests.bench.figures import Figure
from tests.campaigns.sending import approve, plan
from tests.conftest import fresh_postgresql_database
from tests.factories import create_campaign, create_employer, create_user
from tests.postgresql import a_server

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
MOST_TIMES = 3.0
WORDING = (
    "{handler}您好，{employer}住房公积金缴至{paid_through}，现欠缴{months}个月，请尽快补缴。"
    "详情及预约上门服务：{link} 咨询{phone}"
)


def measure() -> list[Figure]:
    """How many times as long planning takes; nothing where there is no PostgreSQL."""
    with ExitStack() as stack:
        server = stack.enter_context(a_server())
        if not server:
            return []
        url = stack.enter_context(fresh_postgresql_database(server))
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="jinnuo-bench-"))
        app = create_app(Settings.from_environment({"JINNUO_HOME": home, "DATABASE_URL": url}))
        with app.app_context(), writing():
            stack.callback(db.engine.dispose)
            db.create_all()
            campaign = _approved()
            controlling.launch(campaign.id, None)
            db.session.commit()
            ours = _seconds(lambda: plan(campaign))
            planned = db.session.scalar(select(func.count()).where(Message.segments > 0))
            assert planned == PEOPLE
            _set_aside()
            raw = _seconds(_copy)
            db.session.remove()
    name = f"planning {PEOPLE:,} recipients, to INSERT … SELECT"
    return [Figure(name, ours / raw, MOST_TIMES, "x", detail=f"{ours:.1f} s to {raw:.1f} s")]


def _approved() -> Campaign:
    """A campaign whose text has six variables, to so many people at twenty employers."""
    campaign = create_campaign(create_user(Role.MANAGER), template_text=WORDING)
    employers = [create_employer(campaign.branch).id for _ in range(20)]
    number = func.generate_series(1, PEOPLE).column_valued("number")
    mobile = cast(13_900_000_000 + number, String)
    people = select(literal("经办人").concat(cast(number, String)), mobile)
    db.session.execute(insert(Contact).from_select(["name", "mobile"], people))
    values = {
        "employer": "滨海示范科技有限公司",
        "paid_through": "2026年7月",
        "months": "3",
        "phone": "0755-12329",
    }
    given = [literal(one) for pair in values.items() for one in pair]
    variables = func.jsonb_build_object("handler", Contact.name, *given)
    members = select(
        literal(campaign.id),
        literal(employers[0]) + Contact.id % len(employers),
        Contact.id,
        Contact.mobile,
        variables,
        func.jsonb_build_object(),
    )
    names = ["campaign_id", "employer_id", "contact_id", "phone", "variables", "own_variables"]
    db.session.execute(insert(AudienceMember).from_select(names, members))
    db.session.execute(text("ANALYZE"))
    return approve(campaign)


def _set_aside() -> None:
    """The finished rows in a table without index, the ledger empty."""
    db.session.execute(text("CREATE TABLE aside AS SELECT * FROM messages"))
    db.session.execute(text("TRUNCATE messages CASCADE"))
    db.session.commit()


def _copy() -> None:
    db.session.execute(text("INSERT INTO messages SELECT * FROM aside"))
    db.session.commit()


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
