"""The legal basis as a list."""

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, bindparam, or_

from app.core.clock import today
from app.core.criteria.trees import Field, Kind, rule
from app.core.listing.page import Column, Empty, ListPage, Quick
from app.core.listing.parts import Badge
from app.core.rules.legal import LegalBasis
from app.settings import queries
from app.settings.policy import Permission

_today = bindparam("today", callable_=today, type_=LegalBasis.valid_from.type)
_in_force = and_(
    LegalBasis.valid_from <= _today, or_(LegalBasis.valid_to.is_(None), LegalBasis.valid_to > _today)
)


def state_of(basis: LegalBasis) -> Badge:
    """Whether the wording was confirmed, and whether it is in force today."""
    if basis.valid_to is not None and basis.valid_to <= today():
        return _l("No longer in force"), "done"
    if not basis.verified:
        return _l("To be confirmed"), "warning"
    return (_l("In force"), "good") if basis.valid_from <= today() else (_l("Not yet in force"), "neutral")


LEGAL_BASIS = ListPage(
    name="legal_basis",
    endpoint="settings.legal_bases",
    title=_l("Legal basis"),
    lead=_l("What letters and decisions quote: each article with its wording and its days in force."),
    select=queries.legal_bases,
    key=LegalBasis.id,
    columns=(
        Column(
            "article", _l("Article"), sort=LegalBasis.id,
            link=lambda basis: url_for("settings.legal_basis", basis_id=basis.id),
        ),
        Column("law", _l("Law"), sort=LegalBasis.law),
        Column("quote", _l("Wording"), lambda basis: basis.quote[:60] + "…" * (len(basis.quote) > 60),
               export=lambda basis: basis.quote),
        Column("version", _l("Version"), sort=LegalBasis.version),
        Column("valid_from", _l("In force from"), sort=LegalBasis.valid_from, falling=True),
        Column("valid_to", _l("No longer from"), sort=LegalBasis.valid_to, falling=True),
        Column("state", _l("State"), badge=state_of),
        Column("code", _l("Short name"), shown=False),
    ),
    fields=(
        Field("law", _l("Law"), Kind.TEXT, LegalBasis.law),
        Field("article", _l("Article"), Kind.TEXT, LegalBasis.article),
        Field("quote", _l("Wording"), Kind.TEXT, LegalBasis.quote),
        Field("valid_from", _l("In force from"), Kind.DATE, LegalBasis.valid_from),
        Field("in_force", _l("In force"), Kind.BOOL, _in_force),
        Field("verified", _l("Wording confirmed"), Kind.BOOL, LegalBasis.verified),
    ),
    default={"match": "all", "rules": [rule("in_force", "yes")]},
    default_sort="article",
    search=lambda words: or_(
        LegalBasis.article.contains(words, autoescape=True), LegalBasis.quote.contains(words, autoescape=True)
    ),
    search_hint=_l("Article or wording"),
    quick=(Quick("unverified", _l("To be confirmed"), (rule("verified", "no"),)),),
    empty=Empty(_l("No legal basis is entered"), icon="journal-bookmark"),
    export_permission=Permission.VIEW,
)  # fmt: skip
