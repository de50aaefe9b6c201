"""The list of scripts and sheets."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.outreach.models import TOPIC_LABELS
from app.outreach.talking.models import SCRIPT_LABELS, Script, ScriptVersion
from app.outreach.talking.policy import Permission
from app.outreach.talking.queries import listed

_since = (
    select(func.max(ScriptVersion.valid_from)).where(ScriptVersion.script_id == Script.id).scalar_subquery()
)


def _situations(script: Script) -> list[object]:
    return [TOPIC_LABELS.get(one, one) for one in script.situations]


SCRIPTS = ListPage(
    name="scripts",
    title=_l("Scripts and sheets"),
    lead=_l("What to answer, in words that hold before the law; each text in versions."),
    select=listed,
    key=Script.id,
    default_sort="title",
    search=lambda words: Script.title.icontains(words, autoescape=True),
    search_hint=_l("Words of the title"),
    fields=(
        Field("title", _l("Objection or title"), Kind.TEXT, Script.title),
        Field("kind", _l("Kind"), Kind.CHOICE, Script.kind, choices=choices_of(SCRIPT_LABELS)),
        Field("valid_from", _l("Holds from"), Kind.DATE, _since),
        Field("retired_on", _l("No longer offered since"), Kind.DATE, Script.retired_on),
    ),
    columns=(
        Column(
            "title",
            _l("Objection or title"),
            sort=Script.title,
            link=lambda row: url_if("talking.show", id=row.id),
        ),
        Column("kind", _l("Kind"), value=lambda row: SCRIPT_LABELS[row.kind], sort=Script.kind),
        Column("situations", _l("Offered when it is about"), value=_situations),
        Column("retired_on", _l("No longer offered since"), sort=Script.retired_on),
    ),
    quick=(
        Quick("answers", _l("Answers to objections"), (rule("kind", "in", ["answer"]),)),
        Quick("sheets", _l("Plain-language sheets"), (rule("kind", "in", ["sheet"]),)),
        Quick("guides", _l("Scripts of drives"), (rule("kind", "in", ["guide"]),)),
    ),
    empty=Empty(
        _l("No scripts yet"), _l("Write down the answer to the objection you hear most."), "chat-quote"
    ),
    links=(Link(_l("New script"), "talking.new", Permission.WRITE, "plus-lg"),),
    export_permission=Permission.VIEW,
)
