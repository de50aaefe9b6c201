"""Making rosters, and writing down what key employers answered. Each line is a task for its owner."""

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import timeline
from app.core.clock import today
from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.employers.lists import select_employers
from app.employers.models import Employer
from app.relief.policy import SURVEY_DAYS
from app.relief.roster.models import WANTS, Intent, ReliefRoster, ReliefRosterLine
from app.tasks.services import open_task, settle

SOURCE = "relief_roster_line"
SURVEY, HELP = "relief_survey", "relief_intent"
ASK = msgid("Survey the key employer for “%(roster)s”: does it need relief?")
ASSIST = msgid("Help the key employer with its application for relief")
SURVEYED = msgid("Surveyed as a key employer: %(intent)s")
#: as texts of the timeline, which is read in either language
INTENTS = {
    Intent.NONE: msgid("Needs no relief"),
    Intent.UNDECIDED: msgid("Still undecided"),
    Intent.DEFERMENT: msgid("Wants deferment"),
    Intent.RATE_CUT: msgid("Wants a rate reduction"),
    Intent.BOTH: msgid("Wants both"),
}
#: a roster is gone through one by one; more than this is a campaign
MOST = 500


def make(title: str, due_on: date, actor: Actor, segment: Segment | None = None) -> ReliefRoster:
    """A roster of the actor's branch; with a segment, of its employers in the actor's reach."""
    if due_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))
    roster = ReliefRoster(title=title.strip(), due_on=due_on, branch_id=actor.branch_id, made_by_id=actor.id)
    db.session.add(roster)
    db.session.flush()
    if segment is not None:
        _fill(roster, segment, actor)
    return roster


def _fill(roster: ReliefRoster, segment: Segment, actor: Actor) -> None:
    """Lines and tasks are written together: a new roster has none to compare with."""
    employers = db.session.scalars(select_employers(segment.tree, actor).limit(MOST + 1)).all()
    if len(employers) > MOST:
        raise DomainError(
            _l("The segment has more than %(most)s employers: choose a narrower one.", most=MOST)
        )
    lines = [ReliefRosterLine(roster=roster, employer=employer) for employer in employers]
    db.session.add_all(lines)
    db.session.flush()
    for line in lines:
        _ask(line, actor, fresh=True)
    db.session.flush()


def add(roster: ReliefRoster, employer: Employer, actor: Actor) -> ReliefRosterLine:
    """Puts an employer on the roster and asks its owner, or whoever adds it, to survey it."""
    known = select(ReliefRosterLine.id).where(
        ReliefRosterLine.roster_id == roster.id, ReliefRosterLine.employer_id == employer.id
    )
    if db.session.scalar(known) is not None:
        raise DomainError(_l("It is on this roster already."))
    line = ReliefRosterLine(roster=roster, employer=employer)
    db.session.add(line)
    db.session.flush()
    _ask(line, actor)
    return line


def _ask(line: ReliefRosterLine, actor: Actor, *, fresh: bool = False) -> None:
    open_task(
        SURVEY,
        ASK,
        line.roster.due_on,
        employer=line.employer,
        owner_id=line.employer.owner_id or actor.id,
        params={"roster": line.roster.title},
        source=(SOURCE, line.id),
        actor=actor,
        fresh=fresh,
    )


def survey(line: ReliefRosterLine, intent: Intent, note: str, actor: Actor) -> None:
    """Writes down what the employer answered; whoever wants relief is helped next.

    The same answer again tells nothing new, as when only what was done is added to it.
    """
    note = note.strip()
    if line.surveyed_on is not None and (line.intent, line.note) == (intent, note):
        return
    line.surveyed_on, line.surveyed_by_id = today(), actor.id
    line.intent, line.note = intent, note
    settle((SOURCE, line.id), (SURVEY,), note)
    if intent in WANTS and line.handled_on is None:
        open_task(
            HELP,
            ASSIST,
            add_working_days(today(), SURVEY_DAYS.value(), provisional=True),
            employer=line.employer,
            owner_id=line.employer.owner_id or actor.id,
            source=(SOURCE, line.id),
            actor=actor,
        )
    else:
        settle((SOURCE, line.id), (HELP,))
    timeline.record(
        line.employer_id,
        "relief",
        SURVEYED,
        params={"intent": {"msgid": INTENTS[intent]}, "comment": line.note},
        actor=actor,
        endpoint="relief_roster.line",
        link_id=line.id,
    )
    db.session.flush()


def handle(line: ReliefRosterLine, how: str, actor: Actor) -> None:
    """Writes down what was done for the employer; it must have been asked first."""
    if line.surveyed_on is None:
        raise DomainError(_l("Survey the employer first."))
    if not how.strip():
        raise DomainError(_l("Say what was done."))
    line.handled_on, line.handled_by_id, line.handled_how = today(), actor.id, how.strip()
    settle((SOURCE, line.id), (HELP,), line.handled_how)
    db.session.flush()
