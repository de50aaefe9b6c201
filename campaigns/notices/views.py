"""The pages behind the link in a message and the code of a letter.

Looking never writes; only what the reader sends does. Each page has two addresses, one for each way to it.
"""

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import public
from app.core.web.limits import limiter
from campaigns.channels.letter.issued.queries import archived, by_code
from campaigns.drafting.queries import PHONE, sender_of
from campaigns.notices import queries, services
from campaigns.notices.corrections.forms import CorrectForm
from campaigns.notices.corrections.models import SUBJECT_LABELS
from campaigns.notices.corrections.queries import open_ones
from campaigns.notices.corrections.services import propose
from campaigns.notices.forms import AskForm, CodeForm, ConfirmForm, CreditForm, DigitsForm, LeaveForm
from campaigns.notices.policy import (
    LINK_READS,
    LINK_WRITES,
    LOCK_MINUTES,
    PDF_LIMIT,
    READ_LIMIT,
    TRUST,
    WRITE_LIMIT,
)
from campaigns.notices.queries import Notice, Source, Way
from campaigns.notices.services import Answer, Wanted

blueprint = Blueprint("notices", __name__, url_prefix="/n")

#: In the signed cookie: when, and by whose digits, this browser proved which notices it may read.
PROVEN = "notices"

View = Callable[..., ResponseReturnValue]


class Shut(Exception):
    """The link leads nowhere (no notice), or the reader has yet to say the digits."""

    def __init__(self, notice: Notice | None) -> None:
        super().__init__()
        self.notice = notice


@blueprint.errorhandler(Shut)
def _shut(shut: Shut) -> ResponseReturnValue:
    """The same words whatever is the matter with a link."""
    return _unknown() if shut.notice is None else _back(shut.notice)


