"""What the core itself adds to the application: health endpoints and the commands that run processes."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import code_tables, commands, legal, workdays
from app.core.features import Feature
from app.core.health import blueprint
from app.core.moving import Mover
from app.core.operations_cli import backup_command, jobs_group
from app.core.process_cli import schedule_command, up_command, web_command, worker_command
from app.core.translations_cli import translations

#: tables of the core that no feature owns
TABLES = (code_tables.CodeValue, legal.LegalBasis, workdays.WorkingDay)

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


def _add_commands(app: Flask) -> None:
    for command in COMMANDS:
        app.cli.add_command(command)


_OTHER = _l("It refers to something else.")

#: what a merge of two employers does with the tables of the core
MOVERS = (
    Mover("timeline", _l("Timeline"), anchor="timeline"),
    Mover("timeline", _l("Timeline"), "link_id", stays=_OTHER),
    Mover("workflow_history", _l("Changes of state"), "record_id", stays=_l("Each record keeps its own.")),
    Mover("workflow_history", _l("Changes of state"), "actor_id", stays=_OTHER),
)

feature = Feature(name="core", blueprint=blueprint, init=_add_commands, movers=MOVERS)
