"""The ledger beside the gateway's bill or the print manifests: totals, every line, workbooks."""

from typing import Any

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.errors import NotFound
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.drafting.models import Campaign, Channel
from campaigns.drafting.policy import Permission
from campaigns.drafting.queries import find
from campaigns.results.reconciling import queries
from campaigns.results.reconciling.forms import BILL
from campaigns.results.reconciling.lists import BILLS, OF_BILL, OF_PRINT
from campaigns.results.reconciling.policy import PRINTED, VERDICTS

blueprint = Blueprint("reconciling", __name__, url_prefix="/campaigns")

ALL, DIFFERENCES = "all", "differences"


@blueprint.get("/<int:id>/reconciliation")
@requires(Permission.VIEW)
def campaign(id: int) -> str:
    """Totals of one campaign; each leads to its lines."""
    found = _launched(id)
    return render_template("campaigns/results/reconciliation.html", campaign=found, **_sides(found))


@blueprint.route("/<int:id>/reconciliation/<verdict>", methods=["GET", "POST"])
@requires(Permission.VIEW)
def lines(id: int, verdict: str) -> ResponseReturnValue:
    """Line by line: all, the differences, or those with one verdict."""
    found = _launched(id)
    by_post = found.channel is Channel.LETTER
    if verdict not in (ALL, DIFFERENCES, *(PRINTED if by_post else VERDICTS)):
        raise NotFound(_("There is no such list."))
    page = OF_PRINT if by_post else OF_BILL
    return page.respond(found, verdict, campaign=found, back=url_for(".campaign", id=id))


@blueprint.get("/<int:id>/reconciliation/workbook")
@requires(Permission.VIEW)
def workbook(id: int) -> ResponseReturnValue:
    """The totals, and of letters each batch, as a workbook."""
    found = _launched(id)
    title = _("Reconciliation of %(name)s", name=found.name)
    content = workbook_bytes(title, [_("What was found"), _("How many there are")], _totals(found))
    audit.record_now(msgid("Reconciliation of a campaign exported"), found)
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=f"{title}.xlsx")


@blueprint.route("/bills", methods=["GET", "POST"])
@requires(Permission.VIEW)
def bills() -> ResponseReturnValue:
    """Every line of the gateway's bills; those that no message answers to are missing in the ledger."""
    return BILLS.respond()


@blueprint.get("/bills/import")
@requires(Permission.CONTROL)
def bring() -> ResponseReturnValue:
    return redirect(url_for("imports.upload", name=BILL.name))


def _launched(id: int) -> Campaign:
    found = find(id, current_actor())
    if found.launched_at is None:
        raise NotFound(_("The campaign was not launched yet."))
    return found


def _sides(found: Campaign) -> dict[str, Any]:
    if found.channel is Channel.LETTER:
        return {"print": queries.manifests(found), "verdicts": PRINTED}
    letters = queries.follow_up_letters(found.id)
    return {"bill": queries.bill(found), "verdicts": VERDICTS, "letters": letters, "letter_workflow": LETTER}


def _totals(found: Campaign) -> list[list[Any]]:
    sides = _sides(found)
    side = sides.get("bill") or sides["print"]
    rows: list[list[Any]] = [
        [label, side.by_verdict.get(verdict, 0)] for verdict, (label, _tone) in sides["verdicts"].items()
    ]
    if isinstance(side, queries.Bill):
        return [
            *rows,
            [_("Segments sent"), side.segments],
            [_("Billed segments"), side.billed_segments],
            [_("Cost by the ledger (yuan)"), side.cost],
            [_("Billed (yuan)"), side.billed_cost],
            *(
                [f"{_('Letters of the follow-up')} · {state.label}", sides["letters"][state.name]]
                for state in LETTER.states
                if state.name in sides["letters"]
            ),
        ]
    for one in side.batches:
        batch = _("Print batch %(number)s", number=one.number)
        counts = {
            _("Lines"): one.lines, _("Spoilt"): one.spoilt, _("Valid letters"): one.letters,
            _("Letters counted out"): one.count_out, _("Letters counted in"): one.count_in,
        }  # fmt: skip
        rows += [[f"{batch} · {label}", number] for label, number in counts.items()]
    return rows
