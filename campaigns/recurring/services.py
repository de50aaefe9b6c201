"""Rules are written, approved, paused, and run: at most once for each employer and occasion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.accounts.models import Branch, User
from app.core.bulk import insert_rows
from app.core.clock import SHANGHAI, now, today
from app.core.criteria.segments import Segment
from app.core.criteria.trees import EVERYTHING, both
from app.core.criteria.trees import rule as criterion
from app.core.db import AnyRow, among, db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import calendar
from app.core.undoing.reversible import table_of
from app.tasks.services import open_task
from app.tasks.services import settle as settle_tasks
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import current_version
from campaigns.channels.letter.text import written
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting import services as drafting
from campaigns.drafting.content.policy import check
from campaigns.drafting.letters import services as letters
from campaigns.drafting.letters.forms import asked
from campaigns.drafting.models import Campaign, Channel, ContactOrder, MessageClass
from campaigns.drafting.queries import sender_of
from campaigns.drafting.templates.queries import version as published_version
from campaigns.ledger.jobs import wake
from campaigns.ledger.services import controlling
from campaigns.recurring.models import GreetingDay, Outcome, Rule, Run, Trigger, Turn
from campaigns.recurring.policy import FIELD, approval_faults, seal
from campaigns.recurring.queries import held_back, outline, waiting

TASK = "rule_drafted"
REFUSED_TASK = "rule_refused"
REFUSED = msgid("The rule “%(name)s” could not draft its campaign: mend it")
MENDED = msgid("It drafts again")
DRAFTED = msgid("The rule “%(name)s” drafted a campaign: look at it and submit it")
#: kept with the approval of a run
APPROVED = "随规则审批"


@dataclass(frozen=True)
class Wish:
    """What the writer of a rule decides; see the columns of `Rule`."""

    name: str
    trigger: Trigger
    days: int
    festival: str
    segment_id: int | None
    criteria: dict[str, Any]
    template_version_id: int | None
    template_values: Mapping[str, str]
    letter_version_id: int | None = None
    deadline_days: int = 0
    contact_order: ContactOrder = ContactOrder.HANDLER_FIRST
    frequency_days: int = 7
    verified_only: bool = False
    hold_out: int = 0
    send_hour: int = 9
    spread_hours: int = 0
    working_days_only: bool = True
    most_recipients: int = 200


def write(wish: Wish, actor: Actor, branch: Branch) -> Rule:
    """A new rule; its runs draft until somebody else approves that they launch by themselves."""
    made = Rule(branch_id=branch.id, owner_id=actor.id)
    _set(made, wish, actor, branch)
    db.session.add(made)
    db.session.flush()
    return made


def change(rule: Rule, wish: Wish, actor: Actor) -> None:
    """Any change voids the approval: the seal is another."""
    _set(rule, wish, actor, rule.branch)
    db.session.flush()


def _as_sent(wish: Wish, version: SmsVersion, branch: Branch) -> Campaign:
    """A campaign of today, never kept: what would be wrong with it is wrong with the rule."""
    return Campaign(
        channel=Channel.SMS,
        signature=sender_of(branch).signature,
        template_text=version.text,
        template_version=version,
        template_values=dict(wish.template_values),
        message_class=MessageClass(version.template.message_class),
        deadline=today() + timedelta(days=wish.deadline_days) if wish.deadline_days else None,
    )


def _set(rule: Rule, wish: Wish, actor: Actor, branch: Branch) -> None:
    by_post = wish.letter_version_id
    version = outline(by_post) if by_post else published_version(wish.template_version_id or 0)
    if "{deadline}" in version.text and not wish.deadline_days:
        raise DomainError(_l("The text uses {deadline}: say how many days after the run that is."))
    if wish.trigger is Trigger.FESTIVAL and not wish.festival:
        raise DomainError(_l("Choose the festival."))
    if wish.send_hour + wish.spread_hours > 24:
        raise DomainError(_l("The messages of a run go out within one day."))
    if isinstance(version, LetterVersion):
        letters.examine(_letter(wish, version, wish.name, EVERYTHING, today()), actor, branch)
    else:
        check(_as_sent(wish, version, branch))
    for name, value in vars(wish).items():
        setattr(rule, name, dict(value) if name == "template_values" else value)
    rule.edited_by_id = actor.id
    rule.touched_by(actor.id)


def approve(rule: Rule, actor: Actor, seen: str) -> None:
    """From now on runs launch by themselves, within what was approved."""
    if seen != seal(rule):
        raise Conflict(_l("The rule changed after you opened the page; please look at it again."))
    if reasons := approval_faults(rule, actor):
        raise DomainError(_l("You cannot approve it:"), reasons)
    rule.approved_hash, rule.approved_by_id, rule.approved_at = seen, actor.id, now()
    rule.editor_ids = []
    db.session.flush()


def withdraw(rule: Rule) -> None:
    """Runs only draft again."""
    rule.approved_hash = rule.approved_by_id = rule.approved_at = None
    db.session.flush()


def pause(rule: Rule, paused: bool) -> None:
    """Nothing happens until it goes on; whose turn passed meanwhile is not made up for."""
    rule.paused = paused
    db.session.flush()


class _NobodyToReach(Exception):
    """None of those whose turn it is would get anything now."""


def run(rule: Rule, day: date, *, again: bool = False) -> Run | None:
    """Gives their turn to all employers who wait for it; None where nobody does, or nobody could be reached
    now: these keep their turn. Once a day, unless it is looked `again` because something came. Flushes.

    The caller holds the rule's lock; the turns' unique key stands behind it.
    """
    if rule.paused or (rule.looked_on == day and not again):
        return None
    if not again:
        rule.looked_on = day
    rows = db.session.execute(waiting(rule, day)).all()
    db.session.flush()
    if not rows:
        return None
    asked = {"rule_id": rule.id, "day": day, "employers": len({row.employer_id for row in rows})}
    made = Run(**asked)
    try:
        with db.session.begin_nested():  # what cannot be written takes nobody's turn
            campaign = _drafted(rule, made, rows)
    except _NobodyToReach:
        return None
    except DomainError as refusal:
        return _refused(rule, Run(**asked), _said(refusal.reasons or [refusal.message]))
    settle_tasks(("campaign_rules", rule.id), (REFUSED_TASK,), MENDED)
    _launch_or_ask(rule, made, campaign)
    db.session.flush()
    return made


def _drafted(rule: Rule, made: Run, rows: Sequence[AnyRow]) -> Campaign:
    """The campaign of a run, with the turns that name its audience. Raises _NobodyToReach."""
    db.session.add(made)
    db.session.flush()
    left = [row.turn_id for row in rows if row.turn_id]
    db.session.execute(delete(Turn).where(among(Turn.id, left)))
    turns = [
        {"rule_id": rule.id, "run_id": made.id, "employer_id": row.employer_id, "occasion": row.occasion}
        for row in rows
    ]
    insert_rows(table_of(Turn), turns)
    if rule.letter_version is None:
        campaign = drafting.draft(_campaign(rule, made), rule.owner, rule.branch)
    else:
        version = current_version(rule.letter_version.template) or rule.letter_version
        wish = _letter(rule, version, _name(rule, made), _audience(rule, made), made.day)
        campaign = letters.draft(wish, rule.owner, rule.branch)
    if not campaign.recipients:
        raise _NobodyToReach
    made.campaign_id = campaign.id
    return campaign


def _refused(rule: Rule, made: Run, why: str) -> Run:
    """Nothing was drafted and nobody had a turn; the owner is told, once until it works again."""
    made.outcome, made.note = Outcome.REFUSED, why
    db.session.add(made)
    open_task(
        REFUSED_TASK,
        REFUSED,
        today(),
        branch_id=rule.branch_id,
        owner_id=rule.owner_id,
        params={"name": rule.name},
        note=why,
        source=("campaign_rules", rule.id),
        again=True,
    )
    db.session.flush()
    return made


def _launch_or_ask(rule: Rule, made: Run, campaign: Campaign) -> None:
    """Launched where a second person approved that, else the owner's to submit."""
    reasons = held_back(rule, campaign)
    if not reasons:
        try:
            with db.session.begin_nested():
                _launch(rule, campaign)
        except DomainError as refusal:
            reasons = list(refusal.reasons) or [refusal.message]
    if not reasons:
        made.outcome = Outcome.LAUNCHED
        return
    made.note = _said(reasons)
    _ask(rule, campaign)


