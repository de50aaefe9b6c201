"""Jinnuo: the employer-relations CRM of a housing-provident-fund department."""

from flask import Flask, g, request
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from app.config import PROJECT, Settings, bind_settings
from app.core import code_tables
from app.core.db import Intent, _intent, db, prepare_engine
from app.core.features import load_features
from app.core.language import i18n
from app.core.runtime import commands
from app.core.web import site as web
from app.core.web.application import Application
from app.core.workflow import diagrams
from app.core.workflow import views as workflow_views

#: Every feature, in dependency order. A feature is a package with a `feature.py`.
FEATURES: tuple[str, ...] = (
    "app.core",
    "app.audit",
    "app.accounts",
    "app.accounts.access",
    "app.accounts.staff",
    "app.settings",
    "app.personal",
    "app.attachments",
    "app.imports",
    "app.imports.columns",
    "app.imports.expected",
    "app.employers",
    "app.employers.people",
    "app.employers.handpicked",
    "app.tasks",
    "app.tasks.rotation",
    "app.tasks.daily",
    "app.lifecycle",
    "app.lifecycle.onboarding",
    "app.lifecycle.onboarding.insight",
    "app.leads",
    "app.contributions",
    "app.contributions.arrears",
    "app.contributions.reminding",
    "app.relief",
    "app.relief.applications",
    "app.relief.roster",
    "app.outreach",
    "app.outreach.plans",
    "app.outreach.talking",
    "app.outreach.events",
    "app.targets",
    # their demonstration works on what the others have loaded
    "app.lifecycle.closing",
    "app.lifecycle.changing",
    "app.contributions.adjustment",
    "app.employers.sources",
    "app.employers.identity",
    "app.lifecycle.liability",
    "app.employers.areas",
    "app.employers.profile",
    "app.employers.sheet",
    "app.leads.eligibility",
    "app.leads.ledger",
    "app.leads.pool",
    "app.leads.insight",
    "app.leads.tips",
    "app.leads.route",
    "app.leads.findings",
    "app.lifecycle.escalation",
    "app.employers.merging",
    "app.employers.doubles",
    "app.demo",
    "campaigns.outcomes",
    "campaigns.gateways",
    "campaigns.channels.letter",
    "campaigns.channels.letter.issued",
    "campaigns.channels.worklist",
    "campaigns.channels.letter.sheaves",
    "campaigns.channels.worklist.roster",
    "campaigns.channels.letter.posting",
    "campaigns.drafting",
    "campaigns.drafting.steps",
    "campaigns.drafting.templates",
    "campaigns.drafting.uploads",
    "campaigns.drafting.letters",
    "campaigns.drafting.single",
    "campaigns.ledger",
    "campaigns.ledger.trials",
    "campaigns.ledger.letters",
    "campaigns.ledger.printing",
    "campaigns.following",
    "campaigns.notices",
    "campaigns.notices.corrections",
    "campaigns.results",
    "campaigns.results.breakdown",
    "campaigns.results.reconciling",
    "campaigns.recurring",
)

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """Builds the application: configuration, then core, then every feature."""
    settings = settings or Settings.from_environment()
    app = Application(
        __name__,
        instance_path=str(settings.home),
        template_folder=str(PROJECT / "templates"),
        static_folder=str(PROJECT / "static"),
    )
    bind_settings(app, settings)
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=settings.upload_megabytes * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )
    _init_database(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    i18n.init_app(app)
    code_tables.init_app(app)
    web.init_app(app, settings)
    app.register_blueprint(workflow_views.blueprint)
    app.cli.add_command(diagrams.group)
    load_features(app, FEATURES)
    commands.explain_failures(app)
    return app


def _engine_options(url: str) -> dict[str, object]:
    # an error of the database tells its statement, but not the people whose data was in it
    options: dict[str, object] = {"hide_parameters": True}
    if "psycopg" in url:
        # psycopg's automatic prepare turns short LIKE searches into a generic plan, six times slower
        options |= {"connect_args": {"prepare_threshold": None}, "pool_pre_ping": True}
    return options


def _init_database(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(PROJECT / "migrations"), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine)
    app.before_request(_declare_intent)
    app.teardown_request(_forget_intent)


def _declare_intent() -> None:
    """A request that reads gets transactions that can only read (core.db)."""
    g.intent = _intent.set(Intent.READ if request.method in READING_METHODS else Intent.WRITE)


def _forget_intent(_error: BaseException | None) -> None:
    if token := g.pop("intent", None):
        _intent.reset(token)
