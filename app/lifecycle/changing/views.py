"""The worklist of changes, and the page of each."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import current_actor, requires
from app.core.rules.legal import find as find_basis
from app.core.workflow.acts import demand
from app.core.workflow.engine import available, history
from app.employers.models import Employer
from app.employers.queries import find as find_employer
from app.lifecycle.changing import queries, services
from app.lifecycle.changing.forms import FORMS, NewsForm
from app.lifecycle.changing.lists import CHANGES, clock_of
from app.lifecycle.changing.models import KIND_LABELS, ChangeKind, RegisteredChange
from app.lifecycle.changing.policy import BASIS, PAPERS, Permission, headings_for, papers_for
from app.lifecycle.changing.recording.services import on_record
from app.lifecycle.changing.workflow import CHANGING, load
from app.lifecycle.closing.lists import told
from app.lifecycle.papers.forms import PaperForm, paper_form
from app.lifecycle.papers.models import RESULT_LABELS, RESULT_TONES

blueprint = Blueprint("changing", __name__, url_prefix="/changes")


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {
        "kinds": KIND_LABELS, "results": RESULT_LABELS, "result_tones": RESULT_TONES, "told": told,
        "workflow": CHANGING, "clock_of": clock_of,
    }  # fmt: skip


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return CHANGES.respond()


@blueprint.route("/of/<int:employer_id>", methods=["GET", "POST"])
@requires(Permission.WORK)
def note(employer_id: int) -> ResponseReturnValue:
    """Notes a change that the employer hands in, or that came to light."""
    actor = current_actor()
    employer = find_employer(employer_id, actor)
    demand(employer, "edit", actor)
    kind = _kind_asked()
    form = FORMS[kind](request.form if request.method == "POST" else request.args)
    if form.validate_on_submit():
        change = services.note(employer, kind, form.news, actor)
        db.session.commit()
        return redirect(url_for(".show", id=change.id), 303)
    return _note_page(form, employer, kind)


def _kind_asked() -> ChangeKind:
    """The kind that the address names; of a name, unless it says otherwise."""
    try:
        return ChangeKind(request.args.get("kind", ChangeKind.NAME))
    except ValueError:
        raise NotFound(_("There is no such kind of change.")) from None


def _note_page(
    form: NewsForm, employer: Employer, kind: ChangeKind, change: RegisteredChange | None = None
) -> ResponseReturnValue:
    page = render_template(
        "lifecycle/changing/note.html",
        form=form, employer=employer, kind=kind, change=change, now=on_record(employer, kind),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """What changed since when, the term, the papers, and the steps."""
    return _page(load(id, current_actor()))


def _page(change: RegisteredChange, papers: PaperForm | None = None) -> ResponseReturnValue:
    checks, asked = queries.checks_of(change), papers_for(change.kind)
    page = render_template(
        "lifecycle/changing/show.html",
        change=change,
        checks=checks,
        groups=PAPERS.groups(headings_for(change.kind)),
        form=papers or paper_form(PAPERS, asked, checks, formdata=None),
        options=available(CHANGING, change, current_actor()),
        basis=find_basis(BASIS, change.changed_on),
        history=history(CHANGING, change.id),
    )
    return page, 422 if papers else 200


@blueprint.route("/<int:id>/correct", methods=["GET", "POST"])
@requires(Permission.WORK)
def correct(id: int) -> ResponseReturnValue:
    actor = current_actor()
    change = load(id, actor)
    demand(change, "edit", actor)
    form = FORMS[change.kind](data={"source": change.source, "bank_code": change.bank_code})
    if form.validate_on_submit():
        services.correct(change, form.news, actor)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for(".show", id=id), 303)
    if not form.is_submitted():
        form.prefill(change)
    return _note_page(form, change.employer, change.kind, change)


@blueprint.post("/<int:id>/papers")
@requires(Permission.WORK)
def papers(id: int) -> ResponseReturnValue:
    actor = current_actor()
    change = load(id, actor)
    form = paper_form(PAPERS, papers_for(change.kind), queries.checks_of(change))
    if not form.validate_on_submit():
        return _page(change, form)
    services.check_papers(change, form.findings, actor)
    db.session.commit()
    flash(_("The papers are noted."), "success")
    return redirect(url_for(".show", id=id, _anchor="papers"), 303)
