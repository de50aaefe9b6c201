"""`flask demo load`."""

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from app.accounts.models import User
from app.core.db import db, writing
from app.core.demo import Demo
from app.core.features import current_features
from app.employers.models import Employer

group = AppGroup("demo", help="The demonstration department.")


@group.command("load")
def load() -> None:
    """Load the demonstration department into an empty instance; a second call changes nothing."""
    with writing():
        if db.session.scalar(select(func.count()).select_from(User)):
            click.echo("This instance already has users; the demonstration department is not loaded again.")
            return
        demo = Demo()
        for feature in current_features().all:
            if feature.demo is not None:
                feature.demo(demo)
                db.session.flush()
        db.session.commit()
        count = db.session.scalar(select(func.count()).select_from(Employer))
    click.echo(f"Loaded the demonstration department: {count} employers.")
