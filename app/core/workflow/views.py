"""One pair of pages for every workflow's transitions: ask what the step needs, then take it."""

from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.core.clock import today
from app.core.code_tables import offered_codes
from app.core.db import db
from app.core.errors import NotFound
from app.core.features import current_features
from app.core.forms.choices import offered
from app.core.forms.month_field import PeriodField
from app.core.permissions import Actor, current_actor, signed_in
from app.core.workflow.declared import Workflow
from app.core.workflow.engine import Ask, Option, Transition, option, transition

#: characters of an answer in words
LONGEST = 200

blueprint = Blueprint("workflow", __name__, url_prefix="/workflow")


@blueprint.get("/<workflow>/<int:record_id>/<name>")
@signed_in
def ask(workflow: str, record_id: int, name: str) -> ResponseReturnValue:
    """The step's questions; a blocked step shows every reason instead."""
    machine, record, step = _find(workflow, record_id, name, current_actor())
    return _page(machine, record, step, form_for(machine, name)(data=_proposed(step.transition)))


def _proposed(step: Transition) -> dict[str, Any]:
    """Answers that the link to the form brings along, to be looked at and changed; nonsense is left out."""
    found: dict[str, Any] = {}
    for one in step.asks:
        given = request.args.get(one.name, "")[:200]
        if given and one.kind == "text":
            found[one.name] = given
        elif given and one.kind in ("date", "day_ahead"):
            with suppress(ValueError):
                found[one.name] = date.fromisoformat(given)
    return found


@blueprint.post("/<workflow>/<int:record_id>/<name>")
@signed_in
def move(workflow: str, record_id: int, name: str) -> ResponseReturnValue:
    actor = current_actor()
    machine, record, step = _find(workflow, record_id, name, actor)
    form = form_for(machine, name)()
    if not form.validate_on_submit():
        return _page(machine, record, step, form), 422
    answers = {ask.name: form[ask.name].data for ask in step.transition.asks}
    transition(machine, record, name, actor, comment=form.comment.data or "", answers=answers)
    db.session.commit()
    flash(_("Done: %(state)s.", state=machine.state_of(record).label), "success")
    return redirect(_url(machine, record))


def _find(name: str, record_id: int, step: str, actor: Actor) -> tuple[Workflow[Any], Any, Option]:
    machine = current_features().workflows.get(name)
    if machine is None or machine.load is None:
        raise NotFound(_l("There is no such process."))
    record = machine.load(record_id, actor)
    return machine, record, option(machine, record, step, actor)


def _page(machine: Workflow[Any], record: Any, step: Option, form: FlaskForm) -> str:
    return render_template(
        "workflow/ask.html", machine=machine, record=record, step=step, form=form, back=_url(machine, record)
    )


def _url(machine: Workflow[Any], record: Any) -> str:
    return machine.page_of(record)


def form_for(machine: Workflow[Any], name: str) -> type[FlaskForm]:
    """A form class with one field for each question of a step, and a comment."""
    asks = machine.named(name).asks
    fields: dict[str, Field] = {ask.name: _field(ask, _longest(machine, ask)) for ask in asks}
    fields["comment"] = TextAreaField(_l("Comment"), validators=[Optional(), Length(max=1000)])
    return type("TransitionForm", (FlaskForm,), fields)


def _longest(machine: Workflow[Any], ask: Ask) -> int:
    """As much as the column takes that keeps the answer, if there is one."""
    kept = getattr(machine.model, ask.name, None)
    return min(getattr(getattr(kept, "type", None), "length", None) or LONGEST, LONGEST)


def _field(ask: Ask, longest: int) -> Field:
    validators: list[Any] = [InputRequired() if ask.required else Optional()]
    if ask.kind == "date":
        return DateField(ask.label, default=today, validators=[*validators, _not_in_the_future])
    if ask.kind == "count":
        return IntegerField(ask.label, validators=[*validators, NumberRange(0)])
    if ask.kind == "month":
        return PeriodField(ask.label, validators=validators)
    if ask.kind == "day_ahead":
        return DateField(ask.label, validators=[*validators, _not_in_the_past])
    if ask.kind == "coded":
        choices = offered([("", "…"), *offered_codes(ask.table)])
        return SelectField(ask.label, choices=choices, validators=validators)
    if ask.kind == "choice":
        return SelectField(ask.label, choices=offered([("", "…"), *ask.choices]), validators=validators)
    return StringField(ask.label, validators=[*validators, Length(max=longest)])


def _not_in_the_past(_form: Any, field: Field) -> None:
    if isinstance(field.data, date) and field.data < today():
        raise ValidationError(_("This day is over."))


def _not_in_the_future(_form: Any, field: Field) -> None:
    if isinstance(field.data, date) and field.data > today():
        raise ValidationError(_("This date lies in the future."))
