"""The search box: a page of results, and what drops down while one types; employers first."""

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from app.core.permissions import current_actor, requires
from app.core.searching import search_all
from app.employers.policy import Permission
from app.employers.search import queries, services

#: how many hits of a group drop down, and how many the page lists
SUGGESTED, LISTED = 4, 25
#: the same of each other kind
OTHERS_SUGGESTED, OTHERS_LISTED = 3, 10
LONGEST = 100


@requires(Permission.VIEW)
def search() -> ResponseReturnValue:
    return _found("employers/search.html", LISTED, OTHERS_LISTED)


@requires(Permission.VIEW)
def suggest() -> ResponseReturnValue:
    return _found("employers/_suggestions.html", SUGGESTED, OTHERS_SUGGESTED)


def _found(template: str, most: int, most_others: int) -> str:
    actor = current_actor()
    text = " ".join(request.args.get("q", "").replace("\x00", "").split())[:LONGEST]
    sought, groups = text, queries.search(text, actor, most)
    if not groups and (spoken := queries.spoken(text)):
        sought, groups = spoken, queries.search(spoken, actor, most)
    return render_template(
        template,
        text=text,
        sought=sought,
        groups=groups,
        others=search_all(text, actor, most_others),
    )


def init_app(app: Flask) -> None:
    """The search stands at the top of the site, not below the list of employers; its index follows edits."""
    services.install()
    app.add_url_rule("/search", "employers.search", search)
    app.add_url_rule("/search/suggest", "employers.suggest", suggest)