def _said(reasons: Sequence[Any]) -> str:
    return "；".join(str(reason) for reason in reasons)[:500]


def _campaign(rule: Rule, made: Run) -> drafting.Wish:
    """The run as a campaign: to those whose turn it is, at the hour of the rule.

    What may not go out on a day off does so at its hour of the next working day; deadlines count from then.
    """
    day = made.day
    if rule.working_days_only:
        day = calendar(day.year, provisional=True).on_or_after(day)
    begins = datetime.combine(day, time(rule.send_hour), SHANGHAI)
    starts = max(begins, now())
    return drafting.Wish(
        name=_name(rule, made),
        segment_id=None,
        criteria=_audience(rule, made),
        message_class=MessageClass.SERVICE,
        template_text="",
        deadline=day + timedelta(days=rule.deadline_days) if rule.deadline_days else None,
        contact_order=rule.contact_order,
        frequency_days=rule.frequency_days,
        verified_only=rule.verified_only,
        hold_out=rule.hold_out,
        template_version_id=rule.template_version_id,
        values=rule.template_values,
        send_from=begins if begins > now() else None,
        send_until=starts + timedelta(hours=rule.spread_hours) if rule.spread_hours else None,
        working_days_only=rule.working_days_only,
    )


def _name(rule: Rule, made: Run) -> str:
    return f"{rule.name} {made.day.isoformat()}"[:120]


