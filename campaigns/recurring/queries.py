"""Whose turn it is by each trigger, and rules with what they did."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased, joinedload

from app.accounts.queries import name_of
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive, AdjustmentState
from app.contributions.arrears.models import ArrearsCase
from app.core.clock import today
from app.core.criteria.trees import EVERYTHING, compile_tree
from app.core.db import db
from app.core.errors import NotFound
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_after, on_or_before
from app.employers.lists import employer_fields
from app.employers.models import ContactRole, Employer, EmployerContact
from app.employers.policy import not_merged
from app.employers.policy import visible_to as employers_of
from app.relief.models import ReliefDecision, ReliefState
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import current_version
from campaigns.channels.letter.queries import offered as outlines
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.models import AudienceMember, Campaign
from campaigns.drafting.templates.queries import in_use
from campaigns.recurring.models import GreetingDay, Rule, Run, Trigger, Turn
from campaigns.recurring.policy import FIELD, FOR_NOW, approval_stands, visible_to

#: employer_id and the name of the occasion
Turns = Select[*tuple[Any, ...]]


def _new_arrears(_rule: Rule, _day: date) -> Turns:
    """The case began with the branch's latest statement that found anybody in arrears, and is still open."""
    owed, theirs = aliased(ArrearsCase), aliased(Employer)
    latest = (
        select(theirs.branch_id, func.max(owed.last_period).label("month"))
        .join(theirs, theirs.id == owed.employer_id)
        .group_by(theirs.branch_id)
        .subquery()
    )
    occasion = cast(type_coerce(ArrearsCase.first_period, String), String)
    return (
        select(ArrearsCase.employer_id, occasion)
        .join(Employer, Employer.id == ArrearsCase.employer_id)
        .join(latest, latest.c.branch_id == Employer.branch_id)
        .where(ArrearsCase.first_period == latest.c.month, ArrearsCase.closed_on.is_(None))
    )


def _relief_ending(rule: Rule, day: date) -> Turns:
    """The last month of a term that runs ends within the days; a term counts once."""
    last = func.min(func.coalesce(ReliefDecision.ended_month, ReliefDecision.to_month))
    until = Period.of(day + timedelta(days=rule.days + 1)) + -1
    decision = ReliefDecision
    month = func.coalesce(decision.ended_month, decision.to_month)
    runs = decision.state.in_((ReliefState.APPROVED, ReliefState.RUNNING))
    return (
        select(decision.employer_id, cast(type_coerce(last, String), String))
        .where(runs, month >= Period.of(day), month <= until)
        .group_by(decision.employer_id)
    )


def _new_handler(rule: Rule, day: date) -> Turns:
    """Somebody became handler within the days; each who does is an occasion, in whatever order they were
    entered."""
    link = EmployerContact
    return select(link.employer_id, cast(link.id, String)).where(
        link.role == ContactRole.HANDLER,
        link.since.between(day - timedelta(days=rule.days), day),
        or_(link.until.is_(None), link.until >= day),
    )


def _base_window(rule: Rule, day: date) -> Turns:
    """The year's window is open and ends within the days (0: since it opened); nothing was handed in yet."""
    waiting = (AdjustmentState.LISTED, AdjustmentState.INVITED, AdjustmentState.RETURNED)
    near = AdjustmentDrive.closes_on <= day + timedelta(days=rule.days) if rule.days else literal(True)
    return (
        select(Adjustment.employer_id, cast(AdjustmentDrive.year, String))
        .join(AdjustmentDrive, AdjustmentDrive.id == Adjustment.drive_id)
        .where(
            AdjustmentDrive.opens_on <= day,
            AdjustmentDrive.closes_on >= day,
            near,
            Adjustment.state.in_(waiting),
        )
    )


def _festival(rule: Rule, day: date) -> Turns:
    """Everybody, from so many days before the festival until it; once a festival and year, however often the
    calendar is corrected.

    What goes out on working days alone does so on the last one by then: a greeting after the feast is none.
    """
    coming = select(func.min(GreetingDay.day)).where(GreetingDay.day >= day)
    feast = db.session.scalar(coming.where(GreetingDay.name == rule.festival))
    near = feast is not None and _greets(rule, day, feast)
    return select(Employer.id, literal(str(feast.year if feast else ""))).where(literal(near))


