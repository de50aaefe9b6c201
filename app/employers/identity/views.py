"""An employer's identity on one page, the register, and the log of verifications."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.formats import display
from app.core.permissions import current_actor, requires
from app.core.web.node_picture import Edge, Node, draw
from app.core.workflow.acts import demand
from app.employers.identity import queries, services
from app.employers.identity.forms import (
    EndForm,
    FileForm,
    NameForm,
    RelationForm,
    ResultForm,
    VerificationForm,
)
from app.employers.identity.lists import LOG, REGISTER
from app.employers.identity.models import (
    KIND_LABELS,
    OBJECT_LABELS,
    RESULT_LABELS,
    RESULT_TONES,
    SUBJECT_LABELS,
    WAY_LABELS,
    EmployerRelation,
)
from app.employers.identity.policy import Permission
from app.employers.models import Employer
from app.employers.queries import find, profile
from app.employers.search.queries import search

blueprint = Blueprint("identity", __name__, url_prefix="/identity")

LABELS = {
    "kinds": KIND_LABELS,
    "subject": SUBJECT_LABELS,
    "object": OBJECT_LABELS,
    "ways": WAY_LABELS,
    "results": RESULT_LABELS,
    "tones": RESULT_TONES,
}


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {"labels": LABELS}


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def register() -> ResponseReturnValue:
    return REGISTER.respond()


@blueprint.route("/verifications", methods=["GET", "POST"])
@requires(Permission.VIEW)
def log() -> ResponseReturnValue:
    return LOG.respond()


@blueprint.get("/<int:employer_id>")
@requires(Permission.VIEW)
def show(employer_id: int) -> ResponseReturnValue:
    """Names, kinship with its picture, whom to ask, and what was verified."""
    actor = current_actor()
    employer = profile(employer_id, actor)
    return render_template(
        "employers/identity/show.html",
        employer=employer,
        picture=picture_of(employer, queries.family(employer.id, actor)),
        relations=queries.relations_of(employer.id, actor),
        files=queries.files_of(employer.id),
        verifications=queries.verifications_of(employer.id),
        end=EndForm(),
        outcome=ResultForm(),
    )


def picture_of(employer: Employer, relations: list[EmployerRelation]) -> Markup | None:
    """The family drawn: superiors and successors above, the employer itself marked."""
    rows = _rows(employer.id, relations)
    if len(rows) < 2:
        return None
    people = {one.id: one.name for each in relations for one in (each.subject, each.object)}
    nodes = [
        Node(key, people[key], row, url_for("identity.show", employer_id=key), key == employer.id)
        for key, row in sorted(rows.items(), key=lambda item: (item[1], item[0]))
    ]
    return draw(_("The family of %(name)s", name=employer.name), nodes, _edges(relations))


def _edges(relations: list[EmployerRelation]) -> list[Edge]:
    """One line for two employers, whatever they are to each other; dashed where nothing of it holds now."""
    between: dict[frozenset[int], list[EmployerRelation]] = {}
    for one in relations:
        between.setdefault(frozenset((one.subject_id, one.object_id)), []).append(one)
    edges = []
    for several in between.values():
        # what holds now; else what they were
        told = [one for one in several if one.until is None] or several
        words = dict.fromkeys(str(KIND_LABELS[one.kind]) for one in told)
        first, past = told[0], told[0].until is not None
        edges.append(Edge(first.subject_id, first.object_id, display(list(words)), past=past))
    return edges


def _rows(start: int, relations: list[EmployerRelation]) -> dict[int, int]:
    """Each employer's row, from the top; the object of a relation stands above its subject."""
    rows, waiting = {start: 0}, [start]
    while waiting:
        here = waiting.pop(0)
        for one in relations:
            for near, far, step in ((one.subject_id, one.object_id, -1), (one.object_id, one.subject_id, 1)):
                if near == here and far not in rows:
                    rows[far] = rows[here] + step
                    waiting.append(far)
    top = min(rows.values())
    return {key: row - top for key, row in rows.items()}


@blueprint.route("/<int:employer_id>/relate", methods=["GET", "POST"])
@requires(Permission.EDIT)
def relate(employer_id: int) -> ResponseReturnValue:
    """First whom it is kin to, then how."""
    actor = current_actor()
    employer = find(employer_id, actor)
    other_id = request.args.get("other", type=int)
    if other_id is None:
        return _choose_kin(employer)
    other = find(other_id, actor)
    form = RelationForm()
    form.offer()
    if not form.validate_on_submit():
        return _page("relate", form, employer, other=other)
    services.relate(form.kind, *form.sides(employer, other), form.term, actor)
    return _saved(employer.id)


def _choose_kin(employer: Employer) -> ResponseReturnValue:
    text = request.args.get("q", "")[:100].strip()
    hits = [hit.employer for group in search(text, current_actor()) for hit in group.hits]
    found = [hit for hit in hits if hit.id != employer.id]
    return render_template("employers/identity/choose.html", employer=employer, text=text, found=found)


