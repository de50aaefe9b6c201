"""The list of outlines."""

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.criteria.trees import Field, Kind
from app.core.links import url_if
from app.core.listing.page import Column, ListPage
from app.core.listing.parts import Badge
from campaigns.channels.letter import queries
from campaigns.channels.letter.models import LetterTemplate
from campaigns.channels.letter.policy import Permission


def _state(template: LetterTemplate) -> Badge:
    if template.retired_on is not None and template.retired_on <= today():
        return _l("No longer offered"), "done"
    if template.case_only:
        return _l("Only in a case"), "warning"
    return _l("In use"), "good"


def _heading(template: LetterTemplate) -> str:
    current = queries.current_version(template)
    return current.title if current else ""


def _number(template: LetterTemplate) -> int | None:
    current = queries.current_version(template)
    return current.number if current else None


OUTLINES = ListPage(
    name="letter_templates",
    endpoint="outlines.index",
    title=_l("Outlines of letters"),
    lead=_l("What letters say, each wording in versions; law is cited from the table of legal bases."),
    select=lambda _actor: queries.listed(),
    key=LetterTemplate.id,
    default_sort="order",
    columns=(
        Column(
            "name", _l("Outline"), sort=LetterTemplate.name, link=lambda t: url_if("outlines.show", id=t.id)
        ),
        Column("title", _l("Heading of the letter"), _heading),
        Column("version", _l("Version"), _number, number=True),
        Column("state", _l("State"), badge=_state),
        Column("order", _l("Order"), lambda t: t.id, sort=LetterTemplate.id, shown=False),
    ),
    fields=(
        Field("name", _l("Outline"), Kind.TEXT, LetterTemplate.name),
        Field("case_only", _l("Only in a case"), Kind.BOOL, LetterTemplate.case_only),
    ),
    search=lambda words: LetterTemplate.name.contains(words, autoescape=True),
    search_hint=_l("Name of the outline"),
    export_permission=Permission.VIEW,
)
