"""Cases follow the statements: reckoned anew, as a set, from all facts of the employers that a batch names.

What statements say of a case depends on the facts alone, not on the order in which they came. What people
added (reasons, promises, steps) stays with the spell that its months belong to.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, select

from app.contributions.arrears import queries
from app.contributions.arrears.asking import queries as asking
from app.contributions.arrears.models import ArrearsCase, ArrearsPromise, CaseState, Outcome
from app.contributions.arrears.policy import ENDED
from app.contributions.arrears.queries import Known, Promise, Said, Spell
from app.contributions.arrears.workflow import ARREARS, ENDINGS
from app.contributions.standing.services import reckon_anew
from app.contributions.terms.queries import with_terms
from app.core import signals, timeline
from app.core.bulk import insert_rows, new_ids, update_rows
from app.core.db import among, db
from app.core.importing.spec import Context
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.undoing.reversible import table_of
from app.core.workflow.engine import WorkflowHistory
from app.core.workflow.sets import SetMove, note_restored, transition_many
from app.employers.models import Employer
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.following.services import settle_deadlines
from app.tasks.models import DEADLINE, Task

CHANGED = msgid("Arrears: %(before)s → %(after)s months unpaid, by the statement of %(month)s")

CASES = table_of(ArrearsCase)
#: a case that a person had a hand in keeps the employer that an undone import had brought
UNTOUCHED = {"arrears_cases": ArrearsCase.reason.is_(None)}


def recorded(context: Context) -> None:
    """A statement was applied, whichever way its lines took."""
    if changed := reckon_anew(with_terms(asking.named_by(context.batch_id))):
        reckon(_these(changed))
    reckon(asking.named_in(context.batch_id))


def withdrawn(context: Context) -> None:
    """A statement was taken back. What was reckoned anew since counts, not what was noted with it."""
    reckon_anew(with_terms(asking.named_by(context.batch_id)))
    reckon(asking.taken_back_in(context.batch_id))


def catch_up() -> int:
    """Opens and closes what statements from before there were cases ask for, and what approved terms have
    changed since, or have ended; gives how many employers."""
    if changed := reckon_anew(with_terms(), noticing=True):
        reckon(_these(changed))
    settle_deadlines(LIFECYCLE, asking.asked_though_told())
    return reckon(asking.out_of_step())


@signals.terms_changed.connect
def _on_terms(_sender: object, employer_ids: Collection[int], **_more: Any) -> None:
    """Months that are deferred, or made up by a plan, are not in arrears; others are again."""
    if changed := reckon_anew(employer_ids):
        reckon(_these(changed))
    settle_deadlines(LIFECYCLE, asking.asked_though_told(employer_ids))


def _these(employer_ids: Collection[int]) -> Select[int]:
    return select(Employer.id).where(among(Employer.id, employer_ids))


def reckon(employers: Select[int]) -> int:
    """Brings the cases of these employers in step with their facts; gives how many employers have any.

    It may be repeated: what is in step already is left alone.
    """
    spells, cases = queries.spells(employers), queries.cases_of(employers)
    work = _Work()
    for employer_id in sorted({*spells, *cases}):
        work.match(spells.get(employer_id, []), cases.get(employer_id, []))
    work.carry_out()
    _judge(employers)
    db.session.expire_all()
    return len({*spells, *cases})


def _figures(spell: Spell) -> dict[str, Any]:
    """What statements say of a case, in the columns of `RECKONED`."""
    first, last, end = spell.first, spell.last, spell.end
    return {
        "first_period": first.period,
        "opened_on": first.as_of,
        "last_period": last.period,
        "reckoned_on": last.as_of,
        "months": last.months,
        "paid_through": last.paid_through,
        "heads": last.heads,
        "monthly_amount": last.monthly_amount,
        "most_months": max(step.months for step in spell.due),
        "closed_period": end.period if end else None,
        "closed_on": end.as_of if end else None,
    }


@dataclass
class _Work:
    """What is to be written for all employers together."""

    new: list[Spell] = field(default_factory=list)
    known: list[tuple[Known, Spell]] = field(default_factory=list)
    left: list[Known] = field(default_factory=list)

    def match(self, spells: Sequence[Spell], cases: Sequence[Known]) -> None:
        """Gives each spell the latest case of its months: present work stays with the present spell."""
        free = list(cases)
        for spell in reversed(spells):
            case = next((one for one in reversed(free) if one.covers(spell)), None)
            if case is None:
                self.new.append(spell)
            else:
                free.remove(case)
                self.known.append((case, spell))
        self.left += free

    def carry_out(self) -> None:
        """Closes before it opens: an employer has one open case at a time."""
        self.new.reverse()
        self._drop()
        self._update()
        self._open()

    def _drop(self) -> None:
        """No statement finds their months unpaid any more: they go, unless somebody worked on them."""
        worked = queries.worked_on([case.id for case in self.left])
        gone = [case.id for case in self.left if case.id not in worked]
        kept = [case for case in self.left if case.id in worked and case.state is not CaseState.WITHDRAWN]
        forget(gone)
        moves = [SetMove(case.id, case.employer_id, case.state.value) for case in kept]
        transition_many(ARREARS, "statement_withdrawn", moves)
        update_rows(CASES, [{"id": case.id, "closed_on": _last_day(case)} for case in kept])

    def _update(self) -> None:
        changed = [(case, _figures(spell), spell) for case, spell in self.known]
        differing = [(case, new, spell) for case, new, spell in changed if new != case.values]
        # an ended case becomes open only after the employer's other one has ended
        for ended in (True, False):
            rows = [
                {"id": case.id, **new}
                for case, new, _spell in differing
                if (new["closed_on"] is not None) is ended
            ]
            update_rows(CASES, rows)
        _tell_changes(differing)
        self._move()

    def _move(self) -> None:
        """Ends and reopens; a case that ended another way than it does now is reopened first."""
        wrong = [(case, spell) for case, spell in self.known if _wrongly_ended(case, spell)]
        before = queries.last_open_states([case.id for case, _spell in wrong])
        restored = []
        for case, _spell in wrong:
            state = before.get(case.id, CaseState.OPENED)
            restored.append((SetMove(case.id, case.employer_id, case.state.value), state.value))
            case.state = state
        update_rows(CASES, [{"id": move.record_id, "state": CaseState(state)} for move, state in restored])
        note_restored(ARREARS, restored)
        # the stage that came back asks again what is known by now
        asked = [case.employer_id for case, _spell in wrong if case.state is not CaseState.OPENED]
        settle_deadlines(LIFECYCLE, asked)
        _end([(case.id, case.state, spell) for case, spell in self.known if case.state not in ENDED])

    def _open(self) -> None:
        ids = new_ids(CASES, len(self.new)) if self.new else ()
        made = list(zip(ids, self.new, strict=True))
        rows = [
            {"id": id_, "employer_id": spell.first.employer_id, "state": CaseState.OPENED, **_figures(spell)}
            for id_, spell in made
        ]
        insert_rows(CASES, rows)
        moves = [
            SetMove(id_, spell.first.employer_id, CaseState.NOTICED.value, _evidence(spell.first))
            for id_, spell in made
        ]
        transition_many(ARREARS, "statement_opened", moves, placed=True)
        _end([(id_, CaseState.OPENED, spell) for id_, spell in made])


def _wrongly_ended(case: Known, spell: Spell) -> bool:
    return case.state in ENDED and case.state is not spell.ending


def _last_day(case: Known) -> date:
    day: date = case.values["closed_on"] or case.values["reckoned_on"]
    return day


def _end(cases: Iterable[tuple[int, CaseState, Spell]]) -> None:
    groups: dict[CaseState, list[SetMove]] = defaultdict(list)
    for case_id, state, spell in cases:
        if spell.end is not None:
            move = SetMove(case_id, spell.end.employer_id, state.value, _evidence(spell.end))
            groups[spell.ending].append(move)
    for ending, moves in groups.items():
        transition_many(ARREARS, ENDINGS[ending], moves)


def _evidence(step: queries.Step) -> dict[str, Any]:
    """The facts before and after."""
    return {
        "statement": str(step.period),
        "as_of": step.as_of.isoformat(),
        "before": step.said_earlier,
        "after": step.said,
    }


def _tell_changes(changes: Iterable[tuple[Known, Mapping[str, Any], Spell]]) -> None:
    """The stories of the employers whose open case grew or shrank; beginnings and ends are told as steps."""
    happenings = [
        timeline.Happening(
            case.employer_id,
            CHANGED,
            {
                "before": case.values["months"],
                "after": new["months"],
                "month": {"period": str(spell.last.period)},
            },
            link_id=case.id,
        )
        for case, new, spell in changes
        if new["months"] != case.values["months"]
    ]
    timeline.record_many(ARREARS.kind, happenings, endpoint="arrears.show")


def forget(case_ids: Sequence[int]) -> None:
    """Deletes cases with what the house itself had hung on them."""
    if not case_ids:
        return
    history = (WorkflowHistory.workflow == ARREARS.name, among(WorkflowHistory.record_id, case_ids))
    tasks = (Task.kind == DEADLINE, Task.source_type == ARREARS.name, among(Task.source_id, case_ids))
    quietly = {"synchronize_session": False}
    db.session.execute(delete(WorkflowHistory).where(*history), execution_options=quietly)
    db.session.execute(delete(Task).where(*tasks), execution_options=quietly)
    db.session.execute(delete(ArrearsCase).where(among(ArrearsCase.id, case_ids)), execution_options=quietly)


def forget_those_of(employer_ids: Sequence[int]) -> None:
    """Before employers go with the import that brought them."""
    query = select(ArrearsCase.id).where(among(ArrearsCase.employer_id, employer_ids))
    forget(db.session.scalars(query).all())


# -- promises ------------------------------------------------------------------------------------------


def _judge(employers: Select[int]) -> None:
    """Decides promises by the statements since; one that is no longer decided waits again."""
    latest: dict[int, tuple[Promise, Outcome]] = {}
    changed: list[dict[str, Any]] = []
    for case_id, promises in queries.promises_of(employers).items():
        for promise, said in promises:
            outcome, month = judged(promise.pay_by, promise.through, said)
            latest[case_id] = (promise, outcome)
            if outcome is not promise.outcome:
                changed.append({"id": promise.id, "outcome": outcome, "decided_in": month})
    update_rows(table_of(ArrearsPromise), changed)
    _follow_promises(latest)


def judged(pay_by: date, through: Period, said: Iterable[Said]) -> tuple[Outcome, Period | None]:
    """What came of a promise by what statements said since; and the month that decided.

    It is kept by a statement that shows the months paid, up to the first one of the promised day or later; if
    that one does not show it either, it is broken, unless nothing is due any more: the account was deferred,
    sealed or closed meanwhile.
    """
    for one in sorted(said, key=lambda one: (one.day, one.month)):
        if one.paid_through is not None and one.paid_through >= through:
            return Outcome.KEPT, one.month
        if one.day >= pay_by:
            return Outcome.BROKEN if one.months else Outcome.LAPSED, one.month
    return Outcome.PENDING, None


def _follow_promises(latest: Mapping[int, tuple[Promise, Outcome]]) -> None:
    """Moves the open cases whose last promise was decided, or is no longer."""
    query = select(ArrearsCase.id, ArrearsCase.employer_id, ArrearsCase.state).where(
        among(ArrearsCase.id, list(latest)), ArrearsCase.closed_on.is_(None)
    )
    groups: dict[str, list[SetMove]] = defaultdict(list)
    undecided: list[tuple[SetMove, str]] = []
    moved_by = _last_steps(list(latest))
    for case_id, employer_id, state in db.session.execute(query).all():
        promise, outcome = latest[case_id]
        move = SetMove(case_id, employer_id, state.value, {"pay_by": promise.pay_by.isoformat()})
        if state is CaseState.PROMISED and outcome in (Outcome.KEPT, Outcome.BROKEN):
            groups[f"statement_{outcome.value}"].append(move)
        elif outcome is Outcome.PENDING and moved_by.get(case_id) in _DECIDED:
            undecided.append((move, CaseState.PROMISED.value))
    for name, moves in groups.items():
        transition_many(ARREARS, name, moves)
    update_rows(CASES, [{"id": move.record_id, "state": CaseState.PROMISED} for move, _state in undecided])
    note_restored(ARREARS, undecided)


_DECIDED = ("statement_kept", "statement_broken")


def _last_steps(case_ids: Sequence[int]) -> dict[int, str]:
    rows = WorkflowHistory
    query = select(rows.record_id, rows.transition).where(
        rows.workflow == ARREARS.name, rows.source != rows.target, among(rows.record_id, case_ids)
    )
    return {case_id: step for case_id, step in db.session.execute(query.order_by(rows.id))}
