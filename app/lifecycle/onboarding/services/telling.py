"""What messages and letters say of the papers that are still to come."""

from flask_babel import lazy_gettext as _l

from app.core.errors import DomainError
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import DocumentCheck, Opening
from app.lifecycle.onboarding.workflow import PAPERS
from app.lifecycle.papers.policy import outstanding

#: as many characters of papers as one message or letter says; the notice on paper names all
LONGEST_LIST = 190


def to_send(opening: Opening) -> dict[str, str]:
    """The papers that are still to come, each with its day where it has one, as messages say them."""
    checks = queries.checks_of(opening)
    left = [code for group in outstanding(PAPERS.groups(), checks) for code in group.codes]
    if not left or not opening.standing:
        raise DomainError(_l("No papers are outstanding: there is nothing to send."))
    named = [_with_day(PAPERS.names([code]), checks.get(code)) for code in left]
    said = "；".join(named)
    while len(said) > LONGEST_LIST and len(named) > 1:
        named.pop()
        said = "；".join(named) + f"；等共{len(left)}项"
    return {"papers": said[:LONGEST_LIST]}


def _with_day(paper: str, check: DocumentCheck | None) -> str:
    # texts to employers are Chinese whatever language the officer reads
    day = check.due_on if check else None
    return f"{paper}（{day.month}月{day.day}日前）" if day else paper
