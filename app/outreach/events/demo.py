"""A briefing that was held, a training that is to come, and an open day that was called off."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import func, insert, select

from app.accounts.models import User
from app.core.clock import SHANGHAI
from app.core.db import db
from app.core.demo import Demo
from app.core.rules.workdays import add_working_days
from app.core.timeline import Happening, record_many
from app.employers.models import Employer, Stage
from app.outreach.events.models import EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.services import INVITED
from app.outreach.events.workflow import CAME, SAID, TOLD

#: of ten who were invited to what is over, how each stands
OVER = "aaaaaamxda"
#: and to what is to come
AHEAD = "iiiicccidi"
STATES = {
    "a": InviteeState.ATTENDED,
    "m": InviteeState.ABSENT,
    "x": InviteeState.EXCUSED,
    "d": InviteeState.DECLINED,
    "i": InviteeState.INVITED,
    "c": InviteeState.ACCEPTED,
}


def load(demo: Demo) -> None:
    """Draws on nobody's dice: what the other parts make stays the same."""
    owner = _owner()
    if owner is None:
        return
    past = add_working_days(demo.today - timedelta(days=24), 1, provisional=True)
    coming = add_working_days(demo.today + timedelta(days=6), 1, provisional=True)
    late = add_working_days(demo.today + timedelta(days=15), 1, provisional=True)
    briefing = _event(owner, "新开户单位政策宣讲会", "01", "管理部三楼会议室", past, 9, EventState.HELD, 40)
    training = _event(
        owner,
        "单位经办人网上业务培训会",
        "02",
        "行政服务中心二楼培训教室",
        coming,
        14,
        EventState.PLANNED,
        20,
    )
    park = _event(
        owner, "公积金政策进园区", "07", "滨海产业园企业服务站", late, 10, EventState.CANCELLED, None
    )
    park.reason = "园区活动日程调整，改期另行通知"
    db.session.flush()
    new = (Stage.REGISTERED, Stage.ENROLLED, Stage.CONTRIBUTING)
    _invite(briefing, _employers(owner, new, 30), OVER, past - timedelta(days=8))
    _invite(
        training,
        _employers(owner, (Stage.CONTRIBUTING, Stage.IN_ARREARS), 24),
        AHEAD,
        demo.today - timedelta(days=2),
    )


def _owner() -> User | None:
    """A specialist of the branch with the most employers."""
    query = select(Employer.owner_id).where(Employer.owner_id.is_not(None)).group_by(Employer.owner_id)
    found = db.session.scalars(query.order_by(func.count().desc(), Employer.owner_id).limit(1)).first()
    return db.session.get(User, found) if found else None


def _event(
    owner: User,
    title: str,
    kind: str,
    place: str,
    day: date,
    hour: int,
    state: EventState,
    capacity: int | None,
) -> Event:
    begins = datetime.combine(day, time(hour, 30), SHANGHAI)
    event = Event(
        title=title, kind=kind, place=place, starts_at=begins, ends_at=begins + timedelta(hours=2),
        branch_id=owner.branch_id, owner_id=owner.id, planned_by_id=owner.id, capacity=capacity, state=state,
        notes="请单位经办人携带单位公章及经办人身份证件。",
    )  # fmt: skip
    db.session.add(event)
    return event


def _employers(owner: User, stages: tuple[Stage, ...], most: int) -> list[int]:
    query = select(Employer.id).where(Employer.branch_id == owner.branch_id, Employer.stage.in_(stages))
    return list(db.session.scalars(query.order_by(Employer.id.desc()).limit(most)))


def _invite(event: Event, employers: list[int], pattern: str, asked: date) -> None:
    """Each with what its story tells of it."""
    rows, stories = [], {TOLD: list[Happening](), CAME: list[Happening]()}
    named, moment = {"event": event.title}, datetime.combine(asked, time(10), SHANGHAI)
    day = event.starts_at.date()
    for number, employer_id in enumerate(employers):
        state = STATES[pattern[number % len(pattern)]]
        came = state is InviteeState.ATTENDED
        rows.append(
            {
                "event_id": event.id, "employer_id": employer_id, "state": state, "invited_on": asked,
                "recorded_on": day if event.state is EventState.HELD else asked, "since": moment,
                "recorded_by_id": event.owner_id, "persons": 1 + number % 3 if came else None, "note": "",
                "created_at": moment, "updated_at": moment,
            }
        )  # fmt: skip
        stories[TOLD].append(Happening(employer_id, INVITED, named, moment, event.id))
        if state is not InviteeState.INVITED:
            at = event.starts_at if event.state is EventState.HELD else moment
            stories[CAME if came else TOLD].append(Happening(employer_id, SAID[state], named, at, event.id))
    if rows:
        db.session.execute(insert(Invitee), rows)
    for kind, told in stories.items():
        record_many(kind, told, actor=event.owner, endpoint="events.show")
