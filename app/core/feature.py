"""What the core itself adds to the application: health endpoints and the commands that run processes."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import code_tables
from app.core.features import Feature
from app.core.jobs import Every
from app.core.language.translations_cli import translations
from app.core.listing.run_jobs import sweep_exports, sweep_runs
from app.core.listing.run_views import blueprint as runs
from app.core.merging.moving import Mover
from app.core.personal import keys as personal_keys
from app.core.rules import legal, workdays
from app.core.runtime import commands
from app.core.runtime.health import blueprint
from app.core.runtime.operations_cli import backup_command, jobs_group
from app.core.runtime.process_cli import schedule_command, up_command, web_command, worker_command

#: tables of the core that no feature owns
TABLES = (code_tables.CodeValue, legal.LegalBasis, personal_keys.PersonalKey, workdays.WorkingDay)

COMMANDS = (
    up_command,
    web_command,
    worker_command,
    schedule_command,
    jobs_group,
    backup_command,
    translations,
    commands.group,
)


def _init(app: Flask) -> None:
    app.register_blueprint(runs)
    for command in COMMANDS:
        app.cli.add_command(command)


_OTHER = _l("It refers to something else.")

#: what a merge of two employers does with the tables of the core
MOVERS = (
    Mover("timeline", _l("Timeline"), anchor="timeline"),
    Mover("timeline", _l("Timeline"), "link_id", stays=_OTHER),
    Mover("workflow_history", _l("Changes of state"), "record_id", stays=_l("Each record keeps its own.")),
    Mover("workflow_history", _l("Changes of state"), "actor_id", stays=_OTHER),
    Mover("list_run_rows", _l("Bulk actions"), "record_id", stays=_l("They tell what was done then.")),
)

feature = Feature(
    name="core",
    blueprint=blueprint,
    init=_init,
    movers=MOVERS,
    schedule=(Every(60, sweep_runs), Every(3600, sweep_exports)),
)
