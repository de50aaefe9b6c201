"""Duplicates, merging and taking back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import db
from app.core.jobs import enqueue
from app.core.listing.pairs import ApartForm
from app.core.merging.pairing import PairState
from app.core.merging.pairing import reopen as look_again
from app.core.permissions import current_actor, may, requires
from app.employers.merging import queries
from app.employers.merging.forms import MergeForm, merge_form
from app.employers.merging.jobs import look_for_duplicates
from app.employers.merging.lists import DUPLICATES, MERGES
from app.employers.merging.policy import RULE_LABELS, WEIGHTS, Permission, objections
from app.employers.merging.services import deciding, merging, undoing
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.queries import find, representatives_of
from app.employers.search.queries import search
from app.employers.services import version_of

blueprint = Blueprint("merging", __name__, url_prefix="/duplicates")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return DUPLICATES.respond(look=may(current_actor(), Permission.MERGE) and url_for(".look"))


@blueprint.post("/look")
@requires(Permission.MERGE)
def look() -> ResponseReturnValue:
    """Looks again now, in the background."""
    enqueue(look_for_duplicates)
    db.session.commit()
    flash(_("The search for duplicates has begun; the list follows in a moment."), "info")
    return redirect(url_for(".index"), 303)


@blueprint.get("/<int:pair_id>")
@requires(Permission.VIEW)
def pair(pair_id: int) -> ResponseReturnValue:
    """Why two records may be one employer; what was decided."""
    found = queries.find_pair(pair_id, current_actor())
    return render_template(
        "employers/merging/pair.html",
        pair=found,
        form=ApartForm(),
        rules=[(RULE_LABELS[name], WEIGHTS[name]) for name in found.rules if name in WEIGHTS],
        open=found.state is PairState.OPEN,
    )


@blueprint.post("/<int:pair_id>/apart")
@requires(Permission.DECIDE)
def keep_apart(pair_id: int) -> ResponseReturnValue:
    actor = current_actor()
    found = queries.find_pair(pair_id, actor)
    form = ApartForm()
    reason = form.reason.data if form.validate_on_submit() else ""
    deciding.keep_apart(found, reason or "", actor)
    db.session.commit()
    flash(_("Noted: these are two employers."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<int:pair_id>/reopen")
@requires(Permission.DECIDE)
def reopen(pair_id: int) -> ResponseReturnValue:
    actor = current_actor()
    look_again(queries.find_pair(pair_id, actor))
    db.session.commit()
    return redirect(url_for(".pair", pair_id=pair_id), 303)


@blueprint.get("/of/<int:employer_id>")
@requires(Permission.MERGE)
def choose(employer_id: int) -> ResponseReturnValue:
    """Which other record is the same employer: the likely ones, or a search."""
    actor = current_actor()
    employer = find(employer_id, actor)
    text = request.args.get("q", "")[:100].strip()
    hits = [hit.employer for group in search(text, actor) for hit in group.hits]
    return render_template(
        "employers/merging/choose.html",
        employer=employer,
        text=text,
        found=[hit for hit in hits if hit is not employer],
        pairs=queries.open_pairs_of(employer.id, actor),
    )


@blueprint.route("/merge/<int:kept_id>/<int:merged_id>", methods=["GET", "POST"])
@requires(Permission.MERGE)
def compare(kept_id: int, merged_id: int) -> ResponseReturnValue:
    """Field by field what the kept record shall say, and everything that will move."""
    kept, merged = queries.two(kept_id, merged_id, current_actor())
    form = merge_form(kept, merged, request.args.get("prefer", ""), (version_of(kept), version_of(merged)))
    if request.method == "POST" and (merged.merged_into_id == kept.id or form.validate()):
        return _merge(form, kept, merged)
    return _comparison(form, kept, merged), 422 if request.method == "POST" else 200


def _merge(form: MergeForm, kept: Employer, merged: Employer) -> ResponseReturnValue:
    versions = (form.kept_version.data or "", form.merged_version.data or "")
    reason = form.reason.data or ""
    done = merging.merge(kept.id, merged.id, form.values(), reason, versions, current_actor())
    db.session.commit()
    flash(_("Merged. %(count)s entries went over.", count=done.moved), "success")
    return redirect(url_for("employers.show", employer_id=done.kept_id), 303)


def _comparison(form: MergeForm, kept: Employer, merged: Employer) -> str:
    # a reason may still be given: it is asked for where it is needed
    reasons = [*objections(kept, merged, "-"), *queries.obstacles_to_moving(kept.id, merged.id)]
    asked = [one for one in objections(kept, merged, "") if one not in reasons]
    names = dict.fromkeys(link.contact.name for link in representatives_of((kept.id, merged.id)))
    return render_template(
        "employers/merging/compare.html",
        form=form,
        kept=kept,
        merged=merged,
        moving=[] if kept is merged else queries.moving(kept.id, merged.id),
        reasons=reasons,
        asked=asked,
        representatives=list(names),
        prefer=request.args.get("prefer", ""),
    )


@blueprint.route("/merges", methods=["GET", "POST"])
@requires(Permission.VIEW)
def merges() -> ResponseReturnValue:
    return MERGES.respond()


@blueprint.get("/merges/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> ResponseReturnValue:
    """One merge: what moved, and whether it can still be taken back."""
    done = queries.find_merge(id, current_actor())
    return render_template(
        "employers/merging/show.html",
        merge=done,
        obstacles=[] if done.undone_at else queries.obstacles_to_undoing(done),
    )


@blueprint.post("/merges/<int:id>/undo")
@requires(Permission.MERGE)
def undo(id: int) -> ResponseReturnValue:
    done = undoing.undo(id, current_actor())
    db.session.commit()
    flash(_("Taken back: they are two records again."), "success")
    return redirect(url_for(".show", id=done.id), 303)


@blueprint.get("/check")
@requires(EmployerPermission.EDIT)
def check() -> ResponseReturnValue:
    """While a new employer is typed: who it might be already."""
    found = queries.already_known(
        request.args.get("name", "")[:255], request.args.get("uscc", "")[:40], current_actor()
    )
    return render_template("employers/merging/_known.html", known=found)
