"""The drives, the worklist of one with its counters, and one employer: script, outcome, people, notes."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import today
from app.core.criteria.trees import rule, to_query
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.forms import refusals
from app.core.permissions import current_actor, requires
from app.core.personal.revealing import respond
from app.core.workflow.engine import available, history
from app.employers.models import ROLE_LABELS
from app.employers.people.policy import Permission as PeoplePermission
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.forms import ChangeForm, NoteForm, OutcomeForm, StartForm, people_form
from campaigns.channels.worklist.lists import DRIVES, ROWS
from campaigns.channels.worklist.models import AGENCY_LABELS, Drive, DriveRow, RowState
from campaigns.channels.worklist.policy import OUTCOMES, OWN, READY, RESULTS, Permission, Ready, ready
from campaigns.channels.worklist.roster import services as roster
from campaigns.channels.worklist.services import starting, telling
from campaigns.channels.worklist.workflow import DRIVE, ROW, load_drive

bp = Blueprint("drives", __name__, url_prefix="/drives")


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"drive_workflow": DRIVE, "row_workflow": ROW, "outcomes": OUTCOMES, "kind_of_drive": ready}


@bp.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """The ready drives to start, and those that were."""
    return DRIVES.respond(ready=(*READY.values(), OWN))


@bp.route("/start/<kind>", methods=["GET", "POST"])
@requires(Permission.RUN)
def start(kind: str) -> ResponseReturnValue:
    """One form, in which the ready drive stands already."""
    chosen, actor = _ready(kind), current_actor()
    if chosen.endpoint:
        return redirect(url_for(chosen.endpoint))
    form, asked = StartForm(), False
    form.offer(chosen, actor)
    if form.validate_on_submit():
        try:
            return _started(starting.start(form.wish(chosen, actor), actor))
        except DomainError as refusal:
            asked = isinstance(refusal, starting.Elsewhere)
            refusals.take_back(form, refusal)
    if not form.is_submitted():
        form.prefill(chosen, actor)
    if not asked and form.also.data is None:
        del form.also
    page = render_template("campaigns/worklist/start.html", form=form, ready=chosen)
    return page, 422 if form.is_submitted() else 200


def _started(drive: Drive) -> ResponseReturnValue:
    db.session.commit()
    flash(_("The drive is started."), "success")
    return redirect(url_for(".show", id=drive.id), 303)


def _ready(kind: str) -> Ready:
    found = {**READY, OWN.code: OWN}.get(kind)
    if found is None:
        raise NotFound(_("There is no such drive."))
    return found


@bp.route("/<int:id>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """Counters by branch and specialist, each leading to its rows, and the worklist."""
    actor = current_actor()
    drive = queries.find(id, actor)
    whole, branches, owners = queries.progress(id, actor)
    return ROWS.respond(
        id, drive=drive, whole=whole, branches=branches, owners=owners, rows_of=_rows_of(id),
        options=available(DRIVE, drive, actor), today=today(),
    )  # fmt: skip


def _rows_of(drive_id: int) -> Any:
    """Addresses of rows: of a branch or specialist (`by`, `whose`), in a state, or with matters (done)."""

    def address(by: str = "", whose: int | None = None, state: str = "", at_least: str = "") -> str:
        rules = [rule(by, "empty") if whose is None else rule(by, "in", [str(whose)])] if by else []
        rules += [rule("state", "in", [state])] if state else []
        rules += [rule(at_least, "ge", "1")] if at_least else []
        criteria: dict[str, Any] = dict(to_query({"match": "all", "rules": rules}))
        return url_for(".show", id=drive_id, **criteria)

    return address


@bp.route("/<int:id>/edit", methods=["GET", "POST"])
@requires(Permission.RUN)
def edit(id: int) -> ResponseReturnValue:
    drive = load_drive(id, current_actor())
    form = ChangeForm(obj=drive)
    form.offer()
    if form.validate_on_submit():
        try:
            starting.change(drive, *form.given, current_actor())
        except DomainError as refusal:
            refusals.take_back(form, refusal)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".show", id=id), 303)
    page = render_template("campaigns/worklist/edit.html", form=form, drive=drive)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<int:id>/take-in")
@requires(Permission.RUN)
def take_in(id: int) -> ResponseReturnValue:
    taken = starting.take_in(load_drive(id, current_actor()), current_actor())
    db.session.commit()
    flash(_("Employers taken in: %(number)s.", number=taken.new), "success")
    if taken.waiting:
        flash(
            _("%(number)s more fit, but are still to be done in other drives.", number=taken.waiting), "info"
        )
    return redirect(url_for(".show", id=id), 303)


@bp.get("/rows/<int:id>")
@requires(Permission.VIEW)
def row(id: int) -> ResponseReturnValue:
    return _page(queries.row_to_work_on(id, current_actor()))


def _page(
    row: DriveRow, outcome: OutcomeForm | None = None, note: NoteForm | None = None
) -> ResponseReturnValue:
    people, refused = queries.people_of(row.id), outcome or note
    links = queries.people_to_call(row.employer_id)
    if outcome is None:
        outcome = OutcomeForm(formdata=None)
        outcome.offer(row, links)
        outcome.prefill(row)
    page = render_template(
        "campaigns/worklist/row.html",
        row=row,
        form=outcome,
        note=note or NoteForm(formdata=None),
        people=people,
        people_form=people_form(row, people) if people else None,
        results=RESULTS,
        notes=queries.notes_of(row.id),
        links=links,
        roles=ROLE_LABELS,
        also=queries.also_in(row) if row.state is RowState.OPEN else (),
        next_step=queries.next_step(row.id) if row.state is RowState.OPEN else None,
        agencies=AGENCY_LABELS,
        said=queries.said_today(row.drive.script_id),
        options=available(ROW, row, current_actor()),
        history=history(ROW, row.id),
    )
    return page, 422 if refused else 200


@bp.post("/rows/<int:id>/outcome")
@requires(Permission.WORK)
def tell(id: int) -> ResponseReturnValue:
    actor = current_actor()
    row, form = queries.row_to_work_on(id, actor), OutcomeForm()
    form.offer(row, queries.people_to_call(row.employer_id))
    if not form.validate_on_submit():
        return _page(row, form)
    telling.allow(row, actor)
    try:
        telling.tell(row, form.told, actor)
    except DomainError as refusal:
        # what was written down during the call is never to be typed twice
        refusals.take_back(form, refusal)
        return _page(queries.row_to_work_on(id, actor), form)
    db.session.commit()
    flash(_("Recorded: %(outcome)s.", outcome=OUTCOMES[form.outcome.data].label), "success")
    return redirect(url_for(".row", id=id), 303)


@bp.post("/rows/<int:id>/people")
@requires(Permission.WORK)
def people(id: int) -> ResponseReturnValue:
    """What became of the people whom the roster names."""
    row = queries.row_to_work_on(id, current_actor())
    form = people_form(row, queries.people_of(id))
    if not form.validate_on_submit():
        flash(_("Choose one of the results of this drive."), "warning")
        return redirect(url_for(".row", id=id), 303)
    number = roster.record_results(row, form.given, form.rest.data or "", current_actor())
    db.session.commit()
    if number:
        flash(_("Results recorded: %(number)s.", number=number), "success")
    else:
        flash(_("No result was changed: choose one first."), "warning")
    return redirect(url_for(".row", id=id, _anchor="people"), 303)


@bp.post("/people/<int:person_id>/reveal")
@requires(PeoplePermission.REVEAL_ID)
def reveal(person_id: int) -> ResponseReturnValue:
    """The ID number of somebody on a roster, each time for a reason that is recorded."""
    person = queries.find_person(person_id, current_actor())
    crumb = (person.name, url_for(".row", id=person.row_id, _anchor="people"))
    return respond(
        lambda reason: roster.reveal(person, reason), [crumb], title=_("ID number"), each_time=True
    )


@bp.post("/rows/<int:id>/notes")
@requires(Permission.WORK)
def add_note(id: int) -> ResponseReturnValue:
    row, form = queries.row_to_work_on(id, current_actor()), NoteForm()
    if not form.validate_on_submit():
        return _page(row, note=form)
    try:
        telling.note_partner(row, *form.said, current_actor())
    except DomainError as refusal:
        refusals.take_back(form, refusal)
        return _page(queries.row_to_work_on(id, current_actor()), note=form)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".row", id=id, _anchor="notes"), 303)
