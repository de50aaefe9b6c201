"""The sheet as a page to print, and as a workbook."""

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.audit import services as audit
from app.core.clock import now, today
from app.core.language.i18n import msgid
from app.core.permissions import current_actor, requires
from app.core.sheets.workbooks import MEDIA_TYPE, workbook_bytes
from app.employers.policy import Permission as Employers
from app.employers.profile.policy import Permission
from app.employers.queries import profile
from app.employers.sheet.queries import sheet_of

blueprint = Blueprint("sheet", __name__, url_prefix="/sheets")


@blueprint.get("/<int:employer_id>")
@requires(Permission.VIEW)
def show(employer_id: int) -> ResponseReturnValue:
    """One page of A4, as offices fill it in."""
    employer = profile(employer_id, current_actor())
    sections = sheet_of(employer)
    return render_template("employers/sheet/show.html", employer=employer, sections=sections, now=now())


@blueprint.get("/<int:employer_id>/workbook")
@requires(Employers.EXPORT)
def workbook(employer_id: int) -> ResponseReturnValue:
    """The same as a workbook; that it was taken is an event of the audit trail."""
    employer = profile(employer_id, current_actor())
    rows = [(part.title, item.label, item.value) for part in sheet_of(employer) for item in part.items]
    title = _("Unit information sheet")
    content = workbook_bytes(title, [_("Part"), _("Item"), _("Content")], rows)
    audit.record_now(msgid("Unit information sheet exported"), employer, name=employer.name)
    name = f"{title}_{employer.name}_{today():%Y%m%d}.xlsx"
    return send_file(content, mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)
