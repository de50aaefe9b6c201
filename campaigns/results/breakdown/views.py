"""The results of one campaign or drive, campaigns side by side, and both as workbooks."""

from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from campaigns.channels.worklist.policy import Permission as Drives
from campaigns.channels.worklist.queries import find as find_drive
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import find
from campaigns.results.breakdown import queries
from campaigns.results.breakdown.policy import FEWEST, MEASURES, MOST, VERDICTS, Line, share
from campaigns.results.breakdown.queries import DIMENSIONS, Dimension, Subject
from campaigns.results.effect.policy import LEAST, asked_days

blueprint = Blueprint("breakdown", __name__, url_prefix="/campaigns")


@blueprint.get("/<int:id>/results")
@requires(Permission.VIEW)
def campaign(id: int) -> str:
    """The funnel of a campaign, and by branch, area or specialist."""
    return _page(queries.of_campaign(find(id, current_actor()), asked_days()))


@blueprint.get("/<int:id>/results/workbook")
@requires(Permission.VIEW)
def campaign_workbook(id: int) -> ResponseReturnValue:
    return _workbook(queries.of_campaign(find(id, current_actor()), asked_days()))


@blueprint.get("/drives/<int:drive_id>/results")
@requires(Drives.VIEW)
def drive(drive_id: int) -> str:
    """The same of a drive."""
    return _page(queries.of_drive(find_drive(drive_id, current_actor()), current_actor()))


@blueprint.get("/drives/<int:drive_id>/results/workbook")
@requires(Drives.VIEW)
def drive_workbook(drive_id: int) -> ResponseReturnValue:
    return _workbook(queries.of_drive(find_drive(drive_id, current_actor()), current_actor()))


@blueprint.get("/compare")
@requires(Permission.VIEW)
def compare() -> str:
    """Two to five campaigns by the same measures; nothing chosen yet: the choice."""
    asked = request.args.getlist("of")
    if len(asked) < FEWEST:
        return render_template(
            "campaigns/results/choose.html",
            offered=queries.offered(current_actor()), asked=asked, days=asked_days(),
            fewest=FEWEST, most=MOST,
        )  # fmt: skip
    subjects = queries.chosen(asked, asked_days(), current_actor())
    return render_template(
        "campaigns/results/compare.html", compared=_compared(subjects), subjects=subjects, measures=MEASURES,
        verdicts=VERDICTS, least=LEAST.value(), days=asked_days(),
    )  # fmt: skip


@blueprint.get("/compare/workbook")
@requires(Permission.VIEW)
def compare_workbook() -> ResponseReturnValue:
    subjects = queries.chosen(request.args.getlist("of"), asked_days(), current_actor())
    compared, header = _compared(subjects), [_("Measure")]
    for one in subjects:
        header += [one.name, _("Share in it"), _("Not below"), _("Not above"), _("What can be said")]
    rows = []
    for measure, cells in compared["rows"]:
        row: list[Any] = [measure.label]
        for number, found, _url in cells:
            row += [number, *((found.group.share, found.low, found.high) if found else (None, None, None))]
            row.append(VERDICTS[found.verdict][0] if found and found.verdict in VERDICTS else None)
        rows.append(row)
    for label, costs in compared["costs"]:
        rows.append([label, *(cell for amount in costs for cell in (amount, None, None, None, None))])
    return _sent(_("Campaigns compared"), header, rows)


def _compared(subjects: list[Subject]) -> dict[str, Any]:
    """Of each measure, for each campaign: its number, its share beside the first one's, its rows."""
    lines, least = [queries.whole(one) for one in subjects], LEAST.value()
    rows = []
    for measure in MEASURES:
        groups = [line.group(measure) for line in lines]
        rows.append((measure, [
            (
                line.counts.get(measure.name),
                share(group, groups[0] if number else None, least) if group else None,
                one.address(measure.name, line) if measure.name in one.addresses else None,
            )
            for number, (one, line, group) in enumerate(zip(subjects, lines, groups, strict=True))
        ]))  # fmt: skip
    return {"rows": rows, "costs": _costs(lines, subjects)}


