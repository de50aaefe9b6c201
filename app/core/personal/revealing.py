"""Personal data in full: first the question for what, then the data with the mark of who saw it.

What shows them records it in the audit trail; the answer is a piece of the page that asked, or a page.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.core.clock import now
from app.core.db import db
from app.core.personal.reasons import given_reason, reason_for_numbers


def respond(
    show: Callable[[str], str | Sequence[str]],
    crumbs: Sequence[tuple[Any, str]],
    *,
    title: Any,
    each_time: bool = False,
) -> ResponseReturnValue:
    """Answers a POST: `show(reason)` gives what is masked elsewhere, and records that it was seen. Telephone
    numbers are shown as links that dial.

    The reason is remembered until one signs out, unless it is asked for `each_time`. `crumbs` lead to where
    the data belong.
    """
    reason = given_reason(request.form) if each_time else reason_for_numbers(request.form)
    shown: Sequence[str] = ()
    if reason is not None:
        found = show(reason)
        shown = (found,) if isinstance(found, str) else found
        db.session.commit()
    template = "_reveal.html" if request.headers.get("HX-Request") else "reveal.html"
    return render_template(
        f"shared/{template}",
        action=request.path,
        shown=shown,
        reason=reason,
        at=now(),
        crumbs=crumbs,
        title=title,
        each_time=each_time,
    )
