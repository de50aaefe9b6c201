"""The application as the tests of the look see it: with the style guide, and views that fail on purpose."""

import secrets
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.accounts.models import User
from app.config import Settings
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.permissions import public
from app.core.web import styleguide


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the style guide and a few views that fail on purpose."""
    home = tmp_path_factory.mktemp("look")
    app = create_app(
        Settings.from_environment({"JINNUO_HOME": str(home), "SECRET_KEY": secrets.token_hex(16)})
    )
    app.config["WTF_CSRF_ENABLED"] = False
    styleguide.add_page(app)
    _add_failing_views(app)
    if app.login_manager._user_callback is None:  # type: ignore[attr-defined]
        app.login_manager.user_loader(lambda key: db.session.get(User, int(key.split(":")[0])))  # type: ignore[attr-defined]
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def _add_failing_views(app: Flask) -> None:
    @public
    def refuse() -> str:
        raise DomainError("This step is not possible yet:", ["No account.", "No handler."])

    @public
    def conflict() -> str:
        raise Conflict("Already launched.")

    @public
    def hidden() -> str:
        raise NotFound("There is no such employer.")

    @public
    def crash() -> str:
        raise RuntimeError("a secret detail")

    for view in (refuse, conflict, hidden, crash):
        app.add_url_rule(f"/{view.__name__}", view.__name__, view, methods=["GET", "POST"])
