"""The month's batch, the funnel, and the rows behind their figures."""

from flask import Blueprint, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.clock import today
from app.core.language import formats
from app.core.language.i18n import msgid
from app.core.periods import Period, asked_month_or, asked_span
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, Value, workbook_bytes
from app.core.web.charts import Chart, Point, Series, bar_chart
from app.employers.policy import Permission as Employers
from app.leads.insight import queries
from app.leads.insight.lists import STAYS
from app.leads.policy import Permission

blueprint = Blueprint("insight", __name__, url_prefix="/leads")


@blueprint.route("/all", methods=["GET", "POST"])
@requires(Permission.VIEW)
def stays() -> ResponseReturnValue:
    return STAYS.respond()


@blueprint.get("/monthly")
@requires(Permission.VIEW)
def monthly() -> ResponseReturnValue:
    """What is new in a month, and what dropped out and why."""
    month = asked_month_or(request.args.get("month", ""), Period.of(today()))
    actor = current_actor()
    months = [month + -back for back in reversed(range(queries.MONTHS))]
    return render_template(
        "leads/monthly.html",
        batch=queries.batch(month, actor),
        chart=_flow_chart(queries.flows(months, actor)),
        found=queries.between("found_on", month, month),
        left=queries.between("left_on", month, month),
        before=month + -1,
        after=month + 1 if month < Period.of(today()) else None,
    )


@blueprint.get("/monthly/workbook")
@requires(Employers.EXPORT)
def monthly_workbook() -> ResponseReturnValue:
    """The month's figures as a workbook, with those of the months before it."""
    month = asked_month_or(request.args.get("month", ""), Period.of(today()))
    actor = current_actor()
    batch = queries.batch(month, actor)
    months = [month + -back for back in reversed(range(queries.MONTHS))]
    came, went = _("New, by who named them first"), _("Dropped out, by reason")
    rows: list[list[Value]] = [[came, str(one.label), one.number] for one in batch.entered]
    rows += [[went, str(one.label), one.number] for one in batch.left]
    rows += [[], [_("Month"), _("New"), _("Gone")]]
    rows += [[formats.period(one), new, gone] for one, new, gone in queries.flows(months, actor)]
    title = _("Leads month by month")
    content = workbook_bytes(title, [formats.period(month), _("Source or reason"), _("Leads")], rows)
    audit.record_now(msgid("Leads of a month exported"), name=title)
    name = f"{title}_{month}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


def _flow_chart(flows: list[tuple[Period, int, int]]) -> Chart:
    def point(name: str, month: Period, number: int) -> Point:
        return Point(number, url_for("insight.stays", **queries.between(name, month, month)))

    return bar_chart(
        _("New in the ledger and gone from it"),
        [f"{month.year % 100:02d}-{month.month:02d}" for month, _new, _gone in flows],
        [
            Series(_("New"), [point("found_on", month, new) for month, new, _gone in flows]),
            Series(_("Gone"), [point("left_on", month, gone) for month, _new, gone in flows]),
        ],
    )


@blueprint.get("/funnel")
@requires(Permission.VIEW)
def funnel() -> ResponseReturnValue:
    """How far leads get, by month, source, area or specialist, with the median days between steps."""
    by, first, last = _asked()
    whole, lines = queries.funnel(by, first, last, current_actor())
    return render_template(
        "leads/funnel.html",
        by=by,
        dimensions=queries.DIMENSIONS,
        first=first,
        last=last,
        whole=whole,
        lines=lines,
        steps=queries.STEPS,
        reached=queries.REACHED,
        chart=_step_chart(whole),
    )


@blueprint.get("/funnel/workbook")
@requires(Employers.EXPORT)
def workbook() -> ResponseReturnValue:
    """The same figures as a workbook."""
    by, first, last = _asked()
    whole, lines = queries.funnel(by, first, last, current_actor())
    labels = [str(label) for _name, label, _day in queries.STEPS]
    header = [
        by.label,
        *labels,
        *(_("Days to: %(step)s", step=label) for label in labels[1:]),
        _("Median days in all"),
    ]
    names = [name for name, _label, _day in queries.STEPS]
    rows = [
        [line.label, *line.reached.values(), *(line.days.get(name) for name in (*names[1:], "whole"))]
        for line in (*lines, whole)
    ]
    title = _("Conversion funnel")
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Conversion funnel exported"), name=title)
    name = f"{title}_{first}-{last}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)


def _step_chart(whole: queries.Line) -> Chart:
    points = [
        Point(whole.reached[name], url_for("insight.stays", **whole.criteria, **queries.REACHED[name]))
        for name, _label, _day in queries.STEPS
    ]
    labels = [str(label) for _name, label, _day in queries.STEPS]
    return bar_chart(_("How far leads get"), labels, [Series(_("Leads"), points)], height=220)


def _asked() -> tuple[queries.Dimension, Period, Period]:
    by = queries.DIMENSIONS.get(request.args.get("by", ""), queries.DIMENSIONS["month"])
    since, until = request.args.get("from", ""), request.args.get("until", "")
    return by, *asked_span(since, until, Period.of(today()), queries.MONTHS)
