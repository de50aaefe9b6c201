"""What the core itself adds to the application: health endpoints and the commands that run processes."""

from flask import Flask

from app.core.features import Feature
from app.core.health import blueprint
from app.core.process_cli import schedule_command, up_command, web_command, worker_command
from app.core.translations_cli import translations


def _add_commands(app: Flask) -> None:
    for command in (up_command, web_command, worker_command, schedule_command, translations):
        app.cli.add_command(command)


feature = Feature(name="core", blueprint=blueprint, init=_add_commands)
