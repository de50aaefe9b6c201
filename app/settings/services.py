"""Keeping the calendar, the law and the codes. The session writes every change into the audit trail."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core import code_tables, options, signals
from app.core.clock import today
from app.core.code_tables import CodeValue
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.options import Option
from app.core.rules import workdays
from app.core.rules.legal import LegalBasis
from app.settings import queries


def set_day(day: date, working: bool, why: str) -> None:
    """Makes a day worked or off; the reason stays beside it. Deadlines already set do not move."""
    if not why.strip():
        raise DomainError(_l("Say why the day changes, such as the notice that announced it."))
    if workdays.is_working_day(day) == working:
        raise DomainError(_l("That is what this day is already."))
    workdays.set_day(day, working, why.strip())


def enter_year(year: int, off: Collection[date], worked: Collection[date], why: str) -> None:
    """Enters the days off and the weekend days worked of a year that is not known yet."""
    if year in workdays.known_years():
        raise Conflict(_l("%(year)s is entered already: change single days of it.", year=year))
    if both := set(off) & set(worked):
        raise DomainError(_l("%(day)s cannot be both a day off and worked.", day=str(min(both))))
    if idle := [day for day in worked if day.weekday() < 5]:
        raise DomainError(_l("%(day)s is a weekday and worked anyway.", day=str(min(idle))))
    workdays.enter_year(year, off, worked)
    details = {"year": year, "reason": why, "days_off": len(off), "days_worked": len(worked)}
    audit.record(msgid("Calendar of a year entered"), name=str(year), details=details)


def set_options(values: Mapping[Option, int], valid_from: date | None = None, why: str = "") -> list[Any]:
    """Sets the figures that a department may set for itself, from a day on.

    A day that has passed, which figures of the contribution year may have, needs a reason. Gives in words
    what was reckoned by the values before and is not reckoned again. DomainError where values contradict
    each other, and for a day that is too early; whoever called rolls back.
    """
    changed = [option for option, value in values.items() if options.set_value(option, value, valid_from)]
    _refuse_upside_down(values, valid_from)
    if not changed:
        return []
    signals.options_set.send(None, options=changed)
    return _backdate(changed, valid_from, why.strip()) if valid_from and valid_from < today() else []


def _backdate(changed: list[Option], since: date, why: str) -> list[Any]:
    """Puts the reason into the trail, and asks everybody what was reckoned since."""
    if not why:
        raise DomainError(
            _l("Say why the figures begin on a day that has passed, such as the notice with its day.")
        )
    answers = signals.options_backdated.send(None, options=changed, since=since)
    reckoned = [sentence for _receiver, sentences in answers for sentence in sentences]
    details = {
        "since": since.isoformat(),
        "reason": why,
        "figures": {str(option.label): option.value(since) for option in changed},
        "reckoned before": [str(sentence) for sentence in reckoned],
    }
    audit.record(msgid("Figures entered for a day that has passed"), name=since.isoformat(), details=details)
    overtaken = [_overtaken(option, since) for option in changed]
    return [sentence for sentence in (*overtaken, *reckoned) if sentence is not None]


def _overtaken(option: Option, since: date) -> Any:
    """That another value, set before for a later day, takes the place of the new one by now."""
    if (value := option.value()) == option.value(since):
        return None
    return _l(
        "“%(what)s” is %(value)s today, by a value that was set for a later day: set it anew if need be.",
        what=option.label, value=option.shown(value),
    )  # fmt: skip


def take_back_option(option: Option, valid_from: date) -> None:
    """A value that was announced for a later day will not hold."""
    options.take_back(option, valid_from)
    _refuse_upside_down((option,), valid_from)


def _refuse_upside_down(changed: Collection[Option], since: date | None) -> None:
    options.refuse_upside_down(current_features().options.values(), changed, since or today())


def add_version(basis: LegalBasis, values: Mapping[str, Any]) -> LegalBasis:
    """Enters an article as it stands from a day on; the version before it ends there."""
    newest = queries.versions(basis.code)[0]
    starts: date = values["valid_from"]
    if starts <= newest.valid_from:
        first = str(newest.valid_from)
        raise DomainError(_l("The last version began on %(day)s: the new one must begin later.", day=first))
    if newest.valid_to is not None and newest.valid_to < starts:
        raise DomainError(_l("The last version ends on %(day)s: begin there.", day=str(newest.valid_to)))
    newest.valid_to = starts
    made = LegalBasis(**{"law": basis.law, **values}, code=basis.code)
    db.session.add(made)
    db.session.flush()
    return made


def correct(basis: LegalBasis, values: Mapping[str, Any]) -> None:
    """Corrects a wording that nobody has confirmed yet; with `verified` it is confirmed, and final."""
    if basis.verified:
        raise Conflict(_l("A confirmed wording is final: enter a new version instead."))
    for name, value in values.items():
        setattr(basis, name, value)
    db.session.flush()


def add_code(table: str, values: Mapping[str, Any]) -> CodeValue:
    """Enters a code that the table does not have; one that it had is changed instead, and keeps its past."""
    code = values["code"]
    if code in code_tables.codes(table):
        raise Conflict(_l("The table has the code %(code)s already: open it to change it.", code=code))
    made = CodeValue(**values, code_table=table)
    _refuse_unsound(made)
    db.session.add(made)
    db.session.flush()
    code_tables.forget()
    return made


def change_code(value: CodeValue, values: Mapping[str, Any]) -> None:
    """Corrects words, order and validity. The code itself stays: records speak of it."""
    for name, new in values.items():
        setattr(value, name, new)
    with db.session.no_autoflush:
        _refuse_unsound(value)
    db.session.flush()
    code_tables.forget()


def _refuse_unsound(value: CodeValue) -> None:
    if value.valid_from and value.valid_until and value.valid_until < value.valid_from:
        raise DomainError(_l("The last day of validity must not come before the first."))
    if value.parent_code is None:
        return
    known = code_tables.codes(value.code_table)
    if value.parent_code not in known:
        raise DomainError(_l("The table has no code %(code)s.", code=value.parent_code))
    if value.code in (value.parent_code, *code_tables.above(known, value.parent_code)):
        raise DomainError(_l("A code cannot stand below itself."))