def _costs(lines: list[Line], subjects: list[Subject]) -> list[tuple[str, list[Any]]]:
    """What was paid, and for each that arrived or acted: messages and letters of the follow-up together."""
    first = [line.cost(one.price) for line, one in zip(lines, subjects, strict=True)]
    follow_up = [queries.whole(one.follow_up) if one.follow_up else None for one in subjects]
    letters = [
        line.cost(one.follow_up.price) if line and one.follow_up else None
        for line, one in zip(follow_up, subjects, strict=True)
    ]
    whole = [None if cost is None else cost + (more or 0) for cost, more in zip(first, letters, strict=True)]
    delivered = [
        line.counts["delivered"] + (more.counts["delivered"] if more else 0)
        for line, more in zip(lines, follow_up, strict=True)
    ]
    acted = [
        line.counts["acted"] + (queries.acted_on_letters_alone(one) if one.follow_up else 0)
        for line, one in zip(lines, subjects, strict=True)
    ]
    added = [(_("Cost of letters of the follow-up (yuan)"), letters), (_("Cost in all (yuan)"), whole)]
    return [
        (_("Cost (yuan)"), first),
        *(added if any(letters) else []),
        (_("Yuan for each delivered"), _for_each(whole, delivered)),
        (_("Yuan for each who acted"), _for_each(whole, acted)),
    ]


def _for_each(costs: list[Any], numbers: list[int]) -> list[Any]:
    return [
        None if cost is None or not number else cost / number
        for cost, number in zip(costs, numbers, strict=True)
    ]


def _asked() -> Dimension:
    return DIMENSIONS.get(request.args.get("by", ""), DIMENSIONS["branch"])


def _page(subject: Subject) -> str:
    by = _asked()
    parts = [_Part(one, by) for one in (subject, subject.follow_up) if one is not None]
    return render_template(
        "campaigns/results/breakdown.html", subject=subject, by=by, dimensions=DIMENSIONS, parts=parts,
    )  # fmt: skip


class _Part:
    """A funnel and its lines: of the campaign itself, or of the letters of its follow-up."""

    def __init__(self, subject: Subject, by: Dimension) -> None:
        self.subject = subject
        self.whole, self.lines = queries.broken_down(subject, by)
        self.measures = [one for one in MEASURES if one.name in subject.conditions]

    @property
    def cost(self) -> Any:
        return self.whole.cost(self.subject.price)

    def header(self, by: Dimension) -> list[Any]:
        """Of the workbook."""
        header = [by.label]
        for one in self.measures:
            header += [self.subject.labels[one.name]] + ([_("Share in it")] if one.of else [])
        return header + ([_("Cost (yuan)")] if self.subject.price is not None else [])

    def row(self, line: Line) -> list[Any]:
        row: list[Any] = ["　" * line.depth + line.label]
        for one in self.measures:
            group = line.group(one)
            row += [line.counts[one.name]] + ([group.share if group.people else None] if group else [])
        return row + ([line.cost(self.subject.price)] if self.subject.price is not None else [])


def _workbook(subject: Subject) -> ResponseReturnValue:
    by = _asked()
    main = _Part(subject, by)
    rows = [main.row(line) for line in (*main.lines, main.whole)]
    if subject.follow_up is not None:
        letters = _Part(subject.follow_up, by)
        rows += [[], [letters.subject.channel], letters.header(by)]
        rows += [letters.row(line) for line in (*letters.lines, letters.whole)]
        rows += [[], [_("Cost in all (yuan)"), main.cost + letters.cost]]
    return _sent(_("Results of %(name)s", name=subject.name), main.header(by), rows)


def _sent(title: str, header: list[Any], rows: list[list[Any]]) -> ResponseReturnValue:
    content = workbook_bytes(title, header, rows)
    audit.record_now(msgid("Results of campaigns exported"), name=title)
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=f"{title}.xlsx")
