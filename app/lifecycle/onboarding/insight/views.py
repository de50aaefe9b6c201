"""Openings and papers to follow as lists, and the figures of openings."""

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.clock import today
from app.core.language.i18n import msgid
from app.core.periods import Period, asked_span
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.employers.policy import Permission as Employers
from app.lifecycle.onboarding.insight import queries
from app.lifecycle.onboarding.insight.lists import OPENINGS, TO_FOLLOW
from app.lifecycle.onboarding.policy import STEPS, Permission

blueprint = Blueprint("openings", __name__, url_prefix="/onboarding")


@blueprint.route("/all", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    return OPENINGS.respond()


@blueprint.route("/to-follow", methods=["GET", "POST"])
@requires(Permission.VIEW)
def papers() -> ResponseReturnValue:
    return TO_FOLLOW.respond()


@blueprint.get("/figures")
@requires(Permission.VIEW)
def figures() -> str:
    """Accounts opened by month, branch or specialist, how far they got and how soon; who waits now."""
    by, first, last = _asked()
    actor = current_actor()
    whole, lines = queries.opened(by, first, last, actor)
    return render_template(
        "lifecycle/onboarding/figures.html",
        by=by,
        dimensions=queries.DIMENSIONS,
        first=first,
        last=last,
        whole=whole,
        lines=lines,
        steps=STEPS,
        waiting=queries.waiting(actor),
        to_follow=queries.to_follow(actor),
    )


@blueprint.get("/figures/workbook")
@requires(Employers.EXPORT)
def workbook() -> ResponseReturnValue:
    """The same figures as a workbook: who got how far and in how many days, and who waits now."""
    by, first, last = _asked()
    actor = current_actor()
    whole, lines = queries.opened(by, first, last, actor)
    header = [by.label, _("Accounts opened"), _("Days to the opening")]
    for step in queries.AFTER:
        header += [step.reached_label, _("Days to: %(step)s", step=step.reached_label)]
    rows = [_row(line) for line in (*lines, whole)]
    waits = [_("Who waits now, by milestone"), _("There now"), _("Stuck"), _("Stuck after (days)")]
    rows += [[], waits]
    rows += [
        [str(one.step.label), one.here, one.stuck, one.step.limit.value()] for one in queries.waiting(actor)
    ]
    title = _("Openings in figures")
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Figures of openings exported"), name=title)
    name = f"{title}_{first}-{last}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


def _row(line: queries.Line) -> list[str | int | float | None]:
    row: list[str | int | float | None] = [line.label, line.opened, line.days(STEPS[0].name)]
    for step in queries.AFTER:
        row += [line.reached[step.name], line.days(step.name)]
    return row


def _asked() -> tuple[queries.Dimension, Period, Period]:
    by = queries.DIMENSIONS.get(request.args.get("by", ""), queries.DIMENSIONS["month"])
    since, until = request.args.get("from", ""), request.args.get("until", "")
    return by, *asked_span(since, until, Period.of(today()), queries.MONTHS)
