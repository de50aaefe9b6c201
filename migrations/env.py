"""How migrations run: on the application's own engine, with the house's column types written plainly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

from app.core.db import Intent, intending
from app.core.language.bigrams import is_index_object

database = current_app.extensions["migrate"].db


def plain_type(kind: str, item: Any, _context: Any) -> str | bool:
    """Writes our types as what the database stores, so that a migration never imports the application."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    rendered: str = f"sa.{item.impl_instance!r}"
    return rendered


def is_modelled(_object: Any, name: str | None, _kind: str, reflected: bool, compared: Any) -> bool:
    """Search indexes and their shadows stand in no model, and are no drift."""
    return not (reflected and compared is None and is_index_object(name or ""))


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """`flask db migrate` writes no file when nothing changed."""
    migrating = getattr(context.config.cmd_opts, "autogenerate", False)
    if migrating and directives[0].upgrade_ops is not None and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def references_checked_at_the_end(connection: Any) -> Iterator[None]:
    """SQLite alters a table by making it anew: with references enforced, dropping the old one would empty
    whatever refers to it. They are checked as a whole instead, before anything is committed."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.dbapi_connection  # SQLite ignores the pragma within a transaction
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def refuse_broken_references(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise SystemExit(f"The migration left references to rows that do not exist: {broken[:5]}")


def run(connection: Any) -> None:
    options = {"compare_type": True, **current_app.extensions["migrate"].configure_args}
    options.setdefault("process_revision_directives", drop_empty)
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=plain_type,
        include_object=is_modelled,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()
        refuse_broken_references(connection)


def main() -> None:
    if context.is_offline_mode():
        raise SystemExit("Migrations run on a database, not as a script: set DATABASE_URL.")
    with (
        intending(Intent.WRITE),
        database.engine.connect() as connection,
        references_checked_at_the_end(connection),
    ):
        run(connection)


main()