@blueprint.post("/relations/<int:relation_id>/end")
@requires(Permission.EDIT)
def end_relation(relation_id: int) -> ResponseReturnValue:
    actor = current_actor()
    relation = queries.find_relation(relation_id, actor)
    form = EndForm()
    if not form.validate_on_submit():
        raise DomainError(_l("Enter the last day; it cannot lie in the future."))
    services.end_relation(relation, form.until.data or today(), actor)
    return _saved(request.args.get("back", relation.subject_id, type=int))


@blueprint.post("/relations/<int:relation_id>/remove")
@requires(Permission.EDIT)
def remove_relation(relation_id: int) -> ResponseReturnValue:
    actor = current_actor()
    relation = queries.find_relation(relation_id, actor)
    back = request.args.get("back", relation.subject_id, type=int)
    services.remove_relation(relation, actor)
    return _saved(back)


@blueprint.get("/relations/<int:relation_id>")
@requires(Permission.VIEW)
def relation(relation_id: int) -> ResponseReturnValue:
    """One relation, and the papers that prove it."""
    one = queries.find_relation(relation_id, current_actor())
    words = f"{one.subject.name} {SUBJECT_LABELS[one.kind]} {one.object.name}"
    facts = (
        (_("Kinship"), words),
        (_("Since"), one.since),
        (_("Until"), one.until),
        (_("Proof"), one.proof),
    )
    return _record(one, KIND_LABELS[one.kind], one.subject, facts)


@blueprint.get("/names/<int:name_id>/proof")
@requires(Permission.VIEW)
def former_name(name_id: int) -> ResponseReturnValue:
    """One former name, and the papers that prove it."""
    one = queries.find_name(name_id, current_actor())
    facts = (
        (_("Name"), one.name),
        (_("Since"), one.since),
        (_("Until"), one.until),
        (_("Proof"), one.proof),
    )
    return _record(one, _("Former name"), one.employer, facts)


@blueprint.get("/verifications/<int:verification_id>")
@requires(Permission.VIEW)
def verification(verification_id: int) -> ResponseReturnValue:
    """What was verified, and what was handed in for it."""
    one = queries.find_verification(verification_id, current_actor())
    facts = (
        (_("Whom it is about"), one.person), (_("What was verified"), one.question),
        (_("Result"), RESULT_LABELS[one.result]), (_("How"), WAY_LABELS[one.way]),
        (_("Who answered"), one.answered_by), (_("Documents on file"), one.materials), (_("When"), one.at),
    )  # fmt: skip
    return _record(one, _("Verification"), one.employer, facts)


@blueprint.route("/names/<int:name_id>", methods=["GET", "POST"])
@requires(Permission.EDIT)
def edit_name(name_id: int) -> ResponseReturnValue:
    """Corrects a former name, its days and its proof."""
    actor = current_actor()
    former = queries.find_name(name_id, actor)
    demand(former.employer, "edit", actor)
    form = NameForm()
    if not form.is_submitted():
        form.prefill(former)
    if not form.validate_on_submit():
        return _page("name", form, former.employer)
    services.correct_name(former, form.name.data or "", form.term, actor)
    return _saved(former.employer_id)


@blueprint.route("/<int:employer_id>/file", methods=["GET", "POST"])
@requires(Permission.EDIT)
def put_on_file(employer_id: int) -> ResponseReturnValue:
    """Names the contact who answers for the employer, and what was deposited."""
    actor = current_actor()
    employer = find(employer_id, actor)
    form = FileForm()
    form.offer(employer, next(iter(queries.files_of(employer.id)), None))
    if not form.validate_on_submit():
        return _page("file", form, employer)
    services.put_on_file(employer, form.contact_id.data or 0, form.materials.data or "", actor)
    return _saved(employer.id)


@blueprint.route("/<int:employer_id>/verify", methods=["GET", "POST"])
@requires(Permission.VERIFY)
def verify(employer_id: int) -> ResponseReturnValue:
    """Logs what was verified with the employer on behalf of one of its people."""
    actor = current_actor()
    employer = find(employer_id, actor)
    files = queries.files_of(employer.id)
    form = VerificationForm()
    form.offer(employer, next(iter(files), None))
    if not form.validate_on_submit():
        return _page("verify", form, employer, files=files)
    services.log_verification(employer, form.inquiry, actor)
    return _saved(employer.id)


@blueprint.post("/verifications/<int:verification_id>/settle")
@requires(Permission.VERIFY)
def settle(verification_id: int) -> ResponseReturnValue:
    """The outstanding answer came."""
    made = queries.find_verification(verification_id, current_actor())
    form = ResultForm()
    if not form.validate_on_submit():
        raise DomainError(_l("Choose the answer."))
    services.settle_verification(made, form.result.data)
    return _saved(made.employer_id)


def _page(name: str, form: Any, employer: Employer, **names: Any) -> ResponseReturnValue:
    status = 422 if form.is_submitted() else 200
    page = render_template(f"employers/identity/{name}.html", form=form, employer=employer, **names)
    return page, status


def _record(
    record: Any, title: Any, employer: Employer, facts: Sequence[tuple[str, Any]]
) -> ResponseReturnValue:
    names = {"record": record, "title": title, "employer": employer, "facts": facts}
    return render_template("employers/identity/record.html", **names)


def _saved(employer_id: int) -> ResponseReturnValue:
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", employer_id=employer_id), 303)
