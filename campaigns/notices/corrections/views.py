"""The worklist, one correction, and its numbers in full."""

from typing import cast

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.models import User
from app.core.permissions import current_actor, requires
from app.core.personal.revealing import respond
from app.core.workflow.engine import available, history
from app.employers.policy import Permission as EmployerPermission
from campaigns.notices.corrections import services
from campaigns.notices.corrections.lists import CORRECTIONS
from campaigns.notices.corrections.models import SUBJECT_LABELS
from campaigns.notices.corrections.policy import Permission
from campaigns.notices.corrections.workflow import CORRECTION, find, on_record

blueprint = Blueprint("corrections", __name__, url_prefix="/corrections")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """What handlers say is wrong."""
    return CORRECTIONS.respond()


@blueprint.get("/<int:id>")
@requires(Permission.VIEW)
def show(id: int) -> str:
    """Before and after, and what may be done."""
    one = find(id, current_actor())
    return render_template(
        "campaigns/notices/corrections/show.html",
        one=one,
        label=SUBJECT_LABELS[one.subject],
        now=on_record(one),
        workflow=CORRECTION,
        options=available(CORRECTION, one, cast(User, current_user)),
        history=history(CORRECTION, id),
    )


@blueprint.post("/<int:id>/reveal")
@requires(EmployerPermission.REVEAL)
def reveal(id: int) -> ResponseReturnValue:
    """The numbers in full, for a reason."""
    one = find(id, current_actor())
    crumb = (_("Corrections by handlers"), url_for(".show", id=id))
    return respond(lambda reason: services.reveal(one, reason), [crumb], title=_("Reveal"))
