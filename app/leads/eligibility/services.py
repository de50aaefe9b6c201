"""Judging employers by the rules, and deciding by hand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from app.core import timeline
from app.core.bulk import read_tuples, update_rows
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.employers.models import Employer
from app.leads.eligibility.models import SPARED, VERDICT_LABELS, Eligibility, EligibilityRule, Verdict
from app.leads.eligibility.policy import first_fitting
from app.leads.eligibility.queries import held_of, rules_in_force
from app.leads.ledger.policy import STAGES
from app.leads.ledger.services import refresh

CHUNK = 20_000
DECIDED = msgid("Duty to contribute: %(verdict)s (%(reason)s)")


class Change(NamedTuple):
    """What a judgement changed of an employer: the columns before and after."""

    employer_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class _Held(NamedTuple):
    rule_id: int | None
    verdict: Verdict
    by_id: int | None


def judge(employer_ids: Sequence[int]) -> list[Change]:
    """Tries the rules on these employers; the caller refreshes the ledger. Again, it changes nothing."""
    if not employer_ids:
        return []
    return _judge(among(Employer.id, list(employer_ids)), among(Eligibility.employer_id, list(employer_ids)))


def judge_all() -> Iterator[int]:
    """The same for all firms without an account, chunk by chunk; the caller commits each."""
    last = db.session.scalar(select(func.max(Employer.id))) or 0
    for first in range(0, last + 1, CHUNK):
        until = first + CHUNK - 1
        changes = _judge(Employer.id.between(first, until), Eligibility.employer_id.between(first, until))
        refresh([one.employer_id for one in changes])
        yield first


def _judge(these: ColumnElement[bool], rows: ColumnElement[bool]) -> list[Change]:
    db.session.flush()
    rules = rules_in_force()
    columns = (Employer.id, Employer.name, Employer.uscc, Employer.registry_type, Employer.eligible)
    query = select(*columns, Employer.ineligible_reason)
    there = (Employer.stage.in_(STAGES), Employer.merged_into_id.is_(None))
    known = select(Eligibility.employer_id, Eligibility.rule_id, Eligibility.verdict, Eligibility.by_id)
    held = {row[0]: _Held(row[1], row[2], row[3]) for row in db.session.execute(known.where(rows))}
    work = _Work(held)
    for id_, name, uscc, kind, eligible, reason in read_tuples(query.where(these, *there)):
        rule = first_fitting(rules, name, uscc, kind)
        work.look_at(id_, rule, {"eligible": eligible, "ineligible_reason": reason})
    work.write()
    return work.changes


class _Work:
    """What the rules say anew: a rule speaks once of an employer, so that people's corrections stay."""

    def __init__(self, held: Mapping[int, _Held]) -> None:
        self.held = held
        self.changes: list[Change] = []
        self.rows: list[dict[str, Any]] = []
        self.gone: list[int] = []

    def look_at(self, id_: int, rule: EligibilityRule | None, now: Mapping[str, Any]) -> None:
        known = self.held.get(id_)
        if known is not None and known.by_id is not None:
            return
        says = (rule.id, rule.verdict) if rule else None
        said = (known.rule_id, known.verdict) if known else None
        if says == said:
            return
        if known is not None:
            self.gone.append(id_)
        if rule is not None:
            self.rows.append(
                {"employer_id": id_, "verdict": rule.verdict, "reason": rule.reason, "rule_id": rule.id,
                 "decided_on": today()}
            )  # fmt: skip
        spared = rule is not None and rule.verdict in SPARED
        was_spared = known is not None and known.verdict in SPARED
        if spared == was_spared and not (spared and now["eligible"]):
            return
        after = {"eligible": not spared, "ineligible_reason": rule.reason if rule and spared else None}
        if after != now:
            self.changes.append(Change(id_, dict(now), after))

    def write(self) -> None:
        if self.gone:
            db.session.execute(delete(Eligibility).where(among(Eligibility.employer_id, self.gone)))
        if self.rows:
            db.session.execute(insert(Eligibility), self.rows)
        if self.changes:
            table = db.metadata.tables[Employer.__tablename__]
            update_rows(table, [{"id": one.employer_id, **one.after} for one in self.changes])
            db.session.expire_all()


def decide(employer: Employer, verdict: Verdict, reason: str, actor: Actor) -> None:
    """A person decides, with the reason; no rule overrides it."""
    if verdict is Verdict.UNCLEAR:
        raise DomainError(_l("Decide one way or the other."))
    if not reason.strip():
        raise DomainError(_l("Say why, so that others can follow the decision."))
    if employer.stage not in STAGES:
        raise DomainError(_l("This employer has an account: its duty is no question any more."))
    found = held_of(employer.id) or Eligibility(employer_id=employer.id)
    found.verdict, found.reason = verdict, reason.strip()
    found.rule_id, found.by_id, found.decided_on = None, actor.id, today()
    db.session.add(found)
    spared = verdict in SPARED
    employer.eligible, employer.ineligible_reason = not spared, reason.strip() if spared else None
    words = {"verdict": {"msgid": msgid_of(VERDICT_LABELS[verdict])}, "reason": reason.strip()}
    timeline.record(employer.id, "lead", DECIDED, params=words, actor=actor)
    db.session.flush()


def keep_rule(rule: EligibilityRule, values: Mapping[str, Any]) -> None:
    """Enters or corrects a rule; one that is done with is ended, never deleted: employers speak of it."""
    for name, value in values.items():
        setattr(rule, name, value)
    first, last = rule.valid_from or date.min, rule.valid_until or date.max
    if last < first:
        raise DomainError(_l("The last day of validity must not come before the first."))
    db.session.add(rule)
    db.session.flush()
    if rule.id is not None:
        # reasons of a corrected rule are read anew at the next judgement
        speaks = update(Eligibility).where(Eligibility.rule_id == rule.id, Eligibility.by_id.is_(None))
        db.session.execute(speaks.values(reason=rule.reason))