def _audience(rule: Rule, made: Run) -> dict[str, Any]:
    return both({"match": "all", "rules": [criterion(FIELD, "eq", str(made.id))]}, rule.criteria)


def _letter(
    said: Rule | Wish, version: LetterVersion, name: str, criteria: dict[str, Any], day: date
) -> letters.LetterWish:
    """A campaign by letter on behalf of a rule, or of one that is being written. Raises DomainError for a
    value that is none."""
    deadline = day + timedelta(days=said.deadline_days) if said.deadline_days else None
    values = {**said.template_values, "deadline": deadline.isoformat() if deadline else ""}
    wanted = asked(version)
    return letters.LetterWish(
        name=name,
        segment_id=None,
        criteria=criteria,
        version=version,
        given=written(wanted, {one.name: values.get(one.name, "") for one in wanted}),
        deadline=deadline,
        contact_order=said.contact_order,
        frequency_days=said.frequency_days,
        hold_out=said.hold_out,
    )


def _launch(rule: Rule, campaign: Campaign) -> None:
    """Submitted for the owner, approved by whoever approved the rule: the guards of both steps hold."""
    approver = db.session.get_one(User, rule.approved_by_id)
    drafting.submit(campaign, rule.owner)
    if reasons := approval_faults(rule, approver):
        raise DomainError(_l("You cannot approve it:"), reasons)
    drafting.approve(campaign, approver, drafting.seal(campaign), APPROVED)
    controlling.launch(campaign.id, None)
    wake(campaign.id)


def _ask(rule: Rule, campaign: Campaign) -> None:
    open_task(
        TASK,
        DRAFTED,
        today(),
        branch_id=rule.branch_id,
        owner_id=rule.owner_id,
        params={"name": rule.name},
        source=("campaign", campaign.id),
    )


def enter_day(name: str, day: date) -> GreetingDay:
    """A festival of a coming year. Conflict where it is entered."""
    name = " ".join(name.split())
    if not name or day < today():
        raise DomainError(_l("Give the festival's name and a day to come."))
    if db.session.scalar(select(GreetingDay.id).where(GreetingDay.name == name, GreetingDay.day == day)):
        raise Conflict(_l("This day is in the calendar already."))
    made = GreetingDay(name=name, day=day)
    db.session.add(made)
    db.session.flush()
    return made


def remove_day(day_id: int) -> None:
    """Out of the calendar. Raises NotFound."""
    found = db.session.get(GreetingDay, day_id)
    if found is None:
        raise NotFound(_l("This day is not in the calendar."))
    db.session.delete(found)
    db.session.flush()


def uses_of(segment: Segment) -> list[Any]:
    """Why a segment cannot be deleted: rules that narrow their audience by it."""
    names = db.session.scalars(select(Rule.name).where(Rule.segment_id == segment.id))
    return [_l("The rule “%(name)s” uses it.", name=name) for name in names]