def _greets(rule: Rule, day: date, feast: date) -> bool:
    """Whether what is sent this day, or on the next that the rule allows, is in time and not too early."""
    begin = feast - timedelta(days=rule.days)
    if not rule.working_days_only:
        return begin <= day
    return on_or_before(begin) <= day and on_or_after(day) <= feast


TURNS: dict[Trigger, Callable[[Rule, date], Turns]] = {
    Trigger.NEW_ARREARS: _new_arrears,
    Trigger.RELIEF_ENDING: _relief_ending,
    Trigger.NEW_HANDLER: _new_handler,
    Trigger.BASE_WINDOW: _base_window,
    Trigger.FESTIVAL: _festival,
}


def outline(version_id: int) -> LetterVersion:
    """The wording of an outline that campaigns send, as it holds today. Raises NotFound."""
    wordings = (current_version(one) for one in outlines())
    found = next((one for one in wordings if one is not None and one.id == version_id), None)
    if found is None:
        raise NotFound(_l("There is no such outline."))
    return found


def still_said(rule: Rule) -> bool:
    """Whether the wording that the rule was approved with is the one that holds."""
    if rule.letter_version is None:
        return rule.template_version is not None and in_use(rule.template_version.template)
    template = rule.letter_version.template
    retired = template.retired_on is not None and template.retired_on <= today()
    return not retired and current_version(template) is rule.letter_version


def reaches(actor: Actor, rule: Rule) -> bool:
    """Whether the rule is in the actor's reach now."""
    return db.session.scalar(select(Rule.id).where(Rule.id == rule.id, visible_to(actor))) is not None


def held_back(rule: Rule, campaign: Campaign) -> list[Any]:
    """Why a run is only drafted."""
    if not approval_stands(rule):
        return [_l("Nobody has approved that the rule launches by itself.")]
    reasons: list[Any] = []
    if rule.approved_by is None or not rule.approved_by.active:
        reasons.append(_l("Whoever approved the rule is not in office any more."))
    elif not reaches(rule.approved_by, rule):
        reasons.append(_l("Whoever approved the rule does not answer for this branch any more."))
    if not rule.owner.active:
        reasons.append(_l("The rule's owner is not in office any more: hand the rule over."))
    if not still_said(rule):
        reasons.append(_l("The template is not in use any more."))
    if campaign.recipients > rule.most_recipients:
        reasons.append(_l("%(n)s recipients: more than were approved.", n=campaign.recipients))
    return reasons


def waiting(rule: Rule, day: date) -> Turns:
    """Employers in the owner's reach whose turn it is: employer_id, occasion, and the id of the turn that
    they were given already, where that led to nothing so far."""
    given = TURNS[rule.trigger](rule, day).subquery()
    employer_id, occasion = given.c
    same = and_(Turn.rule_id == rule.id, Turn.employer_id == employer_id, Turn.occasion == occasion)
    fits = compile_tree(rule.criteria or EVERYTHING, employer_fields(), rule.owner)
    return (
        select(employer_id.label("employer_id"), occasion.label("occasion"), Turn.id.label("turn_id"))
        .join(Employer, Employer.id == employer_id)
        .outerjoin(Turn, same)
        .where(not_merged(), employers_of(rule.owner), fits, or_(Turn.id.is_(None), ~_had(rule)))
        .order_by(employer_id, occasion)
    )


def _had(rule: Rule) -> ColumnElement[bool]:
    """Whether the turn was used: nobody was left out of its campaign only for as long as something lasts."""
    whose: tuple[ColumnElement[bool], ...] = ()
    if rule.trigger is Trigger.NEW_HANDLER and rule.letter_version_id is None:
        whose = (*_is_of_turn(), EmployerContact.contact_id == AudienceMember.contact_id)
    said = or_(AudienceMember.excluded.is_(None), AudienceMember.excluded.not_in(FOR_NOW))
    return exists().where(
        Run.id == Turn.run_id,
        AudienceMember.campaign_id == Run.campaign_id,
        AudienceMember.employer_id == Turn.employer_id,
        said,
        *whose,
    )


