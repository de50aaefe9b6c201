"""A whole instance as one archive: the database as of one moment, the secret and the uploaded files."""

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from app.config import Settings

DATABASE_NAME = "jinnuo.db"
#: Copied before the database: a trail's anchor that is newer than the database tells of events it lacks.
ANCHOR = "audit.anchor"
#: Keys of personal data never lie beside what they open: whoever has the archive would have both.
KEYS = "personal.keys"
#: What is made again by itself or means nothing elsewhere (`gateway.db` is the simulator's), or goes first.
LEFT_OUT = (
    *("logs", "previews", "exports", "valkey", "instance.lock", "gateway.db"),
    *(DATABASE_NAME, ANCHOR, KEYS),
)


class BackupError(Exception):
    """Why no archive was written, in one sentence."""


def write_backup(settings: Settings, target: Path) -> bool:
    """Write the archive to ``target``, readable by its owner only, while the product runs.

    True when the database is in it; False on PostgreSQL, which has pg_dump. Raises BackupError and leaves
    nothing at ``target`` then.
    """
    if target.exists():
        raise BackupError(f"{target} exists already; name a new file.")
    database = make_url(settings.database_url)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".jinnuo-backup-") as folder:
            draft = Path(folder) / "archive"
            with tarfile.open(draft, "x:gz") as archive:
                if (anchor := settings.home / ANCHOR).exists():
                    archive.add(anchor, ANCHOR)
                if database.get_backend_name() == "sqlite" and database.database:
                    copy = Path(folder) / DATABASE_NAME
                    _copy_database(Path(database.database), copy)
                    archive.add(copy, DATABASE_NAME)
                for path in _files(settings.home, Path(folder)):
                    archive.add(path, str(path.relative_to(settings.home)), recursive=False)
            draft.chmod(0o600)
            os.link(draft, target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup could not be written to {target} ({error}).") from error
    return database.get_backend_name() == "sqlite"


def _copy_database(source: Path, copy: Path) -> None:
    """SQLite's own online copy: one moment, also while others write."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(copy)) as to,
    ):
        live.backup(to)


def _files(home: Path, draft_folder: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        top = path.relative_to(home).parts[0]
        if not top.startswith(LEFT_OUT) and path.is_file() and not path.is_relative_to(draft_folder):
            yield path
