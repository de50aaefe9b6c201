"""The pages behind the link in a message. Looking never writes; only what the reader sends does."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import now
from app.core.db import db
from app.core.limits import limiter
from app.core.permissions import public
from campaigns.drafting.queries import PHONE, sender_of
from campaigns.ledger.models import Message
from campaigns.notices import queries, services
from campaigns.notices.forms import AskForm, ConfirmForm, DigitsForm
from campaigns.notices.policy import READ_LIMIT, TRUST, WRITE_LIMIT, expires_at
from campaigns.notices.services import Answer, Wanted

blueprint = Blueprint("notices", __name__, url_prefix="/n")

#: In the signed cookie: when this browser proved which notices it may read, by message.
PROVEN = "notices"


@blueprint.after_request
def _keep_out_of_search(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@blueprint.get("/<token>")
@public
@limiter.limit(READ_LIMIT)
def show(token: str) -> ResponseReturnValue:
    message = queries.find(token)
    if message is None or expires_at(message) <= now():
        return _nowhere(message)
    return _notice(message) if _proven(message) else _digits(message, DigitsForm())


@blueprint.post("/<token>")
@public
@limiter.limit(WRITE_LIMIT)
def prove(token: str) -> ResponseReturnValue:
    message = queries.find(token, lock=True)
    if message is None or expires_at(message) <= now():
        return _nowhere(message)
    form = DigitsForm()
    if not form.validate_on_submit():
        return _digits(message, form, status=422)
    answer, left = services.prove(message, form.digits.data or "")
    db.session.commit()
    if answer is Answer.RIGHT:
        _remember(message)
        return redirect(url_for("notices.show", token=token), 303)
    if answer is Answer.LOCKED:
        return _page("locked", message, 429)
    form.digits.errors = [_("These are not the last digits. Tries left: %(left)s.", left=left)]
    return _digits(message, form, status=422)


@blueprint.post("/<token>/confirm")
@public
@limiter.limit(WRITE_LIMIT)
def confirm(token: str) -> ResponseReturnValue:
    message = queries.find(token, lock=True)
    if message is None or expires_at(message) <= now():
        return _nowhere(message)
    if _proven(message) and ConfirmForm().validate_on_submit():
        services.confirm(message)
        db.session.commit()
        flash(_("Thank you. Your confirmation has been recorded."), "success")
    return redirect(url_for("notices.show", token=token), 303)


@blueprint.post("/<token>/ask")
@public
@limiter.limit(WRITE_LIMIT)
def ask(token: str) -> ResponseReturnValue:
    message = queries.find(token, lock=True)
    if message is None or expires_at(message) <= now():
        return _nowhere(message)
    if not _proven(message):
        return redirect(url_for("notices.show", token=token), 303)
    form = AskForm()
    if not form.validate_on_submit():
        return _notice(message, form), 422
    _task, new = services.ask(message, Wanted(form.wanted.data), form.note.data or "")
    db.session.commit()
    flash(
        _("Your request has been recorded; we will contact you.")
        if new
        else _("We have your request already and will contact you."),
        "success",
    )
    return redirect(url_for("notices.show", token=token), 303)


def _proven(message: Message) -> bool:
    """Whether this browser gave the right digits a short while ago."""
    at = session.get(PROVEN, {}).get(str(message.id))
    return isinstance(at, int | float) and 0 <= now().timestamp() - at < TRUST.total_seconds()


def _remember(message: Message) -> None:
    fresh = now().timestamp() - TRUST.total_seconds()
    kept = {key: at for key, at in session.get(PROVEN, {}).items() if at > fresh}
    session[PROVEN] = kept | {str(message.id): now().timestamp()}


def _notice(message: Message, form: AskForm | None = None) -> str:
    return render_template(
        "campaigns/notices/show.html",
        message=message,
        department=message.campaign.branch.name,
        phone=sender_of(message.campaign.branch).phone,
        body=queries.body(message),
        about=queries.about(message),
        request_open=queries.open_request(message),
        form=form or AskForm(formdata=None),
        until=expires_at(message),
    )


def _digits(message: Message, form: DigitsForm, status: int = 200) -> ResponseReturnValue:
    return _page("digits", message, status, form=form)


def _nowhere(message: Message | None) -> ResponseReturnValue:
    """A link that leads nowhere: never issued (404), or too old (410)."""
    return _page("gone" if message else "unknown", message, 410 if message else 404)


def _page(name: str, message: Message | None, status: int, **context: object) -> ResponseReturnValue:
    branch = message.campaign.branch if message else None
    page = render_template(
        f"campaigns/notices/{name}.html",
        department=branch.name if branch else None,
        phone=sender_of(branch).phone if branch else PHONE,
        token=message.token if message else None,
        **context,
    )
    return make_response(page, status)