def _is_of_turn() -> tuple[ColumnElement[bool], ...]:
    """The role whose beginning is the occasion of a turn."""
    link = EmployerContact
    return link.employer_id == Turn.employer_id, cast(link.id, String) == Turn.occasion


def persons_meant(campaign: Campaign) -> dict[int, set[int]]:
    """Whose taking up of the handler's role is the occasion of a run's campaign: ids of contacts by
    employer."""
    query = (
        select(EmployerContact.employer_id, EmployerContact.contact_id)
        .join(Turn, and_(*_is_of_turn()))
        .join(Rule, Rule.id == Turn.rule_id)
        .where(Turn.run_id.in_(_runs_in(campaign.criteria)), Rule.trigger == Trigger.NEW_HANDLER)
    )
    meant: dict[int, set[int]] = {}
    if _runs_in(campaign.criteria):
        for employer_id, contact_id in db.session.execute(query):
            meant.setdefault(employer_id, set()).add(contact_id)
    return meant


def _runs_in(tree: Mapping[str, Any]) -> list[int]:
    """The runs that criteria name."""
    if tree.get("field") == FIELD and tree.get("op") == "eq" and str(tree.get("value")).isdecimal():
        return [int(tree["value"])]
    return [run for part in tree.get("rules", ()) for run in _runs_in(part)]


def waiting_count(rule: Rule, day: date) -> int:
    """How many employers' turn it is today."""
    rows = waiting(rule, day).subquery()
    return db.session.scalar(select(func.count(rows.c.employer_id.distinct()))) or 0


def listed(actor: Actor) -> Sequence[Rule]:
    """The rules in reach, in the order of writing."""
    query = (
        select(Rule)
        .where(visible_to(actor))
        .options(
            name_of(Rule.owner),
            joinedload(Rule.template_version).joinedload(SmsVersion.template),
            joinedload(Rule.letter_version).joinedload(LetterVersion.template),
        )
        .order_by(Rule.id)
    )
    return db.session.scalars(query).all()


def last_runs(actor: Actor) -> dict[int, Run]:
    """The latest run of each rule in reach."""
    newest = select(func.max(Run.id)).join(Rule, Rule.id == Run.rule_id).where(visible_to(actor))
    query = select(Run).where(Run.id.in_(newest.group_by(Run.rule_id))).options(joinedload(Run.campaign))
    return {run.rule_id: run for run in db.session.scalars(query)}


def find(rule_id: int, actor: Actor | None, *, lock: bool = False) -> Rule:
    """One rule in reach; `lock` holds it until the transaction ends. Raises NotFound."""
    query = select(Rule).where(Rule.id == rule_id, visible_to(actor))
    if lock:
        query = query.with_for_update(of=Rule).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(_l("There is no such rule."))
    return found


def runs_of(rule: Rule, most: int = 30) -> Sequence[Run]:
    """What a rule did, the latest first."""
    query = select(Run).where(Run.rule_id == rule.id).options(joinedload(Run.campaign))
    return db.session.scalars(query.order_by(Run.id.desc()).limit(most)).all()


def of_trigger(trigger: Trigger) -> Sequence[int]:
    """Rules of one trigger that go on."""
    return db.session.scalars(select(Rule.id).where(~Rule.paused, Rule.trigger == trigger)).all()


def to_look_at(day: date) -> Sequence[int]:
    """Rules that go on and were not looked at on this day."""
    unseen = or_(Rule.looked_on.is_(None), Rule.looked_on < day)
    return db.session.scalars(select(Rule.id).where(~Rule.paused, unseen).order_by(Rule.id)).all()


def festivals(day: date) -> dict[str, date | None]:
    """The next day of each festival of the calendar; None where no coming year is entered."""
    coming = func.min(GreetingDay.day).filter(GreetingDay.day >= day)
    query = select(GreetingDay.name, coming).group_by(GreetingDay.name).order_by(coming, GreetingDay.name)
    return {name: next_day for name, next_day in db.session.execute(query)}


def greeting_days(day: date) -> Sequence[GreetingDay]:
    """The coming days of the calendar."""
    query = select(GreetingDay).where(GreetingDay.day >= day).order_by(GreetingDay.day, GreetingDay.name)
    return db.session.scalars(query).all()