@blueprint.after_request
def _keep_out_of_search(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _link() -> str:
    return f"notice:{(request.view_args or {}).get('token', '')}"


def door(rule: str, method: str = "GET", limit: str = "") -> Callable[[View], View]:
    """A page of a notice, at its two addresses, limited by the address it is asked from and by its link."""
    read = method == "GET"

    def declare(view: View) -> View:
        view = limiter.limit(LINK_READS if read else LINK_WRITES, key_func=_link)(public(view))
        view = limiter.limit(limit or (READ_LIMIT if read else WRITE_LIMIT))(view)
        blueprint.add_url_rule(
            f"/<token>{rule}", view_func=view, methods=[method], defaults={"source": Source.MESSAGE.value}
        )
        letters = f"/<any({Source.LETTER.value}):source>/<token>{rule}"
        blueprint.add_url_rule(letters, view_func=view, methods=[method])
        return view

    return declare


@blueprint.get("/letter")
@public
@limiter.limit(READ_LIMIT)
def ask_code() -> ResponseReturnValue:
    """For whoever has the paper and no camera."""
    return _page("code", form=CodeForm())


@blueprint.post("/letter")
@public
@limiter.limit(WRITE_LIMIT)
def find_code() -> ResponseReturnValue:
    """The printed code leads to the same page as the QR code."""
    form = CodeForm()
    letter = by_code(form.code.data or "") if form.validate_on_submit() else None
    if letter is None or queries.find(Source.LETTER, letter.token) is None:
        form.code.errors = [_("There is no letter with this code. Look at it again, or call us.")]
        return _page("code", 422, form=form)
    return redirect(url_for(".show", source=Source.LETTER, token=letter.token), 303)


@door("")
def show(source: str, token: str) -> ResponseReturnValue:
    """The notice, or the question for the digits, which says nothing of it."""
    notice = queries.find(Source(source), token)
    if notice is None:
        return _unknown()
    way = _proven(notice)
    return _notice(notice, way) if way else _digits(notice, _form(notice))


@door("", "POST")
def prove(source: str, token: str) -> ResponseReturnValue:
    """Opens it to whoever knows the digits."""
    notice = queries.find(Source(source), token, lock=True)
    if notice is None:
        return _unknown()
    form = _form(notice)
    if not form.validate_on_submit():
        return _digits(notice, form, 422)
    proof = services.prove(notice, form.digits.data or "")
    db.session.commit()
    if proof.way is not None:
        _remember(notice, proof.way)
        return _back(notice)
    if proof.answer is Answer.LOCKED:
        return _page("locked", 429, notice, minutes=LOCK_MINUTES.value())
    form.digits.errors = [_("These are not the last digits. Tries left: %(left)s.", left=proof.left)]
    return _digits(notice, form, 422)


@door("/confirm", "POST")
def confirm(source: str, token: str) -> ResponseReturnValue:
    """The reader has read it."""
    notice, way = _opened(source, token)
    if ConfirmForm().validate_on_submit():
        services.confirm(notice, way)
        db.session.commit()
        flash(_("Thank you. Your confirmation has been recorded."), "success")
    return _back(notice)


@door("/ask", "POST")
def ask(source: str, token: str) -> ResponseReturnValue:
    """The reader wants a visit or a call."""
    notice, way = _opened(source, token)
    form = AskForm()
    if not form.validate_on_submit():
        return _notice(notice, way, form=form), 422
    new = services.ask(notice, Wanted(form.wanted.data), form.note.data or "")
    db.session.commit()
    flash(
        _("Your request has been recorded; we will contact you.")
        if new
        else _("We have your request already and will contact you."),
        "success",
    )
    return _back(notice)


@door("/correct", "POST")
def correct(source: str, token: str) -> ResponseReturnValue:
    """The reader says what is wrong; somebody of the department looks into it."""
    notice, way = _opened(source, token)
    form = CorrectForm().offer(notice, way)
    if not form.validate_on_submit():
        return _notice(notice, way, correcting=form), 422
    try:
        propose(notice, way, form.proposal)
    except DomainError as refusal:
        form.wanted.errors = [str(refusal)]
        return _notice(notice, way, correcting=form), 422
    db.session.commit()
    flash(_("Thank you. We will check it and then correct our records."), "success")
    return _back(notice)


@door("/leave", "POST")
def leave(source: str, token: str) -> ResponseReturnValue:
    """The reader wants no more messages of some classes."""
    notice, way = _opened(source, token)
    form = LeaveForm()
    if form.validate_on_submit() and not form.classes:
        flash(_("Nothing was ticked: tick what you do not want any more."), "warning")
    elif form.validate_on_submit() and services.leave(notice, way, form.classes):
        db.session.commit()
        flash(_("Recorded. You will get no more messages of this kind."), "success")
    return _back(notice)


@door("/<any(confirm, ask, correct, leave):act>")
def again(source: str, token: str, act: str) -> ResponseReturnValue:
    """Who loads anew what answered a form comes here: back to the page, nothing is done."""
    notice = queries.find(Source(source), token)
    if notice is None:
        return _unknown()
    return redirect(url_for(".show", source=notice.source, token=notice.token, _anchor=act), 303)


@door("/letter.pdf", "POST")
def fetch(source: str, token: str) -> ResponseReturnValue:
    """Records that the letter was taken along, and leads to it: a phone's downloads can only be addresses."""
    notice, _way = _opened(source, token)
    if notice.letter is None:
        return _back(notice)
    services.fetched(notice)
    db.session.commit()
    return redirect(url_for(".pdf", source=source, token=token), 303)


@door("/letter.pdf", limit=PDF_LIMIT)
def pdf(source: str, token: str) -> ResponseReturnValue:
    """The letter as it was issued."""
    notice, _way = _opened(source, token, lock=False)
    if notice.letter is None:
        return _back(notice)
    headers = {
        "Content-Disposition": f"attachment; filename=letter-{notice.letter.year}-{notice.letter.serial}.pdf"
    }
    return Response(archived(notice.letter), mimetype="application/pdf", headers=headers)


def _opened(source: str, token: str, *, lock: bool = True) -> tuple[Notice, Way]:
    """A notice that this browser may act upon; else the reader is led elsewhere."""
    notice = queries.find(Source(source), token, lock=lock)
    way = _proven(notice) if notice is not None else None
    if notice is None or way is None:
        raise Shut(notice)
    return notice, way


def _proven(notice: Notice) -> Way | None:
    """By whose digits this browser opened the notice a short while ago."""
    at, way = session.get(PROVEN, {}).get(notice.key, (0, ""))
    return Way(way) if 0 <= now().timestamp() - at < TRUST.total_seconds() else None


def _remember(notice: Notice, way: Way) -> None:
    fresh = now().timestamp() - TRUST.total_seconds()
    kept = {key: one for key, one in session.get(PROVEN, {}).items() if one[0] > fresh}
    session[PROVEN] = kept | {notice.key: [now().timestamp(), way.value]}


def _back(notice: Notice) -> ResponseReturnValue:
    return redirect(url_for(".show", source=notice.source, token=notice.token), 303)


def _notice(notice: Notice, way: Way, **forms: Any) -> str:
    return render_template(
        "campaigns/notices/show.html",
        notice=notice,
        record=notice.record,
        department=notice.branch.name,
        phone=sender_of(notice.branch).phone,
        request_open=queries.open_request(notice),
        own=way is Way.MOBILE and notice.contact is not None,
        unwanted=queries.unwanted(notice),
        proposed=[SUBJECT_LABELS[one.subject] for one in open_ones(notice)],
        **_forms(notice, way) | forms,
    )


def _forms(notice: Notice, way: Way) -> dict[str, Any]:
    """Its forms as they are before anything was written."""
    return {
        "form": AskForm(formdata=None),
        "leaving": LeaveForm(formdata=None),
        "correcting": CorrectForm(formdata=None).offer(notice, way),
    }


def _form(notice: Notice) -> DigitsForm:
    """Asks for the end of a number that opens the notice."""
    return CreditForm() if Way.CREDIT in notice.ends else DigitsForm()


def _digits(notice: Notice, form: DigitsForm, status: int = 200) -> ResponseReturnValue:
    return _page("digits", status, notice, form=form)


def _unknown() -> ResponseReturnValue:
    return _page("unknown", 404)


def _page(
    name: str, status: int = 200, notice: Notice | None = None, **context: object
) -> ResponseReturnValue:
    page = render_template(
        f"campaigns/notices/{name}.html",
        notice=notice,
        department=notice.branch.name if notice else None,
        phone=sender_of(notice.branch).phone if notice else PHONE,
        **context,
    )
    return make_response(page, status)
