"""The search box: a page of results, and what drops down while one types."""

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from app.core.permissions import current_actor, requires
from app.employers.policy import Permission
from app.employers.search import queries, services

#: how many hits of a group drop down, and how many the page lists
SUGGESTED, LISTED = 4, 25
LONGEST = 100


@requires(Permission.VIEW)
def search() -> ResponseReturnValue:
    text = request.args.get("q", "")[:LONGEST].strip()
    groups = queries.search(text, current_actor(), LISTED)
    return render_template("employers/search.html", text=text, groups=groups)


@requires(Permission.VIEW)
def suggest() -> ResponseReturnValue:
    text = request.args.get("q", "")[:LONGEST].strip()
    groups = queries.search(text, current_actor(), SUGGESTED)
    return render_template("employers/_suggestions.html", text=text, groups=groups)


def init_app(app: Flask) -> None:
    """The search stands at the top of the site, not below the list of employers; its index follows edits."""
    services.install()
    app.add_url_rule("/search", "employers.search", search)
    app.add_url_rule("/search/suggest", "employers.suggest", suggest)
